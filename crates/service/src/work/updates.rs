//! What happened, beside what was said, in what a person follows: cases that moved, answers accepted, items done,
//! improvements begun and decided, processes imported.

use super::Work;
use super::feed::PAGE;
use crate::processes::fit;
use base::activity::{self, Kind};
use base::format;
use base::identity::{Actor, Directory, Role};
use base::problem::Problem;
use mining::Micros;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use store::events::{self, Event};
use store::{improvements, work};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Update {
    /// The number of its event; grows.
    pub seq: i64,
    pub at: Micros,
    /// Such as `case.moved`.
    pub kind: String,
    /// Id of the person who did it, or what stands in the record in its place.
    pub by: String,
    /// Her name, or what stands in its place; empty where nobody did it.
    pub name: String,
    /// What happened, behind the name: "accepted an answer".
    pub text: String,
    /// Of what: a case, a question, an improvement, a process.
    pub place: String,
    /// Its address within Tenon.
    pub href: String,
}

/// A process: its name in addresses, and its name.
type Named = HashMap<String, (String, String)>;

impl Work {
    /// Updates before a number in what a person follows, newest first, a page at a time.
    pub async fn updates(&self, actor: &Actor, before: i64) -> Result<Vec<Update>, Problem> {
        let now = self.clock().now();
        let (db, me) = (self.db(), actor.id());
        let directory = self.identity().directory().await?;
        let processes = self.library().list().await?;
        let named: Named = processes
            .into_iter()
            .map(|p| (p.id, (p.slug, p.name)))
            .collect();
        let (mut updates, mut before) = (Vec::new(), before);
        // What she may not see leaves room for what is behind it.
        loop {
            let events = work::updates(db, me, before, PAGE, now).await?;
            let next = events.last().map(|e| e.seq);
            let is_last = (events.len() as i64) < PAGE;
            let subjects: Vec<String> = events.iter().filter_map(|e| e.subject.clone()).collect();
            let rows = work::by_ids(db, &subjects).await?;
            for event in events {
                let subject = event.subject.as_deref().unwrap_or_default();
                let row = rows.iter().find(|r| r.id == subject);
                if !self.may_be_told(actor, &event, row).await {
                    continue;
                }
                let improved = match event.kind.starts_with("improvement.") {
                    true => improvements::find(db, subject)
                        .await?
                        .map(|i| (i.name, i.step)),
                    false => None,
                };
                updates.extend(told(event, row, improved, &named, &directory));
            }
            match next {
                Some(next) if !is_last && (updates.len() as i64) < PAGE => before = next,
                _ => break,
            }
        }
        updates.truncate(PAGE as usize);
        Ok(updates)
    }

    /// Somebody whose role changed follows things she no longer sees; a guest is not told where her case stands.
    async fn may_be_told(
        &self,
        actor: &Actor,
        event: &Event,
        row: Option<&work::ConversationRow>,
    ) -> bool {
        let is_guest = actor.role() == Role::Guest;
        match row {
            Some(row) => {
                let sees = self.may_see(actor, &super::Place::of(row)).await.is_ok();
                sees && !(is_guest && event.kind == Kind::CaseMoved.word())
            }
            None => !is_guest,
        }
    }

    /// Looks at which step the cases with a room stand now, and records those that moved since they were last looked at.
    /// Several nodes may look at once: a move is recorded once. With `silently` they did not move: steps are read differently.
    pub async fn note_moves(
        &self,
        process: &str,
        by: &str,
        silently: bool,
    ) -> Result<usize, Problem> {
        let rooms = work::rooms_of(self.db(), process).await?;
        if rooms.is_empty() {
            return Ok(0);
        }
        let loaded = self.library().load(process).await?;
        let log = &loaded.log;
        let codes: HashMap<u32, usize> = rooms
            .iter()
            .enumerate()
            .filter_map(|(i, (_, case, _))| Some((log.case_names.code(case)?, i)))
            .collect();
        let place = fit::step_of(log, &loaded.steps);
        let mut moved = Vec::new();
        for (case, code) in log.case_name.iter().enumerate() {
            let Some(&room) = codes.get(code) else {
                continue;
            };
            let Some(step) = fit::path(log, &place, case).pop() else {
                continue;
            };
            let step = loaded.steps.steps[step].name.as_str();
            if rooms[room].2.as_deref() != Some(step) {
                moved.push((&rooms[room], step));
            }
        }
        if moved.is_empty() {
            return Ok(0);
        }
        let now = self.clock().now();
        let mut tx = self.db().begin().await?;
        // Those who post take the record first and the room then.
        events::in_order(&mut tx).await?;
        let mut noted = 0;
        for ((room, case, was), step) in moved {
            let is_new = work::moved(&mut tx, room, was.as_deref(), Some(step)).await?;
            // Where it stood was not known before: nothing moved as far as anybody can tell.
            if let (true, false, Some(was)) = (is_new, silently, was) {
                let payload = json!({ "case": case, "from": was, "to": step });
                let of = (process, room.as_str());
                activity::record_of(&mut tx, now, Kind::CaseMoved, by, of, &payload).await?;
                noted += 1;
            }
        }
        self.done(tx).await?;
        Ok(noted)
    }
}

/// An update as it is told; `None` for what there is no sentence for.
fn told(
    event: Event,
    row: Option<&work::ConversationRow>,
    improved: Option<(String, String)>,
    named: &Named,
    directory: &Directory,
) -> Option<Update> {
    let payload: Value = serde_json::from_str(&event.payload).unwrap_or_default();
    let word = |key: &str| payload[key].as_str().unwrap_or_default().to_string();
    let (slug, process) = named.get(event.process.as_deref().unwrap_or_default())?;
    let whole = (process.clone(), format!("/p/{slug}"));
    let case = |name: &str| {
        let href = format!("/p/{slug}/case/{}", format::urlencode(name));
        (name.to_string(), href)
    };
    let (text, (place, href)) = match event.kind.as_str() {
        "case.moved" => {
            let text = format!("moved from {} to {}", word("from"), word("to"));
            (text, case(&word("case")))
        }
        "case.guest_invited" => {
            let person = word("person");
            let text = format!("asked {} into the case", directory.name(&person));
            (text, case(&word("case")))
        }
        "playbook.item_done" => {
            let text = format!("did “{}”", format::short(&word("item"), 80));
            (text, case(&word("case")))
        }
        "answer.accepted" => {
            let row = row?;
            let answered = word("answered_by");
            let text = format!("accepted the answer of {}", directory.name(&answered));
            let title = format::short(&row.title, 80);
            (text, (title, format!("/q/{}", row.id)))
        }
        "playbook.written" => {
            let step = word("step");
            let href = format!("/p/{slug}/playbook/{}", format::urlencode(&step));
            (
                format!("wrote the playbook of {step}"),
                (process.clone(), href),
            )
        }
        "process.imported" => {
            let cases = payload["cases"].as_u64().unwrap_or(0);
            let events = payload["events"].as_u64().unwrap_or(0);
            let (cases, events) = (format::many(cases, "case"), format::many(events, "event"));
            (format!("brought in {cases} and {events}"), whole)
        }
        "process.version_made" => {
            let version = &payload["version"];
            (
                format!("brought in version {version} of the process"),
                whole,
            )
        }
        "process.steps_edited" => ("changed how steps are read".into(), whole),
        "process.reference_pinned" => ("confirmed how the process should run".into(), whole),
        kind => {
            let did = match kind {
                "improvement.planned" => "planned",
                "improvement.started" => "started",
                "improvement.paused" => "paused",
                "improvement.resumed" => "went on with",
                "improvement.extended" => "extended",
                "improvement.unplugged" => "unplugged",
                "improvement.decided" => "decided on",
                _ => return None,
            };
            let (name, step) = improved?;
            let subject = event.subject.as_deref().unwrap_or_default();
            let href = format!("/p/{slug}/improvements/{subject}");
            (format!("{did} {name}"), (step, href))
        }
    };
    Some(Update {
        seq: event.seq,
        at: event.at,
        // A case moves by itself: who brought the file did not move it.
        name: match event.kind.as_str() {
            "case.moved" => String::new(),
            _ => directory.name(&event.actor).to_string(),
        },
        kind: event.kind,
        by: event.actor,
        text,
        place,
        href,
    })
}
