//! Asking the network: a question at a step reaches those who know, and what was answered is there for the next who asks.
//!
//! Who knows is read from what people did: answers that were accepted at the step, answers given there, cases won that
//! they worked on there. Each is asked with the reason said, nobody more often than she allows, and nobody who opted out.

use super::{Place, Work, known, markdown};
use crate::processes::{Loaded, fit};
use crate::settings::individual;
use base::activity::{self, Kind};
use base::identity::{Actor, Directory, Role};
use base::policy::may;
use base::problem::Problem;
use mining::Micros;
use mining::figures::{Filter, StateFilter};
use mining::time::{DAY, HOUR};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;
use store::people::PersonRow;
use store::work::{self, ConversationRow, NotificationRow};

/// So many are asked at first, and again each time a question is passed on.
const ASKED: usize = 3;
/// A question nobody answered in this long is passed on.
const PATIENCE: Micros = 4 * HOUR;
/// How often it is passed on; the last time to the managers of the process.
const TIMES: i64 = 3;

/// How often a person may be asked; part of her settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Willing {
    /// Not asked at all.
    pub off: bool,
    /// Open questions a week.
    pub a_week: i64,
}

impl Default for Willing {
    fn default() -> Self {
        Willing {
            off: false,
            a_week: 3,
        }
    }
}

impl Willing {
    pub fn of(person: &PersonRow) -> Willing {
        let all: serde_json::Value = serde_json::from_str(&person.settings).unwrap_or_default();
        serde_json::from_value(all["ask"].clone()).unwrap_or_default()
    }
}

/// Somebody who may know, and why we think so.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Expert {
    /// Id of a person.
    pub person: String,
    pub name: String,
    /// What she did that says so.
    pub reason: String,
    #[serde(skip)]
    score: f64,
    /// She was asked as often this week as she allows, or wants no questions.
    pub is_busy: bool,
}

/// A question that was asked before, with the answer that was accepted, here or in a network that is plugged in at the step.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Similar {
    /// Id of the conversation, or of the answer of a network.
    pub conversation: String,
    pub title: String,
    /// The answer, shortened.
    pub answer: String,
    pub answered_by: String,
    pub at: Micros,
    /// The path of its page here.
    pub href: String,
    /// Who answered and, of a network, who asked, when, and how it was marked.
    pub told: String,
    /// Of a network: which one, and the address there.
    pub elsewhere: Option<Elsewhere>,
}

/// Where an answer of a network is.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Elsewhere {
    /// Such as `Jive`.
    pub service: String,
    pub url: Option<String>,
    pub asked_by: String,
    /// Marked as the answer, not only as helpful.
    pub is_correct: bool,
}

impl Work {
    /// Those who may know at a step, best first; not the one who asks.
    pub async fn experts(
        &self,
        asker: &str,
        loaded: &Loaded,
        step: &str,
    ) -> Result<Vec<Expert>, Problem> {
        let directory = self.identity().directory().await?;
        let now = self.clock().now();
        let asked: HashMap<String, i64> = work::asked_since(self.db(), now - 7 * DAY)
            .await?
            .into_iter()
            .collect();
        let mut found: HashMap<String, (f64, Vec<String>)> = HashMap::new();
        for (person, answers, accepted) in work::answers_at(self.db(), &loaded.row.id, step).await?
        {
            let entry = found.entry(person).or_default();
            entry.0 += 3.0 * accepted as f64 + answers as f64;
            entry.1.push(match accepted {
                0 => format!("answered {} at this step", times(answers)),
                n => format!(
                    "{} accepted at this step",
                    base::format::many(n as u64, "answer")
                ),
            });
        }
        for (person, score, reason) in self.given_elsewhere(&directory, loaded, step).await? {
            let entry = found.entry(person).or_default();
            entry.0 += score;
            entry.1.push(reason);
        }
        // Counts by person are shown only where that is switched on.
        let is_counted = individual(self.db()).await.is_shown();
        for (person, won) in won_at(loaded, step, &directory) {
            let entry = found.entry(person).or_default();
            entry.0 += (won as f64).min(20.0) / 10.0;
            entry.1.push(match is_counted {
                true => format!(
                    "worked here on {} that were won",
                    base::format::many(won, "case")
                ),
                false => "worked here on cases that were won".into(),
            });
        }
        let mut experts: Vec<Expert> = directory
            .colleagues()
            .filter(|p| p.id != asker)
            .filter_map(|p| {
                let (score, reasons) = found.get(&p.id)?;
                let willing = Willing::of(p);
                let open = asked.get(&p.id).copied().unwrap_or(0);
                Some(Expert {
                    person: p.id.clone(),
                    name: p.name.clone(),
                    reason: reasons.join(", "),
                    score: *score,
                    is_busy: willing.off || open >= willing.a_week,
                })
            })
            .collect();
        experts.sort_by(|a, b| {
            let order = b.score.total_cmp(&a.score);
            a.is_busy
                .cmp(&b.is_busy)
                .then(order)
                .then(a.person.cmp(&b.person))
        });
        Ok(experts)
    }

    /// Asks a question at a step, of a case or of none; those who may know are told, each with the reason.
    pub async fn ask(
        &self,
        actor: &Actor,
        process: &str,
        step: &str,
        case: Option<&str>,
        body: &str,
        client: Option<&str>,
    ) -> Result<String, Problem> {
        // What a guest may not see is not told apart from what is not there, the steps neither.
        match case {
            Some(case) => _ = self.room(actor, process, case).await?,
            None if actor.role() == Role::Guest => return Err(Problem::not_found("process")),
            None => {}
        }
        let loaded = self.library().load(process).await?;
        if !loaded.steps.steps.iter().any(|s| s.name == step) {
            let names: Vec<&str> = loaded.steps.steps.iter().map(|s| s.name.as_str()).collect();
            return Err(Problem::bad_request(
                format!("There is no step \"{step}\"."),
                crate::processes::view::choose(&names),
            ));
        }
        let body = super::talk::checked(body)?;
        let now = self.clock().now();
        let id = match client {
            // A second try asks the same question, not a second one.
            Some(client) => {
                let same = format!("{}\n{client}", actor.id());
                let digest = base::identity::secret::Digest::of(&same).text();
                format!("ask_{}", &digest[..32])
            }
            None => format!("ask_{}", self.clock().id().simple()),
        };
        let place = Place {
            id: id.clone(),
            is_question: true,
            process: loaded.row.id.clone(),
            case: case.map(String::from),
            step: Some(step.into()),
            created_by: actor.id().into(),
        };
        let first = body.lines().next().unwrap_or_default();
        let opens = ConversationRow {
            id: id.clone(),
            kind: "question".into(),
            process: place.process.clone(),
            case_ref: place.case.clone(),
            step: place.step.clone(),
            title: markdown::plain(first, 160),
            created: now,
            created_by: actor.id().into(),
            last: 0,
            accepted: None,
            accepted_at: None,
            escalated: 0,
        };
        let experts = self.experts(actor.id(), &loaded, step).await?;
        let kinds = ("question", Kind::QuestionAsked);
        let along = super::talk::Along {
            opens: Some(opens),
            mail: None,
        };
        self.send(actor, &place, kinds, &body, client, along)
            .await?;
        self.pass_to_followers(&place, step).await?;
        let chosen = experts.into_iter().filter(|e| !e.is_busy).take(ASKED);
        self.put_to(actor.id(), &place, chosen.collect(), "asked")
            .await?;
        Ok(id)
    }

    /// Those who follow a step follow what is asked there.
    async fn pass_to_followers(&self, place: &Place, step: &str) -> Result<(), Problem> {
        let step = format!("{}/{step}", place.process);
        let mut tx = self.db().begin().await?;
        let now = self.clock().now();
        let whom = work::pass_follows(&mut tx, &step, &place.id, now).await?;
        tx.commit().await?;
        for person in whom {
            self.inner.feeds.forget(&person);
        }
        Ok(())
    }

    /// Puts a question to people and tells them.
    async fn put_to(
        &self,
        by: &str,
        place: &Place,
        whom: Vec<Expert>,
        kind: &str,
    ) -> Result<(), Problem> {
        if whom.is_empty() {
            return Ok(());
        }
        let now = self.clock().now();
        let mut tx = self.db().begin().await?;
        let people: Vec<&str> = whom.iter().map(|e| e.person.as_str()).collect();
        let payload = json!({ "asked": people });
        let of = (place.process.as_str(), place.id.as_str());
        let seq = activity::record_of(&mut tx, now, Kind::QuestionPutTo, by, of, &payload).await?;
        for expert in &whom {
            work::ask(&mut tx, &place.id, &expert.person, &expert.reason, now).await?;
            let row = NotificationRow {
                person: expert.person.clone(),
                event: seq,
                kind: kind.into(),
                conversation: Some(place.id.clone()),
                at: now,
                read: None,
                mailed: None,
            };
            work::notify(&mut tx, &row).await?;
        }
        self.done(tx).await
    }

    /// Accepts an answer; it is offered to the next who asks at the step. Who accepts may say how many minutes it saved.
    pub async fn accept(
        &self,
        actor: &Actor,
        answer: i64,
        saved_minutes: Option<i64>,
    ) -> Result<(), Problem> {
        let (row, place) = self.message(actor, answer).await?;
        if !place.is_question || row.kind != "answer" || row.deleted.is_some() {
            return Err(Problem::bad_request(
                "Only an answer to a question can be accepted.",
                "Choose one of the answers.",
            ));
        }
        may::accept_answer(actor, &place.created_by)?;
        let now = self.clock().now();
        let mut tx = self.db().begin().await?;
        // Those who post take the record first and the conversation then.
        store::events::in_order(&mut tx).await?;
        work::accept(&mut tx, &place.id, answer, now).await?;
        let mut payload = json!({ "message": answer, "answered_by": row.author });
        if let Some(minutes) = saved_minutes {
            if !(0..=60 * 24 * 30).contains(&minutes) {
                return Err(Problem::bad_request(
                    "The time saved is no number of minutes up to a month.",
                    "Send whole minutes, or leave it out.",
                ));
            }
            payload["saved_minutes"] = minutes.into();
        }
        let of = (place.process.as_str(), place.id.as_str());
        let kind = Kind::AnswerAccepted;
        let seq = activity::record_of(&mut tx, now, kind, actor.id(), of, &payload).await?;
        if row.author != actor.id() {
            let told = NotificationRow {
                person: row.author,
                event: seq,
                kind: "accepted".into(),
                conversation: Some(place.id.clone()),
                at: now,
                read: None,
                mailed: None,
            };
            work::notify(&mut tx, &told).await?;
        }
        self.done(tx).await
    }

    /// Somebody who was asked does not know, or has no time; the next is asked.
    pub async fn decline(&self, actor: &Actor, conversation: &str) -> Result<(), Problem> {
        let place = self.place(actor, conversation).await?;
        let mut tx = self.db().begin().await?;
        work::decline(&mut tx, conversation, actor.id(), self.clock().now()).await?;
        tx.commit().await?;
        self.pass_on(&place, "asked", 1).await.map(drop)
    }

    /// Puts a question to the next who may know and was not asked yet; whether there was anybody.
    async fn pass_on(&self, place: &Place, kind: &str, to: usize) -> Result<bool, Problem> {
        let loaded = self.library().load(&place.process).await?;
        let step = place.step.as_deref().unwrap_or_default();
        let before = work::asked_of(self.db(), &place.id).await?;
        let mut next = self.experts(&place.created_by, &loaded, step).await?;
        next.retain(|e| !e.is_busy && !before.iter().any(|b| b.0 == e.person));
        next.truncate(to);
        let is_any = !next.is_empty();
        self.put_to(&place.created_by, place, next, kind).await?;
        Ok(is_any)
    }

    /// Passes on the questions nobody answered: to the next who may know, and in the end to the managers. Returns how many.
    pub async fn escalate(&self) -> Result<usize, Problem> {
        let now = self.clock().now();
        let waiting = work::unanswered(self.db(), now - PATIENCE, TIMES).await?;
        for row in &waiting {
            let place = Place::of(row);
            let mut tx = self.db().begin().await?;
            work::escalate(&mut tx, &row.id).await?;
            tx.commit().await?;
            let is_last = row.escalated + 1 >= TIMES;
            if is_last || !self.pass_on(&place, "escalated", ASKED).await? {
                let directory = self.identity().directory().await?;
                let before = work::asked_of(self.db(), &row.id).await?;
                let managers = directory.colleagues().filter(|p| {
                    let is_manager = Role::parse(&p.role) >= Some(Role::Manager);
                    is_manager && p.id != row.created_by && !before.iter().any(|b| b.0 == p.id)
                });
                let managers = managers.take(ASKED).map(|p| Expert {
                    person: p.id.clone(),
                    name: p.name.clone(),
                    reason: "nobody else has answered yet".into(),
                    score: 0.0,
                    is_busy: false,
                });
                let managers = managers.collect();
                self.put_to(&row.created_by, &place, managers, "escalated")
                    .await?;
            }
        }
        Ok(waiting.len())
    }

    /// The accepted answer of a question somebody may read, or one of a network, as plain text; `None` where there is none.
    pub async fn accepted(&self, actor: &Actor, id: &str) -> Result<Option<String>, Problem> {
        if known::is_known(id) {
            let known = self.known(actor, id).await.ok();
            return Ok(known.map(|k| k.answer.chars().take(5_000).collect()));
        }
        if self.place(actor, id).await.is_err() {
            return Ok(None);
        }
        let row = work::find(self.db(), id).await?;
        let Some(accepted) = row.and_then(|r| r.accepted) else {
            return Ok(None);
        };
        let answer = work::message(self.db(), accepted).await?;
        let answer = answer.filter(|a| a.deleted.is_none());
        Ok(answer.map(|a| markdown::plain(&a.body, 5_000)))
    }

    /// Questions at a step that have an accepted answer, here or in a network, and share words with what is being written, best first.
    pub async fn similar(
        &self,
        process: &str,
        step: &str,
        text: &str,
        most: usize,
    ) -> Result<Vec<Similar>, Problem> {
        let wanted = words(text);
        // Before anything is written, the newest are offered.
        let like = |title: &str| {
            let has = words(title);
            let shared = wanted.iter().filter(|w| has.contains(w)).count();
            let score = shared as f64 / ((wanted.len().max(1) * has.len().max(1)) as f64).sqrt();
            (shared > 0 || wanted.is_empty()).then_some(score)
        };
        let rows = work::questions_of_step(self.db(), process, step, 500).await?;
        let mut found: Vec<(f64, Found)> = rows
            .iter()
            .filter(|r| r.accepted.is_some())
            .filter_map(|r| Some((like(&r.title)?, Found::Here(r))))
            .collect();
        // Of equals what was answered here comes first, and the newest of it.
        found.sort_by_key(|f| std::cmp::Reverse(f.1.last()));
        let elsewhere = self.best_elsewhere(process, step, most, like).await?;
        found.extend(elsewhere.into_iter().map(|(s, id)| (s, Found::Known(id))));
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        let directory = self.identity().directory().await?;
        let mut out = Vec::new();
        for (_, one) in found {
            if out.len() == most {
                break;
            }
            let row = match one {
                Found::Here(row) => row,
                Found::Known(id) => {
                    out.extend(self.similar_elsewhere(&id).await?);
                    continue;
                }
            };
            let answer = work::message(self.db(), row.accepted.unwrap_or_default()).await?;
            if let Some(answer) = answer.filter(|a| a.deleted.is_none()) {
                let answered_by: String = directory.name(&answer.author).into();
                out.push(Similar {
                    conversation: row.id.clone(),
                    title: row.title.clone(),
                    answer: markdown::plain(&answer.body, 240),
                    told: answered_by.clone(),
                    answered_by,
                    at: answer.at,
                    href: format!("/q/{}", row.id),
                    elsewhere: None,
                });
            }
        }
        Ok(out)
    }
}

/// What is like a question.
enum Found<'a> {
    Here(&'a ConversationRow),
    /// Id of an answer of a network.
    Known(String),
}

impl Found<'_> {
    fn last(&self) -> i64 {
        match self {
            Found::Here(row) => row.last,
            Found::Known(_) => 0,
        }
    }
}

fn times(n: i64) -> String {
    match n {
        1 => "once".into(),
        2 => "twice".into(),
        n => format!("{n} times"),
    }
}

/// Words that stand in every second question.
const EMPTY: [&str; 20] = [
    "about", "could", "does", "from", "have", "into", "should", "that", "there", "this", "what",
    "when", "where", "which", "while", "will", "with", "would", "your", "been",
];

/// Words of a text that say something: four letters or more, in small letters.
fn words(text: &str) -> Vec<String> {
    let mut all: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| w.chars().count() >= 4)
        .map(str::to_lowercase)
        .filter(|w| !EMPTY.contains(&w.as_str()))
        .collect();
    all.sort();
    all.dedup();
    all
}

/// How many won cases each person worked on at a step, by the names the log knows them by.
fn won_at(loaded: &Loaded, step: &str, directory: &Directory) -> HashMap<String, u64> {
    let log = &loaded.log;
    let mut found = HashMap::new();
    let Some(who) = log.resource() else {
        return found;
    };
    let place = fit::step_of(log, &loaded.steps);
    let at = loaded.steps.steps.iter().position(|s| s.name == step);
    let mut won: HashMap<String, u64> = HashMap::new();
    let is_won = Filter {
        state: Some(StateFilter::Won),
        ..Filter::default()
    };
    let Ok(selection) = is_won.select(log, &loaded.steps, &loaded.options) else {
        return found;
    };
    for case in selection.cases.iter().map(|&c| c as usize) {
        let mut names: Vec<&str> = log
            .case(case)
            .filter(|&row| place[log.activity[row] as usize] == at)
            .filter_map(|row| who.text(row))
            .collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            match won.get_mut(name) {
                Some(n) => *n += 1,
                None => _ = won.insert(name.into(), 1),
            }
        }
    }
    for person in directory.colleagues() {
        let by_name = won.get(&person.name).or_else(|| won.get(&person.email));
        if let Some(&n) = by_name {
            found.insert(person.id.clone(), n);
        }
    }
    found
}
