//! The Mastodon API, which Mastodon, GoToSocial, Pleroma and others speak. Mentions are polled, and what is said under tags or with
//! phrases or by accounts; the stream of the user tells the same sooner. Servers tell of changes only by the stream, so the last posts are
//! looked at again with each poll.

mod echo;
mod poll;
mod send;
mod stream;
mod wire;

#[cfg(any(test, feature = "testing"))]
pub mod stand_in;
#[cfg(test)]
mod tests;

use crate::channel::{Author, Channel, Media, Once, Seen, What};
use crate::follow::Follows;
use crate::http::{Request, Response, server};
use crate::json::Item;
use crate::oauth::{Client, OAuth, Places};
use crate::publish::{Counts, Echo, Publishes};
use crate::{
    About, Account, Answer, Connector, Cursor, Fault, Field, Incoming, Micros, Outgoing, Page,
    Sent, Settings, Verified, Via, text,
};
use wire::Status;

pub struct Mastodon;

const ABOUT: About = About {
    name: "mastodon",
    title: "Mastodon",
    guide: "In the account's preferences, under Development, make a new application with these scopes and copy its access token.",
    rights: &[
        "read:accounts",
        "read:notifications",
        "read:search",
        "read:statuses",
        "write:statuses",
    ],
    fields: &[
        Field {
            name: "server",
            label: "Server",
            hint: "mastodon.example",
            is_secret: false,
            is_required: true,
        },
        Field {
            name: "token",
            label: "Access token",
            hint: "Of an application of this account",
            is_secret: true,
            is_required: true,
        },
        Field {
            name: "tags",
            label: "Hashtags to listen to",
            hint: "ourshop, ourproduct",
            is_secret: false,
            is_required: false,
        },
        Field {
            name: "phrases",
            label: "Phrases to look for",
            hint: "Our Shop; found only where people let their posts be searched",
            is_secret: false,
            is_required: false,
        },
    ],
    verified: Verified::Recorded,
    verified_by: "recorded traffic of Mastodon 4.6, and a stand-in that misbehaves",
};

impl Connector for Mastodon {
    fn about(&self) -> About {
        ABOUT
    }

    fn oauth(&self) -> Option<OAuth> {
        Some(OAuth {
            places: |settings| {
                let base = server(settings.get("server"))?;
                Ok(Places {
                    authorize: format!("{base}/oauth/authorize"),
                    token: format!("{base}/oauth/token"),
                })
            },
            scopes: ABOUT.rights,
            client: Client::Secret,
            has_pkce: true,
            extra: &[],
            into: "token",
            instance: None,
            pasted: &["token"],
            guide: "In the preferences of any account there, under Development, make a new application with these scopes and the address below, and copy its client key and secret.",
        })
    }

    fn account<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Account> {
        Box::pin(async move {
            let server = Server::of(via.settings)?;
            let me: wire::Account = server
                .ask(via, "/api/v1/accounts/verify_credentials", &[])
                .await?;
            // Older servers do not tell; that is no reason not to connect.
            let app = server
                .ask(via, "/api/v1/apps/verify_credentials", &[])
                .await;
            let author = server.author(&me);
            Ok(Account {
                id: author.id,
                handle: author.handle,
                name: author.name,
                url: author.url,
                may: app.map_or_else(|_| Vec::new(), |app: wire::Application| app.scopes),
            })
        })
    }
}

impl Channel for Mastodon {
    fn poll<'a>(
        &'a self,
        via: &'a Via<'a>,
        from: Option<&'a Cursor>,
    ) -> Answer<'a, Page<Incoming>> {
        Box::pin(poll::poll(via, from))
    }

    fn stream(&self, settings: &Settings, _: Option<&Cursor>) -> Option<Result<Request, Fault>> {
        let server = Server::of(settings);
        Some(server.map(|s| {
            s.get("/api/v1/streaming/user")
                .header("accept", "text/event-stream")
        }))
    }

    fn streamed(
        &self,
        settings: &Settings,
        account: &Account,
        buffer: &mut Vec<u8>,
    ) -> Result<Vec<Incoming>, Fault> {
        stream::read(&Server::of(settings)?, account, buffer)
    }

    fn follows(&self, _: &Settings) -> Follows {
        Follows {
            accounts: true,
            tags: true,
            phrases: true,
            note: "Accounts and hashtags are followed as far as this server knows them; phrases are found only in posts of people who let them be searched.",
        }
    }

    fn resolve<'a>(&'a self, via: &'a Via<'a>, account: &'a str) -> Answer<'a, String> {
        Box::pin(async move {
            let server = Server::of(via.settings)?;
            let found = poll::account(&server, via, account).await?;
            Ok(server.author(&found).handle)
        })
    }

    fn once(&self) -> Once {
        // Mastodon keeps a key for an hour, GoToSocial not at all.
        Once::ReadBack
    }

    fn longest(&self) -> usize {
        // 500, of which the name of who is answered takes some.
        450
    }

    fn send<'a>(&'a self, via: &'a Via<'a>, _: &'a Account, out: &'a Outgoing) -> Answer<'a, Sent> {
        Box::pin(send::send(via, out))
    }

    fn find_sent<'a>(
        &'a self,
        via: &'a Via<'a>,
        account: &'a Account,
        out: &'a Outgoing,
    ) -> Answer<'a, Option<Sent>> {
        Box::pin(send::find(via, account, out))
    }

    fn publishes(&self) -> Option<Publishes> {
        Some(Publishes {
            longest: 500,
            counts: Counts::Mastodon,
        })
    }

    fn echo<'a>(
        &'a self,
        via: &'a Via<'a>,
        _: &'a Account,
        ids: &'a [String],
    ) -> Answer<'a, Vec<Echo>> {
        Box::pin(echo::echo(via, ids))
    }
}

/// A server and the key to it.
struct Server {
    base: String,
    host: String,
    token: String,
}

impl Server {
    fn of(settings: &Settings) -> Result<Server, Fault> {
        let base = server(settings.get("server"))?;
        let url = url::Url::parse(&base).ok();
        let host = url.and_then(|u| u.host_str().map(String::from));
        Ok(Server {
            base,
            host: host.unwrap_or_default(),
            token: settings.get("token").trim().into(),
        })
    }

    fn get(&self, path: &str) -> Request {
        Request::get(format!("{}{path}", self.base)).bearer(&self.token)
    }

    async fn answer(&self, via: &Via<'_>, request: Request) -> Result<Response, Fault> {
        let response = via.http.send(request).await?;
        match response.is_success() {
            true => Ok(response),
            false => Err(fault(&response, via.now)),
        }
    }

    async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        via: &Via<'_>,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Fault> {
        self.answer(via, self.get(path).query(query)).await?.read()
    }

    fn author(&self, account: &wire::Account) -> Author {
        let handle = match account.acct.contains('@') {
            true => format!("@{}", account.acct),
            false => format!("@{}@{}", account.acct, self.host),
        };
        Author {
            id: account.id.clone(),
            handle: text::line(&handle),
            name: text::line(&account.display_name),
            url: account.url.clone(),
        }
    }

    /// A post as something that was said; `me` is the id of our account.
    fn incoming(&self, item: &Item<Status>, what: What, me: &str) -> Option<Incoming> {
        let status = item.read.as_ref()?;
        let content = text::of_html(&status.content);
        let warning = text::clean(&status.spoiler_text);
        let is_answer = status.in_reply_to_id.is_some();
        Some(Incoming {
            id: status.id.clone(),
            what,
            at: status.created_at,
            thread: (!is_answer).then(|| status.id.clone()),
            reply_to: status.in_reply_to_id.clone(),
            author: self.author(&status.account),
            is_ours: status.account.id == me,
            is_for_us: status.mentions.iter().any(|m| m.id == me),
            seen: match status.visibility.as_str() {
                "direct" | "private" => Seen::Direct,
                _ => Seen::Public,
            },
            text: match warning.is_empty() {
                true => content,
                false => format!("{warning}\n\n{content}"),
            },
            language: status.language.clone(),
            tags: status.tags.iter().map(|t| text::line(&t.name)).collect(),
            media: status.media_attachments.iter().filter_map(media).collect(),
            url: status.url.clone(),
            raw: item.raw.clone(),
        })
    }
}

fn media(media: &wire::Media) -> Option<Media> {
    let description = media.description.as_deref().unwrap_or("");
    Some(Media {
        url: media.url.clone()?,
        kind: media.kind.clone(),
        description: text::clean(description),
    })
}

/// Servers say what is wrong in the language of the account, so only the status tells what kind it is.
fn fault(response: &Response, now: Micros) -> Fault {
    let error: wire::Error = response.read().unwrap_or_default();
    let said = match error.error_description.is_empty() {
        true => error.error,
        false => error.error_description,
    };
    let said = match said.is_empty() {
        true => format!("status {}", response.status),
        false => text::line(&said),
    };
    let told = response.retry_after(now);
    let until = told.or_else(|| response.resets("x-ratelimit-reset", now));
    match (response.status, until) {
        (429, Some(until)) => Fault::Wait { until, said },
        _ => response.fault(now, said),
    }
}
