//! Cases, and what was said about them.

use super::Desk;
use super::look::{moment, value};
use base::identity::{Actor, Directory, Role};
use base::policy::may;
use base::problem::Problem;
use mining::figures::{CaseOrder, CaseState, Selection, case_list};
use serde_json::{Value, json};
use store::work::{self, MessageRow};

/// So much of each is told, newest first.
const MOST: usize = 100;

pub async fn find(desk: &Desk, actor: &Actor, words: &str) -> Result<Value, Problem> {
    value(&desk.work.search(actor, words).await?)
}

pub async fn case(desk: &Desk, actor: &Actor, process: &str, name: &str) -> Result<Value, Problem> {
    let id = desk.library.process(process).await?.id;
    may::see_case(desk.work.db(), actor, &id, name).await?;
    let loaded = desk.library.load(process).await?;
    let log = &loaded.log;
    let case = log
        .case_names
        .code(name)
        .and_then(|code| log.case_name.iter().position(|&c| c == code))
        .ok_or_else(|| Problem::not_found("case"))?;
    let selection = Selection {
        cases: vec![case as u32],
    };
    let list = case_list(
        log,
        &loaded.steps,
        &selection,
        &loaded.options,
        CaseOrder::Name,
        0,
        1,
    );
    let list = list.map_err(|e| Problem::bad_request(e.to_string(), "Change the calendar."))?;
    let row = list
        .rows
        .first()
        .ok_or_else(|| Problem::not_found("case"))?;
    let attributes = log.case_columns.iter();
    let attributes =
        attributes.filter_map(|c| Some((c.name.clone(), Value::from(c.display(case)?))));
    let events = log.case(case).rev().take(MOST).map(|at| {
        let more = log.event_columns.iter();
        let more = more.filter_map(|c| Some((c.name.clone(), Value::from(c.display(at)?))));
        json!({
            "activity": log.activity_name(log.activity[at]),
            "time": moment(log.time[at]),
            "attributes": more.collect::<serde_json::Map<_, _>>(),
        })
    });
    let events: Vec<Value> = events.collect();

    let db = desk.work.db();
    let room = desk.work.room(actor, process, name).await?;
    let directory = desk.work.identity().directory().await?;
    let notes = work::before(db, &room.id, i64::MAX, MOST as i64).await?;
    let notes: Vec<Value> = notes
        .iter()
        .filter_map(|m| message(m, &directory))
        .collect();
    let mut questions = Vec::new();
    for question in work::questions_of_case(db, &id, name).await? {
        let all = work::before(db, &question.id, i64::MAX, MOST as i64).await?;
        let answers = all.iter().filter(|m| m.kind == "answer");
        let answers = answers.filter_map(|m| {
            let mut told = message(m, &directory)?;
            told["accepted"] = (question.accepted == Some(m.id)).into();
            Some(told)
        });
        let asked = all.iter().find(|m| m.kind == "question");
        questions.push(json!({
            "question": question.id,
            "step": question.step,
            "asked": asked.and_then(|m| message(m, &directory)),
            "answers": answers.collect::<Vec<Value>>(),
        }));
    }
    let playbooks = desk
        .work
        .playbooks_of_case(&id, name)
        .await?
        .into_iter()
        .map(|p| {
            let items = p.items.iter();
            let items = items.map(|i| json!({ "item": i.name, "done": i.done.and_then(moment) }));
            json!({ "step": p.step, "title": p.title, "items": items.collect::<Vec<Value>>() })
        });
    let step = row.step.and_then(|i| loaded.steps.steps.get(i));
    Ok(json!({
        "case": name,
        "process": loaded.row.slug,
        "state": match row.state {
            CaseState::Open => "open",
            CaseState::Ended => "ended",
            CaseState::Won => "won",
            CaseState::Lost => "lost",
        },
        // How the process is cut into steps is nothing a guest learns.
        "step": step.filter(|_| actor.role() > Role::Guest).map(|s| &s.name),
        "attributes": attributes.collect::<serde_json::Map<_, _>>(),
        "events_newest_first": events,
        "notes_newest_first": notes,
        "questions": questions,
        "playbooks": playbooks.collect::<Vec<Value>>(),
    }))
}

/// `None` for one that was taken away.
fn message(row: &MessageRow, directory: &Directory) -> Option<Value> {
    row.deleted.is_none().then(|| {
        json!({ "message": row.id, "by": directory.name(&row.author), "at": moment(row.at), "text": row.body })
    })
}
