//! The desk: who waits, what was said, and a draft of an answer. A draft is all: a person reads it and sends it, so that
//! no customer's words ever make something leave the house by themselves.

use super::Desk;
use super::look::moment;
use base::identity::Actor;
use base::problem::Problem;
use serde_json::{Value, json};
use store::desk::Queue;

pub async fn waiting(desk: &Desk, actor: &Actor, view: &str) -> Result<Value, Problem> {
    let what = match view {
        "" | "open" => Queue::Open,
        "mine" => Queue::Of(actor.id()),
        "snoozed" => Queue::Snoozed,
        "done" => Queue::Done,
        other => {
            return Err(Problem::bad_request(
                format!("\"{}\" is no view.", base::format::short(other, 40)),
                "Write open, mine or done.",
            ));
        }
    };
    let rows = desk.customers.queue(actor, what, None).await?;
    let directory = desk.work.identity().directory().await?;
    let now = desk.library.clock().now();
    let rows: Vec<Value> = rows
        .into_iter()
        .map(|w| {
            let t = &w.thread;
            let holder = t.claimed_by.as_deref();
            let holder = holder.filter(|_| t.claimed_until.is_some_and(|until| until > now));
            json!({
                "thread": t.id, "channel": w.kind, "who": w.who, "words": w.words,
                "waiting_since": t.waiting.and_then(moment), "late": w.is_late,
                "case": t.case_ref, "step": t.step, "reason": t.reason, "sure_percent": t.sure,
                "being_answered_by": holder.map(|by| directory.name(by)),
            })
        })
        .collect();
    Ok(json!({ "threads": rows }))
}

pub async fn thread(desk: &Desk, actor: &Actor, id: &str) -> Result<Value, Problem> {
    let found = desk.customers.thread(actor, id).await?;
    let directory = desk.work.identity().directory().await?;
    let said = found.said.iter().filter(|s| s.deleted.is_none());
    let said: Vec<Value> = said
        .map(|s| {
            json!({
                "at": moment(s.at), "by": if s.is_ours == 1 { "us" } else { "customer" },
                "name": s.name, "handle": s.handle, "text": s.body, "held": s.held,
                "sender": s.proof,
            })
        })
        .collect();
    let notes = found.notes.iter();
    let notes = notes
        .map(|n| json!({ "at": moment(n.at), "by": directory.name(&n.person), "text": n.body }));
    let part = found.part_of_newest();
    let me = directory.name(actor.id());
    let (signed, longest) = part.map_or_else(Default::default, |p| (p.sign(me), p.room(me)));
    let account = part.map_or(&found.account, |p| &p.account);
    Ok(json!({
        "thread": found.row.id, "state": found.row.state, "case": found.row.case_ref, "step": found.row.step,
        "reason": found.row.reason, "answered_as": account.handle, "longest_reply": longest, "signed": signed,
        "said": said, "notes": notes.collect::<Vec<_>>(), "draft": desk.customers.draft(actor, &found.row.id).await?,
    }))
}

pub async fn draft(desk: &Desk, actor: &Actor, id: &str, text: &str) -> Result<Value, Problem> {
    let found = desk.customers.thread(actor, id).await?;
    let long = text.trim().chars().count();
    let directory = desk.work.identity().directory().await?;
    let me = directory.name(actor.id());
    let longest = found.part_of_newest().map_or(0, |p| p.room(me));
    if long == 0 || long > longest {
        return Err(Problem::bad_request(
            format!("A reply here has 1 to {longest} characters."),
            "Shorten it, or write something.",
        ));
    }
    let place = format!("/desk/{}", found.row.id);
    desk.work.keep_draft(actor, &place, text.trim()).await?;
    Ok(json!({ "draft": "kept", "send_it_at": place }))
}
