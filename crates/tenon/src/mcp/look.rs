//! Processes, their figures, and what was proven.

use super::Desk;
use base::problem::Problem;
use mining::Micros;
use mining::figures::stand_outs;
use serde::Serialize;
use serde_json::{Value, json};
use service::processes::filter_query::Asked;
use service::settings::individual;

/// A moment as people and assistants read it.
pub fn moment(at: Micros) -> Option<String> {
    jiff::Timestamp::from_microsecond(at)
        .ok()
        .map(|t| t.to_string())
}

pub fn value<T: Serialize>(of: &T) -> Result<Value, Problem> {
    Ok(serde_json::to_value(of).map_err(anyhow::Error::from)?)
}

pub async fn processes(desk: &Desk) -> Result<Value, Problem> {
    let mut all = Vec::new();
    for row in desk.library.list().await? {
        let last = desk.library.imports(&row.id).await?.first().map(|i| i.at);
        all.push(json!({
            "process": row.slug,
            "name": row.name,
            "cases": row.cases,
            "events": row.events,
            "last_read": last.and_then(moment),
        }));
    }
    Ok(json!({ "processes": all }))
}

pub async fn process(desk: &Desk, key: &str) -> Result<Value, Problem> {
    let view = desk.library.view(key, &Asked::default()).await?;
    let figures = individual(desk.library.db()).await.figures(&view.figures);
    let steps = figures.steps.iter().map(|s| {
        json!({
            "step": s.name,
            "cases": s.cases,
            "open_now": s.open,
            "median_days": s.time.median_days,
            "share_that_goes_on": s.conversion,
            "lost": s.lost,
            "went_back": s.went_back,
        })
    });
    let steps: Vec<Value> = steps.collect();
    let names: Vec<&str> = figures.steps.iter().map(|s| s.name.as_str()).collect();
    let out = stand_outs(&figures, 5).into_iter().map(|s| {
        Ok(json!({
            "at_step": s.step.and_then(|i| names.get(i)),
            "cases": s.cases,
            "case_days_spent_on_it": s.cost_case_days,
            "what": value(&s.reason)?,
        }))
    });
    Ok(json!({
        "process": view.process.row.slug,
        "name": view.process.row.name,
        "counts": value(&figures.counts)?,
        "steps": steps,
        "stands_out": out.collect::<Result<Vec<Value>, Problem>>()?,
    }))
}

pub async fn verdicts(desk: &Desk, key: &str) -> Result<Value, Problem> {
    let row = desk.library.process(key).await?;
    let ledger = desk.improvements.ledger(&row.id).await?;
    let all = ledger.rows().into_iter().map(|r| {
        json!({
            "improvement": r.improvement.id,
            "name": r.improvement.name,
            "step": r.improvement.step,
            "state": r.improvement.state.word(),
            "verdict": r.mark.said(),
            "sentence": r.sentence,
            "effect": r.effect,
            "low": r.low,
            "high": r.high,
            "goal": r.goal,
            "read_up_to": r.as_of.and_then(moment),
        })
    });
    Ok(json!({ "improvements": all.collect::<Vec<Value>>(), "together": value(&ledger.sum())? }))
}

pub async fn improvement(desk: &Desk, id: &str) -> Result<Value, Problem> {
    let found = desk.improvements.find(id).await?;
    let latest = desk.improvements.latest(&found).await?;
    let report = latest.map(|(report, is_current)| {
        Ok::<Value, Problem>(json!({
            "read_up_to": moment(report.as_of),
            "rests_on_what_is_known_now": is_current,
            "verdict": value(&report.verdict)?,
            "median_days_before": report.median_before,
            "median_days_now": report.median_now,
        }))
    });
    Ok(json!({ "improvement": value(&found)?, "report": report.transpose()? }))
}
