//! Posts of a LinkedIn page and the comments under them. LinkedIn gives access to approved apps only, so this was written by the documentation
//! and never tried with the service. Answers to comments are not read, and messages can't be.

mod echo;
mod publish;
mod wire;

#[cfg(any(test, feature = "testing"))]
pub mod stand_in;
#[cfg(test)]
mod tests;

use crate::channel::{Author, Channel, Once, Seen, What};
use crate::http::{Request, Response, segment};
use crate::json::Item;
use crate::oauth::{Client, OAuth, Places, granted};
use crate::publish::{Counts, Echo, Publishes};
use crate::{
    About, Account, Answer, Connector, Cursor, Fault, Field, Incoming, Micros, Outgoing, Page,
    Sent, Verified, Via, text,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use wire::{Comment, List, Organization, Post};

pub struct LinkedIn;

const API: &str = "https://api.linkedin.com/rest";
/// Each is served for a year.
const NEWEST_KNOWN: &str = "202606";
const VERSION: u32 = 1;
const POSTS: &str = "20";
const AT_ONCE: usize = 100;
/// What two clocks may be apart unseen.
const SLACK: i64 = 120_000_000;

const ABOUT: About = About {
    name: "linkedin",
    title: "LinkedIn",
    guide: "Ask LinkedIn for access to its community management API with your app, and sign in to it as an administrator of the page.",
    rights: &[
        "r_organization_social_feed",
        "w_organization_social_feed",
        "r_organization_social",
        "w_organization_social",
        "r_organization_admin",
    ],
    fields: &[
        Field {
            name: "token",
            label: "Access token",
            hint: "Of an administrator of the page",
            is_secret: true,
            is_required: true,
        },
        Field {
            name: "organization",
            label: "Page",
            hint: "Its number, as in the address of its admin view",
            is_secret: false,
            is_required: true,
        },
        Field {
            name: "version",
            label: "Version of the API",
            hint: "Empty, or a month such as 202606",
            is_secret: false,
            is_required: false,
        },
    ],
    verified: Verified::Experimental,
    verified_by: "a stand-in by the documentation that misbehaves",
};

impl Connector for LinkedIn {
    fn about(&self) -> About {
        ABOUT
    }

    fn oauth(&self) -> Option<OAuth> {
        Some(OAuth {
            places: |_| {
                Ok(Places {
                    authorize: "https://www.linkedin.com/oauth/v2/authorization".into(),
                    token: "https://www.linkedin.com/oauth/v2/accessToken".into(),
                })
            },
            scopes: ABOUT.rights,
            client: Client::Secret,
            // Its flow for apps with a secret takes a verifier for a wrong secret.
            has_pkce: false,
            extra: &[],
            into: "token",
            instance: None,
            pasted: &["token"],
            guide: "In the developer portal, add the address below to the app's redirect URLs, and copy its client ID and secret. Most apps get no refresh token: sign in again every 60 days.",
        })
    }

    fn account<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Account> {
        Box::pin(async move {
            let path = format!("organizations/{}", segment(number(via)));
            let page: Organization = ask(via, call(via, &path)).await?.read()?;
            let vanity = text::line(&page.vanity);
            Ok(Account {
                id: format!("urn:li:organization:{}", page.id),
                url: Some(format!(
                    "https://www.linkedin.com/company/{}",
                    segment(&vanity)
                )),
                handle: vanity,
                name: text::line(&page.name),
                may: granted(via.settings),
            })
        })
    }
}

impl Channel for LinkedIn {
    fn poll<'a>(
        &'a self,
        via: &'a Via<'a>,
        from: Option<&'a Cursor>,
    ) -> Answer<'a, Page<Incoming>> {
        Box::pin(poll(via, from))
    }

    fn once(&self) -> Once {
        Once::ReadBack
    }

    fn longest(&self) -> usize {
        1250
    }

    fn send<'a>(&'a self, via: &'a Via<'a>, _: &'a Account, out: &'a Outgoing) -> Answer<'a, Sent> {
        Box::pin(send(via, out))
    }

    fn find_sent<'a>(
        &'a self,
        via: &'a Via<'a>,
        _: &'a Account,
        out: &'a Outgoing,
    ) -> Answer<'a, Option<Sent>> {
        Box::pin(find(via, out))
    }

    fn publishes(&self) -> Option<Publishes> {
        Some(Publishes {
            longest: 3000,
            counts: Counts::Characters,
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

#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    posts: BTreeMap<String, Read>,
}

/// How many comments there were when a post was read to its end, and where reading goes on.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Read {
    total: usize,
    start: usize,
}

async fn poll(via: &Via<'_>, from: Option<&Cursor>) -> Result<Page<Incoming>, Fault> {
    let known = from.filter(|c| c.version == VERSION);
    let known = known.and_then(|c| State::deserialize(&c.state).ok());
    let mut state = known.unwrap_or_default();
    let us = us(via);
    let query = [
        ("q", "author"),
        ("author", us.as_str()),
        ("count", POSTS),
        ("sortBy", "LAST_MODIFIED"),
    ];
    let posts: List<Post> = ask(via, call(via, "posts").query(&query)).await?.read()?;
    let posts: Vec<Post> = posts.elements.into_iter().filter_map(|i| i.read).collect();
    state
        .posts
        .retain(|urn, _| posts.iter().any(|p| p.id == *urn));
    let (mut items, mut has_more) = (Vec::new(), false);
    for post in posts {
        let read = state.posts.entry(post.id.clone()).or_default();
        let list = comments(via, &post.id, read.start).await?;
        items.extend(
            list.elements
                .iter()
                .filter_map(|i| incoming(&us, &post.id, i)),
        );
        let end = read.start + list.elements.len().min(AT_ONCE);
        let total = list.paging.total.unwrap_or(end);
        // Where there are as many as before, the first of them are looked at, for what was changed.
        let is_done = list.elements.is_empty() || end >= total || total == read.total;
        *read = match is_done {
            true => Read { total, start: 0 },
            false => Read {
                start: end,
                ..*read
            },
        };
        has_more |= !is_done;
    }
    items.sort_by_key(|item| item.at);
    Ok(Page {
        items,
        has_more,
        cursor: Cursor {
            version: VERSION,
            state: serde_json::to_value(&state).map_err(|e| Fault::Strange(e.to_string()))?,
        },
        wait_until: None,
    })
}

async fn comments(via: &Via<'_>, urn: &str, start: usize) -> Result<List<Comment>, Fault> {
    let path = format!("socialActions/{}/comments", segment(urn));
    let (start, count) = (start.to_string(), AT_ONCE.to_string());
    let call = call(via, &path).query(&[("start", &start), ("count", &count)]);
    ask(via, call).await?.read()
}

fn incoming(us: &str, post: &str, item: &Item<Comment>) -> Option<Incoming> {
    let comment = item.read.as_ref()?;
    let is_edited = comment
        .last_modified
        .as_ref()
        .is_some_and(|m| m.time > comment.created.time);
    let is_ours = comment.actor == us;
    Some(Incoming {
        what: if is_edited { What::Edited } else { What::Said },
        thread: Some(post.into()),
        reply_to: comment.parent_comment.clone(),
        author: Author {
            id: comment.actor.clone(),
            ..Author::default()
        },
        is_ours,
        is_for_us: !is_ours,
        seen: Seen::Public,
        text: text::clean(&comment.message.text),
        url: Some(shown(post)),
        raw: item.raw.clone(),
        ..Incoming::deleted(&comment.comment_urn, moment(comment.created.time))
    })
}

fn moment(milliseconds: i64) -> Micros {
    milliseconds.saturating_mul(1000)
}

async fn send(via: &Via<'_>, out: &Outgoing) -> Result<Sent, Fault> {
    let Some(post) = out.thread.as_deref() else {
        return publish::publish(via, out).await;
    };
    let mut body = json!({ "actor": us(via), "object": post, "message": { "text": out.text } });
    if let Some(comment) = &out.reply_to {
        body["parentComment"] = json!(comment);
    }
    let to = call(via, &format!("socialActions/{}/comments", segment(post)));
    let mut request = Request::json(&to.url, &body);
    request.headers.extend(to.headers);
    let comment: Comment = ask(via, request).await?.read()?;
    Ok(sent(post, comment))
}

fn sent(post: &str, comment: Comment) -> Sent {
    Sent {
        id: comment.comment_urn,
        url: Some(shown(post)),
    }
}

fn shown(post: &str) -> String {
    format!("https://www.linkedin.com/feed/update/{}", segment(post))
}

/// Among the answers to the comment, or the comments on the post.
async fn find(via: &Via<'_>, out: &Outgoing) -> Result<Option<Sent>, Fault> {
    let Some(post) = out.thread.as_deref() else {
        return publish::find(via, out).await;
    };
    let us = us(via);
    let place = out.reply_to.as_deref().unwrap_or(post);
    let path = format!("socialActions/{}/comments", segment(place));
    let count = AT_ONCE.to_string();
    let answer = ask(
        via,
        call(via, &path).query(&[("start", "0"), ("count", &count)]),
    )
    .await?;
    let list: List<Comment> = answer.read()?;
    let mut comments = list.elements.into_iter().filter_map(|i| i.read);
    let found = comments.find(|c| {
        let at = answer.on_our_clock(moment(c.created.time), via.now);
        let is_same = c
            .message
            .text
            .split_whitespace()
            .eq(out.text.split_whitespace());
        c.actor == us && is_same && at >= out.since - SLACK
    });
    Ok(found.map(|comment| sent(post, comment)))
}

fn number<'a>(via: &Via<'a>) -> &'a str {
    let filled_in = via.settings.get("organization").trim();
    filled_in.rsplit(':').next().unwrap_or(filled_in)
}

fn us(via: &Via<'_>) -> String {
    format!("urn:li:organization:{}", number(via))
}

fn call(via: &Via<'_>, path: &str) -> Request {
    let version = match via.settings.get("version").trim() {
        "" => NEWEST_KNOWN,
        other => other,
    };
    let request = Request::get(format!("{API}/{path}")).bearer(via.settings.get("token").trim());
    let request = request.header("linkedin-version", version);
    request.header("x-restli-protocol-version", "2.0.0")
}

async fn ask(via: &Via<'_>, request: Request) -> Result<Response, Fault> {
    let response = via.http.send(request).await?;
    if response.is_success() {
        return Ok(response);
    }
    let error: wire::Error = response.read().unwrap_or_default();
    let said = match error.message.is_empty() {
        true => format!("status {} {}", response.status, text::line(&error.code)),
        false => text::line(&error.message),
    };
    Err(response.fault(via.now, said))
}
