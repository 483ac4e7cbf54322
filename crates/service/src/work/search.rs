//! Search: people, cases, answers and messages, with the rights of who asks, what was looked for marked.

use super::{Work, markdown};
use base::identity::{Actor, Role};
use base::problem::Problem;
use mining::Micros;
use serde::Serialize;
use std::time::Duration;
use store::desk;
use store::search;
use store::work::{self, ConversationRow};

/// How many of each kind are found.
const MOST: usize = 20;
/// How often the words of what was written are taken in, when nothing says sooner.
const EVERY: Duration = Duration::from_secs(2);

/// What was found.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub struct Found {
    pub people: Vec<FoundPerson>,
    pub cases: Vec<FoundCase>,
    /// Customers.
    pub contacts: Vec<FoundContact>,
    /// Answers that were accepted.
    pub answers: Vec<FoundMessage>,
    pub messages: Vec<FoundMessage>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FoundPerson {
    pub name: String,
    pub handle: String,
    pub teams: Vec<String>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FoundCase {
    pub process: String,
    /// As in addresses.
    pub slug: String,
    pub case: String,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FoundContact {
    pub id: String,
    pub name: String,
    /// What she is called where she writes.
    pub handles: Vec<String>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FoundMessage {
    pub id: i64,
    pub author_name: String,
    pub at: Micros,
    /// Around what was looked for, in parts: text and whether it is what was looked for.
    pub parts: Vec<(String, bool)>,
    pub place: ConversationRow,
}

impl Found {
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
            && self.cases.is_empty()
            && self.contacts.is_empty()
            && self.answers.is_empty()
            && self.messages.is_empty()
    }
}

/// Words to look for: letters and digits, in small letters, eight at most.
pub fn words(text: &str) -> Vec<String> {
    let all = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty());
    all.map(str::to_lowercase).take(8).collect()
}

impl Work {
    /// What this person may find with these words.
    pub async fn search(&self, actor: &Actor, text: &str) -> Result<Found, Problem> {
        let words = words(text);
        if words.is_empty() {
            return Ok(Found::default());
        }
        let is_guest = actor.role() == Role::Guest;
        let directory = self.identity().directory().await?;
        let has_all = |text: &str| {
            let text = text.to_lowercase();
            words.iter().all(|w| text.contains(w.as_str()))
        };
        let mut found = Found::default();
        if !is_guest {
            let people = directory
                .active()
                .filter(|p| has_all(&p.name) || has_all(&p.handle));
            found.people = people
                .take(MOST)
                .map(|p| FoundPerson {
                    name: p.name.clone(),
                    handle: p.handle.clone(),
                    teams: directory
                        .teams_of(&p.id)
                        .iter()
                        .map(|t| t.name.clone())
                        .collect(),
                })
                .collect();
            found.contacts = self.find_contacts(&words).await?;
            for process in self.library().list().await? {
                let loaded = self.library().load(&process.id).await?;
                let names = loaded.log.case_names.iter().filter(|n| has_all(n));
                let left = MOST - found.cases.len();
                found.cases.extend(names.take(left).map(|case| FoundCase {
                    process: process.name.clone(),
                    slug: process.slug.clone(),
                    case: case.into(),
                }));
            }
        } else {
            for (process, case) in work::guest_cases(self.db(), actor.id()).await? {
                if has_all(&case) {
                    let row = self.library().process(&process).await?;
                    found.cases.push(FoundCase {
                        process: String::new(),
                        slug: row.slug,
                        case,
                    });
                }
            }
        }
        let guest = is_guest.then(|| actor.id());
        let rows = search::find(self.db(), &words, guest, 2 * MOST as i64).await?;
        let ids: Vec<String> = rows.iter().map(|r| r.conversation.clone()).collect();
        let places = work::by_ids(self.db(), &ids).await?;
        for row in rows {
            let Some(place) = places.iter().find(|p| p.id == row.conversation) else {
                continue;
            };
            let one = FoundMessage {
                id: row.id,
                author_name: directory.name(&row.author).into(),
                at: row.at,
                parts: marked(&markdown::plain(&row.body, 2_000), &words),
                place: place.clone(),
            };
            let list = match place.accepted == Some(row.id) {
                true => &mut found.answers,
                false => &mut found.messages,
            };
            if list.len() < MOST {
                list.push(one);
            }
        }
        Ok(found)
    }

    /// Customers with all these words in what they are called.
    async fn find_contacts(&self, words: &[String]) -> Result<Vec<FoundContact>, Problem> {
        let longest = words.iter().max_by_key(|w| w.len()).map_or("", |w| w);
        let rows = desk::contacts(self.db(), longest, &[], "", 200).await?;
        let ids: Vec<String> = rows.iter().map(|c| c.id.clone()).collect();
        let handles = desk::handles_of(self.db(), &ids).await?;
        let all = rows.into_iter().map(|c| FoundContact {
            handles: handles
                .iter()
                .filter(|h| h.contact == c.id)
                .map(|h| h.handle.clone())
                .collect(),
            id: c.id,
            name: c.name,
        });
        let has_all = |c: &FoundContact| {
            let text = format!("{} {}", c.name, c.handles.join(" ")).to_lowercase();
            words.iter().all(|w| text.contains(w.as_str()))
        };
        Ok(all.filter(has_all).take(MOST).collect())
    }

    /// Takes in the words of what is written. Never ends.
    pub async fn keep_words(self) {
        loop {
            match search::take_in(self.db()).await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(problem) => tracing::warn!(%problem, "words could not be taken in"),
            }
            tokio::time::sleep(EVERY).await;
        }
    }
}

/// Some 240 characters of a text around the first word that was looked for, with those words marked.
fn marked(text: &str, words: &[String]) -> Vec<(String, bool)> {
    let chars: Vec<char> = text.chars().collect();
    // One small letter for each, so that places agree.
    let small: Vec<char> = chars
        .iter()
        .map(|c| c.to_lowercase().next().unwrap_or(*c))
        .collect();
    let starts = |at: usize| at == 0 || !small[at - 1].is_alphanumeric();
    let at_word = |at: usize| {
        let hit = words.iter().filter(|w| {
            let word: Vec<char> = w.chars().collect();
            small[at..].starts_with(&word)
        });
        hit.map(|w| w.chars().count()).max().filter(|_| starts(at))
    };
    let first = (0..small.len())
        .find(|&at| at_word(at).is_some())
        .unwrap_or(0);
    let from = first.saturating_sub(60);
    let to = (from + 240).min(chars.len());
    let mut parts: Vec<(String, bool)> = Vec::new();
    let mut push = |c: char, hit: bool| match parts.last_mut() {
        Some(last) if last.1 == hit => last.0.push(c),
        _ => parts.push((c.into(), hit)),
    };
    if from > 0 {
        push('…', false);
    }
    let mut left = 0;
    for (at, &c) in chars.iter().enumerate().take(to).skip(from) {
        left = at_word(at).unwrap_or(left);
        push(c, left > 0);
        left = left.saturating_sub(1);
    }
    if to < chars.len() {
        push('…', false);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_looked_for_is_marked_where_a_word_begins() {
        let parts = marked("The Annex is an ANNEXE, not a reannex", &words("annex"));
        let hits: Vec<&str> = parts.iter().filter(|p| p.1).map(|p| p.0.as_str()).collect();
        assert_eq!(hits, ["Annex", "ANNEX"]);
        let whole: String = parts.into_iter().map(|p| p.0).collect();
        assert_eq!(whole, "The Annex is an ANNEXE, not a reannex");
    }
}
