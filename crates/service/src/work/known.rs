//! What colleagues asked and answered in a network they had before, where it is plugged in at a step.

use super::Work;
use super::ask::{Elsewhere, Similar};
use crate::processes::Loaded;
use base::format;
use base::identity::{Actor, Directory, Role};
use base::problem::Problem;
use mining::Micros;
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use store::networks::{self, AnswerRow, PlaceRow, QuestionRow};

/// Questions of networks at a step that are looked through, the newest first.
const LOOKED_AT: i64 = 10_000;

/// An answer of a network with its question.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Known {
    pub id: String,
    /// Id of a process.
    pub process: String,
    /// Name of a step.
    pub step: String,
    /// Such as `Jive`.
    pub service: String,
    /// What the place is called there.
    pub place: String,
    pub title: String,
    /// Plain text.
    pub question: String,
    pub asked_by: String,
    pub asked: Option<Micros>,
    /// Where the question is there.
    pub url: Option<String>,
    /// Plain text.
    pub answer: String,
    pub answered_by: String,
    pub answered: Option<Micros>,
    /// Marked as the answer, not only as helpful.
    pub is_correct: bool,
}

/// Whether an id is that of an answer of a network.
pub(super) fn is_known(id: &str) -> bool {
    id.starts_with("kno_")
}

fn service(kind: &str) -> String {
    let all = connectors::networks().into_iter().map(|n| n.about());
    let found = all.into_iter().find(|a| a.name == kind);
    found.map_or(kind.into(), |a| a.title.into())
}

fn named(name: &str) -> String {
    match name.trim() {
        "" => "somebody".into(),
        name => name.into(),
    }
}

fn read((answer, question, place, kind): (AnswerRow, QuestionRow, PlaceRow, String)) -> Known {
    Known {
        id: answer.id,
        process: place.process,
        step: place.step,
        service: service(&kind),
        place: place.name,
        title: question.title,
        question: question.body,
        asked_by: named(&question.name),
        asked: question.at,
        url: answer.url.or(question.url),
        answer: answer.body,
        answered_by: named(&answer.name),
        answered: answer.at,
        is_correct: answer.is_correct != 0,
    }
}

impl Known {
    /// How it was marked.
    pub fn mark(&self) -> &'static str {
        match self.is_correct {
            true => "marked as the answer",
            false => "marked as helpful",
        }
    }
}

impl Work {
    /// An answer of a network, for whoever sees the steps.
    pub async fn known(&self, actor: &Actor, id: &str) -> Result<Known, Problem> {
        let found = match actor.role() {
            Role::Guest => None,
            _ => networks::answer(self.db(), id).await?,
        };
        Ok(read(found.ok_or_else(|| Problem::not_found("answer"))?))
    }

    /// The best answers of networks at a step: how like each is, and its id. Of a question with several, the one that was marked as the answer.
    pub(super) async fn best_elsewhere(
        &self,
        process: &str,
        step: &str,
        most: usize,
        like: impl Fn(&str) -> Option<f64>,
    ) -> Result<Vec<(f64, String)>, Problem> {
        let rows = networks::at_step(self.db(), process, step, LOOKED_AT).await?;
        let mut questions = HashSet::new();
        let mut found = Vec::new();
        for (id, question, title, _) in rows {
            if let Some(score) = like(&title)
                && questions.insert(question)
            {
                found.push((score, id));
            }
        }
        found.sort_by(|a: &(f64, String), b| b.0.total_cmp(&a.0));
        found.truncate(most);
        Ok(found)
    }

    pub(super) async fn similar_elsewhere(&self, id: &str) -> Result<Option<Similar>, Problem> {
        let found = networks::answer(self.db(), id).await?;
        Ok(found.map(read).map(|known| {
            let at = known.answered.or(known.asked);
            let when = at.map_or(String::new(), |at| format!(", {}", format::date(at)));
            Similar {
                told: format!(
                    "{} in {}{when}, {}; {} asked",
                    known.answered_by,
                    known.service,
                    known.mark(),
                    known.asked_by
                ),
                href: format!("/known/{}", known.id),
                answer: format::short(&known.answer, 240),
                at: at.unwrap_or_default(),
                elsewhere: Some(Elsewhere {
                    is_correct: known.is_correct,
                    asked_by: known.asked_by,
                    service: known.service,
                    url: known.url,
                }),
                conversation: known.id,
                title: known.title,
                answered_by: known.answered_by,
            }
        }))
    }

    /// Colleagues whom networks know by their e-mail address and who answered there what belongs to a step: how much that says, and in words.
    pub(super) async fn given_elsewhere(
        &self,
        directory: &Directory,
        loaded: &Loaded,
        step: &str,
    ) -> Result<Vec<(String, f64, String)>, Problem> {
        let given = networks::given_at(self.db(), &loaded.row.id, step).await?;
        if given.is_empty() {
            return Ok(Vec::new());
        }
        let by_email: HashMap<String, &str> = directory
            .colleagues()
            .map(|p| (networks::email(&p.email), p.id.as_str()))
            .collect();
        let hers = given.into_iter().filter_map(|given| {
            let person = by_email.get(&given.email)?;
            let score = 3.0 * given.correct as f64 + given.answers as f64;
            let before = match given.is_before {
                0 => "",
                _ => ", from before",
            };
            let answers = format::many(given.answers, "answer");
            let reason = format!("{answers} marked in {}{before}", service(&given.kind));
            Some((person.to_string(), score, reason))
        });
        Ok(hers.collect())
    }
}
