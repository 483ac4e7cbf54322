//! Atom feeds (RFC 4287): one's own stream, and what is plugged into a process, for a feed reader.
//!
//! A feed reader cannot sign in, so the address holds a token that reads feeds and nothing else. It can be made anew.

use super::Delivery;
use crate::work::markdown;
use base::identity::secret::{Digest, Secret};
use base::identity::{Actor, Role, Scopes, Via};
use base::problem::Problem;
use mining::Micros;
use std::collections::HashMap;
use std::fmt::Write;
use store::{events, hooks, people};

/// A feed, and what names exactly this state of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Feed {
    pub xml: String,
    pub etag: String,
}

struct Entry {
    id: String,
    title: String,
    author: String,
    at: Micros,
    link: String,
    html: String,
}

impl Delivery {
    /// Makes the address of a person's feeds, instead of the one before; it is shown now and never again.
    pub async fn make_feed(&self, actor: &Actor) -> Result<String, Problem> {
        let secret = Secret::new(self.clock().secret()?);
        let (digest, now) = (secret.digest().text(), self.clock().now());
        let mut tx = self.db().begin().await?;
        hooks::put_feed(&mut tx, actor.id(), Some(&digest), now).await?;
        tx.commit().await?;
        Ok(format!(
            "{}/feeds/{}/stream.atom",
            self.site().url(),
            secret.text()
        ))
    }

    pub async fn drop_feed(&self, actor: &Actor) -> Result<(), Problem> {
        let mut tx = self.db().begin().await?;
        hooks::put_feed(&mut tx, actor.id(), None, 0).await?;
        Ok(tx.commit().await?)
    }

    /// Since when a person has an address for feeds.
    pub async fn has_feed(&self, actor: &Actor) -> Result<Option<Micros>, Problem> {
        Ok(hooks::has_feed(self.db(), actor.id()).await?)
    }

    async fn reader(&self, token: &str) -> Result<Actor, Problem> {
        let unknown = || Problem::not_found("feed");
        let id = hooks::feed_of(self.db(), &Digest::of(token).text()).await?;
        let person = people::find(self.db(), &id.ok_or_else(unknown)?).await?;
        let via = Via::Token("feed".into());
        let actor = person.and_then(|p| Actor::of(&p, via, Scopes::default()));
        actor.ok_or_else(unknown)
    }

    /// The newest of what a person follows.
    pub async fn stream_feed(&self, token: &str) -> Result<Feed, Problem> {
        let actor = self.reader(token).await?;
        let work = &self.inner.work;
        let (page, directory) = (
            work.newest(&actor).await?,
            work.identity().directory().await?,
        );
        let all = work.library().list().await?;
        let processes: HashMap<&str, _> = all.iter().map(|p| (p.id.as_str(), p)).collect();
        let mut entries = Vec::new();
        for message in &page.messages {
            let place = work.place(&actor, &message.conversation).await?;
            let Some(process) = processes.get(place.process.as_str()) else {
                continue;
            };
            let title = page.conversations.get(&message.conversation);
            let title = title.map_or("", |c| c.title.as_str());
            let author = directory.name(&message.author);
            entries.push(Entry {
                id: format!("message/{}", message.id),
                title: format!(
                    "{author}: {}",
                    super::place_name(&place, &process.name, title)
                ),
                author: author.into(),
                at: message.edited.unwrap_or(message.at),
                link: super::address(self.site(), &place, &process.slug, Some(message.id)),
                html: markdown::html(&message.body, &directory),
            });
        }
        let title = format!("Tenon: what {} follows", actor.name());
        Ok(self.feed(&format!("stream/{}", actor.id()), &title, "/", &entries))
    }

    /// What was plugged into a process, paused, decided.
    pub async fn improvements_feed(&self, token: &str, process: &str) -> Result<Feed, Problem> {
        let actor = self.reader(token).await?;
        let process = match actor.role() {
            // Which processes there are is nothing a guest learns.
            Role::Guest => return Err(Problem::not_found("process")),
            _ => self.inner.work.library().process(process).await?,
        };
        let new = events::newest(self.db(), &process.id, "improvement.", 50).await?;
        let rows = store::improvements::of_process(self.db(), &process.id).await?;
        let directory = self.inner.work.identity().directory().await?;
        let entries = new.iter().map(|event| {
            let id = event.subject.as_deref().unwrap_or_default();
            let row = rows.iter().find(|r| r.id == id);
            let name = row.map_or("An improvement", |r| r.name.as_str());
            let step = row.map_or(String::new(), |r| format!(" at {}", r.step));
            let what = event
                .kind
                .trim_start_matches("improvement.")
                .replace('_', " ");
            let author = directory.name(&event.actor);
            Entry {
                id: format!("event/{}", event.seq),
                title: format!("{name}{step}: {what}"),
                author: author.into(),
                at: event.at,
                link: format!("{}/p/{}/improvements/{id}", self.site().url(), process.slug),
                html: format!(
                    "<p>{}</p>",
                    escape(&format!("{name}{step} was {what} by {author}."))
                ),
            }
        });
        let entries: Vec<Entry> = entries.collect();
        let title = format!("Tenon: improvements of {}", process.name);
        let home = format!("/p/{}/improvements", process.slug);
        Ok(self.feed(
            &format!("improvements/{}", process.id),
            &title,
            &home,
            &entries,
        ))
    }

    fn feed(&self, id: &str, title: &str, home: &str, entries: &[Entry]) -> Feed {
        let site = self.site().url();
        let host = site.split_once("://").map_or(site, |(_, host)| host);
        let host = host.split(':').next().unwrap_or(host);
        // The form of a tag (RFC 4151): names that stay when the server moves to another port.
        let tag = |what: &str| escape(&format!("tag:{host},2026:{what}"));
        let newest = entries.iter().map(|e| e.at).max().unwrap_or(0);
        let mut xml = String::from(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">",
        );
        let _ = write!(
            xml,
            "<id>{}</id><title>{}</title><updated>{}</updated><link rel=\"alternate\" href=\"{}\"/><author><name>Tenon</name></author>",
            tag(id),
            escape(title),
            moment(newest),
            escape(&format!("{site}{home}"))
        );
        for e in entries {
            let _ = write!(
                xml,
                "\n<entry><id>{}</id><title>{}</title><updated>{}</updated><author><name>{}</name></author>\
                 <link rel=\"alternate\" href=\"{}\"/><content type=\"html\">{}</content></entry>",
                tag(&e.id),
                escape(&e.title),
                moment(e.at),
                escape(&e.author),
                escape(&e.link),
                escape(&e.html)
            );
        }
        xml += "\n</feed>\n";
        let etag = format!("\"{}\"", &Digest::of(&xml).text()[..32]);
        Feed { xml, etag }
    }
}

fn moment(at: Micros) -> String {
    jiff::Timestamp::from_microsecond(at).map_or_else(|_| String::new(), |t| t.to_string())
}

/// Text in XML. Characters that XML 1.0 has no way to write are left out.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            '\t' | '\n' => out.push(c),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() && c < '\u{20}' => {}
            c => out.push(c),
        }
    }
    out
}
