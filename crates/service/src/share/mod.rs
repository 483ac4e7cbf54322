//! Share, a tool to plug into a step: what is worth telling is drafted there, read by a colleague, and published on channels at its time;
//! what came of it is seen at the step again.

pub mod acts;
mod quotes;
#[cfg(test)]
mod tests;

use crate::connect::{Connect, account_of, lacks};
use crate::improvements::{Improvements, State, Tool};
use crate::work::markdown;
use base::identity::{Actor, Role};
use base::problem::Problem;
use connectors::publish::Publishes;
use mining::Micros;
use std::collections::HashMap;
use store::connections::{CHANNEL, ConnectionRow, REMOVED};
use store::share::{self, CreditRow, PublicationRow, SOMEBODY, ShareRow, View};
use store::work;

/// Posts in a list.
const MOST: i64 = 100;
/// Messages of customers in which words are looked for.
const SAID: i64 = 200;

#[derive(Clone)]
pub struct Share {
    connect: Connect,
    improvements: Improvements,
}

/// Where Share is plugged in.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    pub process: String,
    pub slug: String,
    pub process_name: String,
    pub step: String,
    pub improvement: String,
}

/// A channel that takes posts of our own.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlet {
    pub connection: String,
    pub kind: String,
    /// The kind as people call it.
    pub title: String,
    pub name: String,
    /// As whom it is published.
    pub account: connectors::Account,
    pub publishes: Publishes,
    pub is_on: bool,
}

/// A post on one channel.
#[derive(Debug, Clone, PartialEq)]
pub struct OnChannel {
    pub row: PublicationRow,
    /// `None`: it takes no posts any more.
    pub outlet: Option<Outlet>,
    /// What it is called, also when it is not connected any more.
    pub name: String,
    pub kind: String,
    /// What is published there, and how long the service finds it.
    pub body: String,
    pub length: usize,
    pub is_too_long: bool,
}

/// A post with all that belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Post {
    pub row: ShareRow,
    pub credits: Vec<CreditRow>,
    pub channels: Vec<OnChannel>,
    /// What has to be done before it can be handed in, in sentences.
    pub lacks: Vec<String>,
    /// Conversations that began with an answer to it: id, title, state.
    pub threads: Vec<(String, String, String)>,
}

/// A post in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub row: ShareRow,
    pub channels: Vec<PublicationRow>,
}

/// What a draft begins with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Start {
    pub body: String,
    /// Whose words that are.
    pub whose: Option<String>,
    /// What customers said of it: who, and what.
    pub said: Vec<(String, String)>,
}

impl Share {
    pub fn new(connect: Connect, improvements: Improvements) -> Share {
        Share {
            connect,
            improvements,
        }
    }

    fn now(&self) -> Micros {
        self.connect.clock().now()
    }

    /// Guests do not speak for the company.
    fn admit(actor: &Actor) -> Result<(), Problem> {
        match actor.is_at_least(Role::Member) {
            true => Ok(()),
            false => Err(Problem::new(
                403,
                "not_yours",
                "Guests share nothing as the company.",
                "Ask a colleague.",
            )),
        }
    }

    /// Where Share is plugged in now, by process and in the order of plugging in.
    pub async fn places(&self) -> Result<Vec<Place>, Problem> {
        let mut all: Vec<Place> = Vec::new();
        for process in self.improvements.library().list().await? {
            for imp in self.improvements.of_process(&process.id).await? {
                let is_in = imp.tool == Tool::Share && imp.state == State::Running;
                let is_known = all
                    .iter()
                    .any(|p| p.process == process.id && p.step == imp.step);
                if is_in && !is_known {
                    all.push(Place {
                        process: process.id.clone(),
                        slug: process.slug.clone(),
                        process_name: process.name.clone(),
                        step: imp.step,
                        improvement: imp.id,
                    });
                }
            }
        }
        Ok(all)
    }

    /// Where it is plugged in at this step of a process, by its id or its name in addresses.
    pub async fn place(&self, process: &str, step: &str) -> Result<Option<Place>, Problem> {
        let mut all = self.places().await?.into_iter();
        Ok(all.find(|p| (p.process == process || p.slug == process) && p.step == step))
    }

    /// Channels that take posts of our own, by name.
    pub async fn outlets(&self) -> Result<Vec<Outlet>, Problem> {
        let rows = store::connections::list(self.connect.db()).await?;
        let rows = rows.iter().filter(|r| r.what == CHANNEL);
        Ok(rows.filter_map(|row| self.outlet(row)).collect())
    }

    fn outlet(&self, row: &ConnectionRow) -> Option<Outlet> {
        let channel = self.connect.channel(&row.kind).ok()?;
        let publishes = channel.publishes().filter(|_| row.state != REMOVED)?;
        Some(Outlet {
            connection: row.id.clone(),
            kind: row.kind.clone(),
            title: channel.about().title.into(),
            name: row.name.clone(),
            account: account_of(row),
            publishes,
            is_on: row.state == store::connections::ON,
        })
    }

    /// Posts of a view, at a step or anywhere.
    pub async fn list(
        &self,
        actor: &Actor,
        view: View,
        at: Option<(&str, &str)>,
    ) -> Result<Vec<Line>, Problem> {
        Self::admit(actor)?;
        let db = self.connect.db();
        let rows = share::list(db, view, at, MOST).await?;
        let ids: Vec<String> = rows.iter().map(|r| r.id.clone()).collect();
        let mut of: HashMap<String, Vec<PublicationRow>> = HashMap::new();
        for one in share::publications_of(db, &ids).await? {
            of.entry(one.share.clone()).or_default().push(one);
        }
        let lines = rows.into_iter().map(|row| Line {
            channels: of.remove(&row.id).unwrap_or_default(),
            row,
        });
        Ok(lines.collect())
    }

    /// How many posts are in each state, by its word, and how many failed on a channel, as `failed`.
    pub async fn counts(
        &self,
        actor: &Actor,
        at: Option<(&str, &str)>,
    ) -> Result<HashMap<String, i64>, Problem> {
        Self::admit(actor)?;
        let counts = share::counts(self.connect.db(), at).await?;
        Ok(counts.into_iter().collect())
    }

    pub async fn post(&self, actor: &Actor, id: &str) -> Result<Post, Problem> {
        Self::admit(actor)?;
        let db = self.connect.db();
        let row = share::find(db, id).await?;
        let row = row.ok_or_else(|| Problem::not_found("post"))?;
        let credits = share::credits(db, id).await?;
        let mut channels = Vec::new();
        for publication in share::publications(db, id).await? {
            let connection = store::connections::find(db, &publication.connection).await?;
            channels.push(self.on_channel(&row, publication, connection.as_ref()));
        }
        channels.sort_by(|a, b| (&a.kind, &a.name).cmp(&(&b.kind, &b.name)));
        Ok(Post {
            lacks: self.lacking(&row, &credits, &channels).await?,
            threads: share::threads(db, id).await?,
            row,
            credits,
            channels,
        })
    }

    fn on_channel(
        &self,
        row: &ShareRow,
        publication: PublicationRow,
        connection: Option<&ConnectionRow>,
    ) -> OnChannel {
        let outlet = connection.and_then(|c| self.outlet(c));
        let body = publication.body.clone().unwrap_or_else(|| row.body.clone());
        let publishes = outlet.as_ref().map(|o| o.publishes);
        OnChannel {
            name: connection.map_or_else(String::new, |c| c.name.clone()),
            kind: connection.map_or_else(String::new, |c| c.kind.clone()),
            length: publishes.map_or(0, |p| p.length(&body)),
            is_too_long: publishes.is_some_and(|p| !p.takes(&body)),
            row: publication,
            outlet,
            body,
        }
    }

    /// What has to be done before it can be handed in.
    async fn lacking(
        &self,
        row: &ShareRow,
        credits: &[CreditRow],
        channels: &[OnChannel],
    ) -> Result<Vec<String>, Problem> {
        let mut all = Vec::new();
        if row.body.trim().is_empty() {
            all.push("Write something.".to_string());
        }
        if channels.is_empty() {
            all.push("Choose a channel.".to_string());
        }
        for one in channels {
            match &one.outlet {
                None => all.push(format!(
                    "{} takes no posts any more: leave it out.",
                    one.name
                )),
                Some(o) if one.is_too_long => all.push(format!(
                    "{}: {} of {} characters. Shorten it, or write other words for it.",
                    one.name, one.length, o.publishes.longest
                )),
                Some(_) => {}
            }
        }
        all.extend(lacks(row, credits));
        if row.republishes == SOMEBODY {
            for credit in credits {
                let is_named = |one: &OnChannel| quotes::names(&one.body, &credit.whose);
                if let Some(one) = channels.iter().find(|c| !is_named(c)) {
                    all.push(format!(
                        "The text for {} does not name {}: whose words or picture it is stands in the post.",
                        one.name, credit.whose
                    ));
                }
            }
        }
        let texts: Vec<&str> = match channels.is_empty() {
            true => vec![row.body.as_str()],
            false => channels.iter().map(|c| c.body.as_str()).collect(),
        };
        for (who, handle) in self.quoted(row, &texts).await? {
            let is_credited = |c: &CreditRow| {
                c.what == "words" && (same(&c.whose, &who) || same(&c.whose, &handle))
            };
            if !credits.iter().any(is_credited) {
                all.push(format!(
                    "It holds words of {who}: say so, with the permission to publish them."
                ));
            }
        }
        Ok(all)
    }

    /// Those whose words stand in the texts: customers who said them on the case, and who gave the answer it was made of.
    async fn quoted(
        &self,
        row: &ShareRow,
        texts: &[&str],
    ) -> Result<Vec<(String, String)>, Problem> {
        let db = self.connect.db();
        let mut sources: Vec<(String, String, String)> = Vec::new();
        if let Some(case) = &row.case_ref {
            sources.extend(share::said_on_case(db, &row.process, case, SAID).await?);
        }
        if let Some(answer) = self.answer(row.conversation.as_deref()).await?
            && answer.0 != row.person
        {
            sources.push((answer.1.clone(), answer.1, answer.2));
        }
        let mut found: Vec<(String, String)> = Vec::new();
        for (name, handle, body) in sources {
            let who = if name.trim().is_empty() {
                handle.clone()
            } else {
                name
            };
            let is_known = found.iter().any(|f| f.0 == who);
            if !is_known && texts.iter().any(|t| quotes::holds(t, &body)) {
                found.push((who, handle));
            }
        }
        Ok(found)
    }

    /// The answer that was accepted to a question: who gave it, her name, and its words.
    async fn answer(
        &self,
        conversation: Option<&str>,
    ) -> Result<Option<(String, String, String)>, Problem> {
        let db = self.connect.db();
        let Some(id) = conversation else {
            return Ok(None);
        };
        let accepted = work::find(db, id).await?.and_then(|c| c.accepted);
        let message = match accepted {
            Some(id) => work::message(db, id).await?.filter(|m| m.deleted.is_none()),
            None => None,
        };
        let Some(message) = message else {
            return Ok(None);
        };
        let directory = self.connect.work().identity().directory().await?;
        let name = directory.name(&message.author).to_string();
        let words = markdown::plain(&message.body, 5_000);
        Ok(Some((message.author, name, words)))
    }

    /// What a draft about a case, or made of an accepted answer, begins with.
    pub async fn start(
        &self,
        actor: &Actor,
        process: &str,
        case: Option<&str>,
        conversation: Option<&str>,
    ) -> Result<Start, Problem> {
        Self::admit(actor)?;
        let mut start = Start::default();
        if let Some(case) = case {
            let said = share::said_on_case(self.connect.db(), process, case, 5).await?;
            let said = said.into_iter().map(|(name, handle, body)| {
                let who = if name.trim().is_empty() { handle } else { name };
                (who, base::format::short(&body, 300))
            });
            start.said = said.collect();
        }
        if let Some((person, name, words)) = self.answer(conversation).await? {
            start.body = words;
            start.whose = Some(name).filter(|_| person != actor.id());
        }
        Ok(start)
    }

    /// The post that a conversation answers.
    pub async fn of_thread(&self, thread: &str) -> Result<Option<String>, Problem> {
        Ok(share::of_thread(self.connect.db(), thread).await?)
    }

    /// What came of all posts of a step, and how many conversations began with them.
    pub async fn came_of(
        &self,
        process: &str,
        step: &str,
    ) -> Result<(share::CameOf, i64), Problem> {
        let (db, at) = (self.connect.db(), (process, step));
        let sum = share::came_of(db, at, 0, Micros::MAX).await?;
        Ok((sum, share::answers(db, at, 0, Micros::MAX).await?))
    }

    /// Whose posts nobody reads first.
    pub async fn free_people(&self) -> Result<Vec<String>, Problem> {
        Ok(share::free_people(self.connect.db()).await?)
    }
}

/// Names as they are compared.
fn same(one: &str, other: &str) -> bool {
    let plain = |name: &str| name.trim().trim_start_matches('@').to_lowercase();
    plain(one) == plain(other)
}
