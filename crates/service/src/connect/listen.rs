//! What is listened to on a channel, and by whose wish something was found.

use super::Connect;
use super::filter;
use super::matching::Matcher;
use base::activity::Kind;
use base::identity::secret::Digest;
use base::problem::Problem;
use connectors::channel::Seen;
use connectors::{Account, Incoming, Settings, Wanted, Wish, follow};
use mining::Micros;
use mining::time::{DAY, HOUR};
use serde_json::json;
use std::sync::Arc;
use store::connections::{self, CHANNEL, ConnectionRow};
use store::desk::{FOUND, HELD, ThreadRow};
use store::listen::{self, FindRow, MENTION, PileOnRow};
use store::work::NotificationRow;
use store::{Tx, events, people, settings};

/// Languages that are read here, with commas between them; empty for all.
pub(crate) const LANGUAGES: &str = "listen.languages";
/// The same text from other accounts is known for this long.
const SAME: Micros = DAY;
/// Fewer words are the same by chance.
const WORDS: usize = 5;
/// So many accounts on one tag within an hour are a pile-on, where they are so many times what is usual.
const CROWD: i64 = 12;
const TIMES: i64 = 4;
const USUAL: Micros = 7 * DAY;

/// Something that is listened to, and for which step.
pub(crate) struct Heard {
    /// `None`: whatever mentions us.
    wish: Option<Wish>,
    /// The process and its step; empty where the connection itself listens.
    pub process: String,
    pub step: String,
    pub matcher: Option<Arc<Matcher>>,
}

impl Heard {
    fn of_connection(wish: Wish) -> Heard {
        Heard {
            wish: Some(wish),
            process: String::new(),
            step: String::new(),
            matcher: None,
        }
    }

    fn kept(&self) -> (&str, &str) {
        match &self.wish {
            Some(wish) => (wish.what.word(), &wish.words),
            None => (MENTION, ""),
        }
    }

    fn tag(&self) -> Option<&str> {
        let wish = self.wish.as_ref().filter(|w| w.what == Wanted::Tag);
        wish.map(|w| w.words.as_str())
    }

    /// Why something is here that it found.
    pub fn reason(&self) -> String {
        let step = &self.step;
        match (&self.wish, step.is_empty()) {
            (Some(wish), true) => format!(
                "Found by {}, which the connection listens to.",
                wish.shown()
            ),
            (Some(wish), false) => format!("Found by {}, listened to at {step}.", wish.shown()),
            (None, _) => format!("She mentions us, which is listened to at {step}."),
        }
    }

    fn is_met(&self, item: &Incoming, ours: &str) -> bool {
        let Some(wish) = &self.wish else {
            return item.is_for_us;
        };
        let words = wish.words.to_lowercase();
        match wish.what {
            Wanted::Tag => {
                let mut marked = item.text.split_whitespace().filter_map(|w| {
                    let word = w.strip_prefix('#')?;
                    Some(word.trim_end_matches(|c: char| !c.is_alphanumeric()))
                });
                item.tags.iter().any(|t| t.to_lowercase() == words)
                    || marked.any(|w| w.to_lowercase() == words)
            }
            Wanted::Phrase => {
                let said = format!(" {} ", plain(&item.text));
                said.contains(&format!(" {} ", plain(&words)))
            }
            Wanted::Account => local(&item.author.handle, ours) == local(&words, ours),
        }
    }
}

/// A handle without our own server behind it, which people leave out.
fn local(handle: &str, ours: &str) -> String {
    let handle = handle.trim_start_matches('@').to_lowercase();
    let host = ours
        .trim_start_matches('@')
        .split_once('@')
        .map(|(_, host)| format!("@{}", host.to_lowercase()));
    let short = host.and_then(|host| handle.strip_suffix(&host).map(String::from));
    short.unwrap_or(handle)
}

/// Words alone, in small letters, one space between them.
fn plain(text: &str) -> String {
    let words = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty());
    words.collect::<Vec<_>>().join(" ").to_lowercase()
}

/// What a text is known by, however its names, links, marks and letters are written; `None` where it is too short to be known.
fn print(text: &str) -> Option<String> {
    let is_said = |w: &&str| !w.starts_with('@') && !w.starts_with("http");
    let said: Vec<&str> = text.split_whitespace().filter(is_said).collect();
    // A repost says before what it repeats that it is one.
    let said = match said.first() {
        Some(first) if first.eq_ignore_ascii_case("rt") => plain(&said[1..].join(" ")),
        _ => plain(&said.join(" ")),
    };
    (said.split(' ').count() >= WORDS).then(|| Digest::of(&said).text())
}

/// All that has to be known of a connection to take in what it tells.
#[derive(Default)]
pub(crate) struct Hearing {
    pub matcher: Option<Arc<Matcher>>,
    heard: Vec<Heard>,
    /// The ids of our other accounts there.
    others: Vec<String>,
    languages: Vec<String>,
}

impl Hearing {
    /// The wishes that something meets, those of steps first.
    pub fn met(&self, item: &Incoming, account: &Account) -> Vec<&Heard> {
        let met = self.heard.iter();
        met.filter(|h| h.is_met(item, &account.handle)).collect()
    }

    /// What was wished for and why a message is looked at twice.
    pub fn known<'a>(
        &'a self,
        item: &Incoming,
        is_known: bool,
        mark: Option<&'a str>,
    ) -> filter::Known<'a> {
        filter::Known {
            is_known,
            mark,
            is_our_other: self.others.contains(&item.author.id),
            languages: &self.languages,
        }
    }
}

impl Connect {
    /// What is wished for on a channel, for its connector.
    pub(super) async fn wishes_on(&self, row: &ConnectionRow) -> Result<Vec<Wish>, Problem> {
        let rows = listen::heard_on(self.db(), &row.id).await?;
        let wishes = rows
            .iter()
            .filter_map(|r| Some(Wish::of(Wanted::parse(&r.what)?, &r.words)));
        Ok(follow::each_once(wishes))
    }

    pub(super) async fn hearing(&self, row: &ConnectionRow) -> Result<Hearing, Problem> {
        let matcher = match &row.process {
            Some(process) => Some(self.matcher(process).await?),
            None => None,
        };
        let mut heard = Vec::new();
        for wish in listen::heard_on(self.db(), &row.id).await? {
            heard.push(Heard {
                wish: Wanted::parse(&wish.what).map(|what| Wish::of(what, &wish.words)),
                matcher: Some(self.matcher(&wish.process).await?),
                process: wish.process,
                step: wish.step,
            });
        }
        let own = self.settings(row).unwrap_or_default();
        heard.extend(of_settings(&own).map(Heard::of_connection));
        let all = connections::list(self.db()).await?;
        let others = all
            .iter()
            .filter(|c| c.what == CHANNEL && c.kind == row.kind && c.id != row.id)
            .map(|c| super::account_of(c).id)
            .filter(|id| !id.is_empty());
        let languages = settings::get(self.db(), LANGUAGES)
            .await?
            .unwrap_or_default();
        Ok(Hearing {
            matcher,
            heard,
            others: others.collect(),
            languages: languages
                .split(',')
                .map(|l| l.trim().to_lowercase())
                .filter(|l| !l.is_empty())
                .collect(),
        })
    }

    /// Whether others said the same of late: then it is held with this reason.
    pub(super) async fn same_text(
        &self,
        tx: &mut Tx,
        row: &ConnectionRow,
        item: &Incoming,
        now: Micros,
    ) -> Result<Option<String>, Problem> {
        let Some(print) = print(&item.text).filter(|_| item.seen == Seen::Public) else {
            return Ok(None);
        };
        let author = (row.id.as_str(), item.author.id.as_str());
        let others = listen::hear(tx, &print, author, now, now - SAME).await?;
        Ok(match (others, item.is_for_us) {
            (0, _) | (1, true) => None,
            (1, false) => Some("repost of what is known".into()),
            (n, _) => Some(format!(
                "the same text from {} accounts within a day",
                n + 1
            )),
        })
    }

    /// Whether so many accounts are on a tag at once that they are held together; the owners are told once.
    pub(super) async fn piled_on(
        &self,
        tx: &mut Tx,
        row: &ConnectionRow,
        item: &Incoming,
        met: &[&Heard],
        now: Micros,
    ) -> Result<Option<String>, Problem> {
        let Some(tag) = met.iter().find_map(|h| h.tag()) else {
            return Ok(None);
        };
        let of = (row.id.as_str(), tag);
        let since = (now - HOUR, now - USUAL);
        let (others, before) = listen::crowd(tx, of, &item.author.id, since).await?;
        let authors = others + 1;
        let why = pile_on(tag);
        if let Some(known) = listen::pile_on_under_way(tx, &row.id, tag, now - HOUR).await? {
            let most = authors.max(known.authors);
            listen::pile_on_grew(tx, &known.id, now, most).await?;
            return Ok((known.state != listen::LET_IN).then_some(why));
        }
        // What is usual in an hour, of the week before.
        let is_usual = authors * (USUAL / HOUR - 1) <= before * TIMES;
        if authors < CROWD || is_usual {
            return Ok(None);
        }
        let began = PileOnRow {
            id: self.id("pile"),
            connection: row.id.clone(),
            words: tag.into(),
            began: now - HOUR,
            last: now,
            authors,
            state: HELD.into(),
            decided_by: None,
        };
        listen::insert_pile_on(tx, &began).await?;
        let held = (HELD, Some(why.as_str()));
        listen::move_pile_on(tx, of, began.began, (FOUND, None), held).await?;
        let payload =
            json!({ "connection": row.id, "channel": row.kind, "words": tag, "authors": authors });
        let kind = Kind::ListenPiledOn.word();
        let event = events::append(tx, now, kind, "tenon", None, Some(&began.id), &payload).await?;
        for person in people::owners_in(tx).await? {
            let told = NotificationRow {
                person,
                event,
                kind: "piled_on".into(),
                conversation: None,
                at: now,
                read: None,
                mailed: None,
            };
            store::work::notify(tx, &told).await?;
        }
        Ok(Some(why))
    }

    /// Notes by whose wishes a thread was found.
    pub(super) async fn keep_finds(
        &self,
        tx: &mut Tx,
        row: &ConnectionRow,
        item: &Incoming,
        (thread, met): (&ThreadRow, &[&Heard]),
        now: Micros,
    ) -> Result<(), Problem> {
        let none = Heard {
            wish: None,
            process: String::new(),
            step: String::new(),
            matcher: None,
        };
        let nobody = [&none];
        let met = if met.is_empty() { &nobody } else { met };
        for heard in met {
            let (what, words) = heard.kept();
            let find = FindRow {
                thread: thread.id.clone(),
                process: heard.process.clone(),
                step: heard.step.clone(),
                connection: row.id.clone(),
                what: what.into(),
                words: words.into(),
                at: now,
                author: item.author.id.clone(),
                outcome: None,
                decided: None,
                decided_by: None,
            };
            listen::insert_find(tx, &find).await?;
        }
        let heard = met[0];
        let (what, words) = heard.kept();
        let process = Some(heard.process.as_str()).filter(|p| !p.is_empty());
        let process = process.or(thread.process.as_deref());
        let payload = json!({
            "case": thread.case_ref, "step": heard.step, "team": thread.team, "channel": row.kind,
            "what": what, "words": words, "held": thread.held,
        });
        let kind = Kind::ListenFound.word();
        events::append(tx, now, kind, "tenon", process, Some(&thread.id), &payload).await?;
        Ok(())
    }
}

/// Why the threads of a pile-on are held.
pub(crate) fn pile_on(tag: &str) -> String {
    format!("many accounts at once on #{tag}")
}

/// What a connection listens to by its own settings.
pub(crate) fn of_settings(settings: &Settings) -> impl Iterator<Item = Wish> + '_ {
    let tags = follow::listed(Wanted::Tag, settings.get("tags"));
    tags.chain(follow::listed(Wanted::Phrase, settings.get("phrases")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use connectors::channel::Author;

    fn said(handle: &str, text: &str, tags: &[&str]) -> Incoming {
        Incoming {
            author: Author {
                handle: handle.into(),
                ..Author::default()
            },
            text: text.into(),
            tags: tags.iter().map(|t| t.to_string()).collect(),
            what: connectors::channel::What::Said,
            ..Incoming::deleted("1", 0)
        }
    }

    #[test]
    fn a_wish_is_met_by_what_it_asks_for_and_by_nothing_near_it() {
        let ours = "@halden@social.example";
        let met = |what, words: &str, item: Incoming| {
            Heard::of_connection(Wish::of(what, words)).is_met(&item, ours)
        };
        let text = "My Flow-meter drifts. #Brewing!";
        assert!(met(Wanted::Tag, "brewing", said("@a", text, &[])));
        assert!(met(Wanted::Tag, "brewing", said("@a", "x", &["BREWING"])));
        assert!(!met(Wanted::Tag, "brew", said("@a", text, &["brewings"])));
        assert!(met(Wanted::Phrase, "flow meter", said("@a", text, &[])));
        assert!(!met(Wanted::Phrase, "low meter", said("@a", text, &[])));
        assert!(met(
            Wanted::Account,
            "ada@far.example",
            said("@Ada@far.example", "x", &[])
        ));
        assert!(met(
            Wanted::Account,
            "ada",
            said("@ada@social.example", "x", &[])
        ));
        assert!(!met(
            Wanted::Account,
            "ada",
            said("@ada@far.example", "x", &[])
        ));
    }

    #[test]
    fn a_text_is_known_again_however_it_is_passed_on() {
        let same = print("RT @x: Never buy at Halden, they cheat!! https://a.example");
        assert!(same.is_some());
        assert_eq!(same, print("never buy at HALDEN they cheat"));
        assert_ne!(same, print("never buy at Halden they are late"));
        assert_eq!(print("Thank you so much"), None, "many say that");
    }
}
