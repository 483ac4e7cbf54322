//! Jive: people, places, and discussions with the answers that were marked in them, as values. It is neither a source nor a channel: what a company has
//! learned in Jive can be taken over from it.

mod wire;

#[cfg(test)]
mod tests;

pub use wire::{Content, Person, Place};

use crate::{
    About, Account, Answer, Connector, Cursor, Fault, Field, Page, Request, Verified, Via, pass,
};
use wire::List;

pub struct Jive;

/// How many of a list are asked for at once; Jive gives no more.
const COUNT: usize = 100;

#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct State {
    start: usize,
}

impl Jive {
    pub async fn people(
        &self,
        via: &Via<'_>,
        from: Option<&Cursor>,
    ) -> Result<Page<Person>, Fault> {
        self.list(via, "people?sort=dateJoinedAsc", from).await
    }

    pub async fn places(&self, via: &Via<'_>, from: Option<&Cursor>) -> Result<Page<Place>, Fault> {
        self.list(via, "places?filter=type(group,space,project)", from)
            .await
    }

    /// Oldest first, so that what is added meanwhile comes at the end.
    pub async fn discussions(
        &self,
        via: &Via<'_>,
        from: Option<&Cursor>,
    ) -> Result<Page<Content>, Fault> {
        self.list(
            via,
            "contents?filter=type(discussion)&sort=dateCreatedAsc",
            from,
        )
        .await
    }

    async fn list<T: serde::de::DeserializeOwned>(
        &self,
        via: &Via<'_>,
        path: &str,
        from: Option<&Cursor>,
    ) -> Result<Page<T>, Fault> {
        let State { start } = pass::read(from);
        let list: List<T> = get(via, &format!("{path}&count={COUNT}&startIndex={start}")).await?;
        let read = list.list.len();
        Ok(Page {
            cursor: pass::cursor(&State {
                start: start + read,
            })?,
            // Rows that one may not see are left out, so that a short list need not be the last.
            has_more: list.links.next.is_some() && read > 0,
            items: list.list,
            wait_until: None,
        })
    }
}

fn base<'a>(via: &Via<'a>) -> &'a str {
    via.settings.get("url").trim().trim_end_matches('/')
}

async fn get<T: serde::de::DeserializeOwned>(via: &Via<'_>, path: &str) -> Result<T, Fault> {
    use base64::Engine;
    let key = format!(
        "{}:{}",
        via.settings.get("user"),
        via.settings.get("password")
    );
    let key = base64::engine::general_purpose::STANDARD.encode(key);
    let request = Request::get(format!("{}/api/core/v3/{path}", base(via)));
    let answer = via
        .http
        .send(request.header("authorization", format!("Basic {key}")))
        .await?;
    wire::read(&answer, via.now)
}

impl Connector for Jive {
    fn about(&self) -> About {
        const fn field(
            name: &'static str,
            label: &'static str,
            hint: &'static str,
            is_secret: bool,
        ) -> Field {
            Field {
                name,
                label,
                hint,
                is_secret,
                is_required: true,
            }
        }
        About {
            name: "jive",
            title: "Jive",
            guide: "Fill in the name and password of a Jive user who sees what is to be taken over. It only reads.",
            rights: &["a user who may see the places"],
            fields: &[
                const { field("url", "Address", "https://community.example.org", false) },
                const { field("user", "User", "The name to sign in with", false) },
                const { field("password", "Password", "Of that user", true) },
            ],
            verified: Verified::Recorded,
            verified_by: "answers recorded in 2014 and 2015: people, places, content. Asking and signing in by the documentation, never against a running Jive",
        }
    }

    fn account<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Account> {
        Box::pin(async {
            let person: Person = get(via, "people/@me").await?;
            Ok(Account {
                id: person.id,
                handle: person.handle,
                name: person.name,
                url: person.url,
                may: vec!["read".into()],
            })
        })
    }
}
