//! A source's changes become events of the process it was connected as.

use super::{Connect, SOURCE_EVERY, Stopped};
use crate::processes::mapping::{Mapping, TITLE, URL};
use crate::processes::push::Attributes;
use crate::processes::reread;
use crate::processes::stages::DefinedStage;
use base::problem::Problem;
use connectors::source::History;
use connectors::{Change, Cursor, Fault, Pipeline, Settings, Stage};
use serde_json::{Value, json};
use store::connections::{self, ConnectionRow, Looked};
use store::pushed::{self, CASE, EVENT, PushedRow};
use store::{source_mappings, written};

/// A pipeline as it is kept.
pub(super) fn kept(pipeline: &Pipeline) -> Result<String, Problem> {
    let stages: Vec<Value> = pipeline
        .stages
        .iter()
        .map(|s| json!({ "id": s.id, "name": s.name, "won": s.is_won, "lost": s.is_lost }))
        .collect();
    Ok(json!({ "id": pipeline.id, "name": pipeline.name, "stages": stages }).to_string())
}

pub(super) fn read(text: &str) -> Option<Pipeline> {
    let value: Value = serde_json::from_str(text).ok()?;
    let text = |v: &Value| v.as_str().unwrap_or_default().to_string();
    let stages = value["stages"].as_array()?.iter();
    Some(Pipeline {
        id: text(&value["id"]),
        name: text(&value["name"]),
        stages: stages
            .map(|s| Stage {
                id: text(&s["id"]),
                name: text(&s["name"]),
                is_won: s["won"].as_bool().unwrap_or_default(),
                is_lost: s["lost"].as_bool().unwrap_or_default(),
            })
            .collect(),
    })
}

/// The stages as a part of what the process is said to be.
fn defined(pipeline: &Pipeline) -> Vec<DefinedStage> {
    let stages = pipeline.stages.iter().map(|s| DefinedStage {
        id: s.id.clone(),
        name: s.name.clone(),
        ends: match (s.is_won, s.is_lost) {
            (true, _) => Some("won".into()),
            (_, true) => Some("lost".into()),
            _ => None,
        },
    });
    stages.collect()
}

impl Connect {
    pub(super) async fn look_at_source(
        &self,
        row: &ConnectionRow,
        settings: &Settings,
    ) -> Result<(), Stopped> {
        let source = self.source(&row.kind)?;
        let via = self.via(settings);
        let before = row.pipeline.as_deref().and_then(read);
        let mut pipeline = before
            .clone()
            .ok_or_else(|| Problem::not_found("pipeline"))?;
        let cursor: Option<Cursor> = row
            .cursor
            .as_deref()
            .and_then(|c| serde_json::from_str(c).ok());
        // The source's own definition is watched with every look that begins, not with every page of one.
        if row.looked.is_some() || cursor.is_none() {
            let all = source.pipelines(&via).await.map_err(Stopped::By)?;
            let found = all.into_iter().find(|p| p.id == pipeline.id);
            let found = found.ok_or_else(|| gone(&pipeline))?;
            pipeline = match source.has_seen_stages() {
                true => also_seen(pipeline, found),
                false => found,
            };
        }
        self.inner.bells.begin(&row.id);
        let page = source
            .poll(&via, &pipeline, cursor.as_ref())
            .await
            .map_err(Stopped::By)?;
        let now = self.clock().now();
        let process = row.process.as_deref().unwrap_or_default();
        let mut tx = self.db().begin().await?;
        // Nobody decides otherwise while it is taken in.
        source_mappings::hold(&mut tx, &row.id).await?;
        let (_, mapping) = reread::mapping_in(&mut tx, &row.id).await?;
        let mut taken = 0;
        for (place, change) in page.items.iter().enumerate() {
            taken += i64::from(
                keep(
                    &mut tx,
                    (process, &row.id),
                    (&pipeline, &mapping),
                    change,
                    now,
                    place as i64,
                )
                .await?,
            );
        }
        let text = serde_json::to_string(&page.cursor).map_err(anyhow::Error::from)?;
        let due = if page.has_more {
            now
        } else {
            let every = source.every(settings).unwrap_or(SOURCE_EVERY);
            self.inner.bells.due(&row.id, now, every)
        };
        let looked = Looked {
            id: &row.id,
            holder: &self.inner.node,
            cursor: &text,
            taken,
            is_whole: !page.has_more,
            due: page.wait_until.unwrap_or(due).max(due),
            held_until: 0,
        };
        if !connections::move_on(&mut tx, &looked, now).await? {
            // Paused or removed meanwhile, or another node's by now: nothing of this look counts.
            return Ok(());
        }
        let links = written::gather(&mut tx, &row.id, now).await?;
        if Some(&pipeline) != before.as_ref() {
            connections::set_pipeline(&mut tx, &row.id, &kept(&pipeline)?).await?;
        }
        let stages = defined(&pipeline);
        let library = self.library();
        library
            .follow_stages(&mut tx, process, &stages, false)
            .await?;
        self.done(tx).await?;
        if links > 0 {
            self.inner.wake_sending.notify_one();
        }
        if !page.has_more {
            self.begin_steps(process, &stages).await?;
        }
        Ok(())
    }

    /// Once the history is read, the process has the source's stages as its steps, in the source's order.
    async fn begin_steps(&self, process: &str, stages: &[DefinedStage]) -> Result<(), Problem> {
        let library = self.library();
        if library.knows_stages(process).await? {
            return Ok(());
        }
        while library.fold(process).await?.is_some() {}
        let mut tx = self.db().begin().await?;
        library
            .follow_stages(&mut tx, process, stages, true)
            .await?;
        self.done(tx).await
    }
}

/// The stages of before, and behind the one it follows each that was not seen then.
fn also_seen(before: Pipeline, now: Pipeline) -> Pipeline {
    let mut stages = before.stages;
    let mut at = 0;
    for stage in now.stages {
        match stages.iter().position(|s| s.id == stage.id) {
            Some(known) => at = known + 1,
            None => {
                stages.insert(at, stage);
                at += 1;
            }
        }
    }
    Pipeline { stages, ..now }
}

fn gone(pipeline: &Pipeline) -> Stopped {
    Stopped::By(Fault::Gone(format!(
        "the pipeline {:?} is not at the source any more, or this account does not see it. What was read of it stays",
        pipeline.name
    )))
}

/// What a change tells of its case, as far as the mapping keeps it.
pub(super) fn attributes_of(change: &Change, mapping: &Mapping) -> Attributes {
    let told = change.attributes.iter();
    let mut attributes: Attributes = told
        .filter(|(name, value)| !name.is_empty() && !value.is_empty() && mapping.keeps(name))
        .take(90)
        .map(|(name, value)| (name.clone(), json!(base::format::short(value, 2_000))))
        .collect();
    if !change.case_name.is_empty() && mapping.keeps(TITLE) {
        attributes.insert(TITLE.into(), json!(change.case_name));
    }
    if let Some(url) = change.case_url.as_ref().filter(|_| mapping.keeps(URL)) {
        attributes.insert(URL.into(), json!(url));
    }
    attributes
}

/// Keeps a change as an event of its case, and what is told of the case; whether it was new.
async fn keep(
    tx: &mut store::Tx,
    (process, by): (&str, &str),
    (pipeline, mapping): (&Pipeline, &Mapping),
    change: &Change,
    now: i64,
    place: i64,
) -> Result<bool, Problem> {
    let stage = pipeline.stages.iter().find(|s| s.id == change.stage);
    let stage = stage.map_or(change.stage.as_str(), |s| s.name.as_str());
    let time = jiff::Timestamp::from_microsecond(change.at).map_err(anyhow::Error::from)?;
    let mut event =
        json!({ "id": change.id, "activity": stage, "time": time.to_string(), "stage": stage });
    if let Some(by) = change.by.as_deref().filter(|b| !b.is_empty()) {
        event["resource"] = json!(by);
    }
    if change.history == History::Snapshot {
        event["attributes"] = json!({ "seen by": "comparison" });
    }
    let row = |kind: &str, id: &str, body: String| PushedRow {
        process: process.into(),
        kind: kind.into(),
        case_ref: change.case.clone(),
        id: id.into(),
        at: now,
        place,
        by_person: by.into(),
        body,
    };
    let is_new = pushed::keep_event(tx, &row(EVENT, &change.id, event.to_string())).await?;
    let attributes = attributes_of(change, mapping);
    if !attributes.is_empty() {
        let body = serde_json::to_string(&attributes).map_err(anyhow::Error::from)?;
        pushed::keep_case(tx, &row(CASE, "", body)).await?;
    }
    Ok(is_new)
}

#[cfg(test)]
mod tests;
