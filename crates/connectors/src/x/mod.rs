//! X: mentions by poll, and by the account activity where it is subscribed to. Its names are those of the published description of the
//! API v2.

mod activity;
mod echo;
mod filtered;
mod search;
mod wire;

#[cfg(any(test, feature = "testing"))]
pub mod stand_in;
#[cfg(test)]
mod tests;

use crate::back::Back;
use crate::channel::{Author, Channel, Delivered, Delivery, Media, Once, Seen, What};
use crate::follow::{self, Budget, Follows};
use crate::http::{Request, Response, segment};
use crate::json::Item;
use crate::oauth::{Client, OAuth, Places, granted};
use crate::publish::{Counts, Echo, Publishes};
use crate::{
    About, Account, Answer, Connector, Cursor, Fault, Field, Incoming, Micros, Outgoing, Page,
    Sent, Settings, Verified, Via, sign, text,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use wire::{Entities, Includes, List, Post};

pub struct X;

const API: &str = "https://api.x.com";
const VERSION: u32 = 1;
/// What is asked for of each post, beside its id and text.
const FIELDS: [(&str, &str); 4] = [
    (
        "post.fields",
        "attachments,conversation_id,created_at,entities,lang,note_post",
    ),
    (
        "expansions",
        "attachments.media_keys,author_id,edit_history_post_ids,referenced_posts",
    ),
    ("user.fields", "name,username"),
    ("media.fields", "alt_text,preview_image_url,type,url"),
];
/// What two clocks may be apart unseen.
const SLACK: i64 = 120_000_000;
const PAGES: usize = 3;

const ABOUT: About = About {
    name: "x",
    title: "X",
    guide: "Make an app in the developer portal with access to read and write, and sign in to it with the account. X counts and bills what is read.",
    rights: &["tweet.read", "tweet.write", "users.read", "offline.access"],
    fields: &[
        Field {
            name: "token",
            label: "Access token of the user",
            hint: "OAuth 2.0, of this account",
            is_secret: true,
            is_required: true,
        },
        Field {
            name: "consumer_secret",
            label: "Consumer secret",
            hint: "Of the app; without it nothing is taken that X delivers",
            is_secret: true,
            is_required: false,
        },
        Field {
            name: "app_token",
            label: "Bearer token of the app",
            hint: "With it what is listened for is told at once (filtered stream); without it within two minutes",
            is_secret: true,
            is_required: false,
        },
        Field {
            name: "reads_a_month",
            label: "Posts that listening may read in a month",
            hint: "500 where it is left empty; each is billed. What is said to the account is read all the same.",
            is_secret: false,
            is_required: false,
        },
    ],
    verified: Verified::Contract,
    verified_by: "the published description of API v2, and a stand-in that misbehaves",
};

impl Connector for X {
    fn about(&self) -> About {
        ABOUT
    }

    fn oauth(&self) -> Option<OAuth> {
        Some(OAuth {
            places: |_| {
                Ok(Places {
                    authorize: "https://x.com/i/oauth2/authorize".into(),
                    token: format!("{API}/2/oauth2/token"),
                })
            },
            scopes: ABOUT.rights,
            client: Client::SecretOrPublic,
            has_pkce: true,
            extra: &[],
            into: "token",
            instance: None,
            pasted: &["token"],
            guide: "In the developer portal, set up user authentication of the app with read and write and the address below, and copy its OAuth 2.0 client ID and secret.",
        })
    }

    fn account<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Account> {
        Box::pin(async move {
            let author = author(&me(via).await?);
            Ok(Account {
                id: author.id,
                handle: author.handle,
                name: author.name,
                url: author.url,
                may: granted(via.settings),
            })
        })
    }
}

impl Channel for X {
    fn poll<'a>(
        &'a self,
        via: &'a Via<'a>,
        from: Option<&'a Cursor>,
    ) -> Answer<'a, Page<Incoming>> {
        Box::pin(poll(via, from))
    }

    fn deliver(
        &self,
        settings: &Settings,
        account: &Account,
        delivery: &Delivery,
        _: Micros,
    ) -> Option<Result<Delivered, Fault>> {
        let secret = settings.get("consumer_secret").trim();
        if delivery.method == "GET" {
            let token = delivery.query("crc_token");
            let answer = sign::x_answer(secret, &token);
            return Some(answer.map(|answer| Delivered::Handshake("application/json", answer)));
        }
        let genuine = sign::x(secret, delivery);
        Some(genuine.and_then(|()| activity::read(account, delivery.body)))
    }

    fn stream(&self, settings: &Settings, from: Option<&Cursor>) -> Option<Result<Request, Fault>> {
        filtered::request(settings, &State::of(from)).map(Ok)
    }

    fn streamed(
        &self,
        _: &Settings,
        account: &Account,
        buffer: &mut Vec<u8>,
    ) -> Result<Vec<Incoming>, Fault> {
        Ok(filtered::read(account, buffer))
    }

    fn follows(&self, _: &Settings) -> Follows {
        Follows {
            accounts: true,
            tags: true,
            phrases: true,
            note: "Found at once where the app has a stream, otherwise within two minutes by the search of the last seven days. X bills each post that is read: when what the connection allows for a month is used up, listening waits for the next.",
        }
    }

    fn resolve<'a>(&'a self, via: &'a Via<'a>, account: &'a str) -> Answer<'a, String> {
        Box::pin(search::resolve(via, account))
    }

    fn budget(&self, settings: &Settings, from: Option<&Cursor>, now: Micros) -> Option<Budget> {
        let state = State::of(from);
        let month = follow::month(now);
        let spent = Some(state.spent).filter(|s| s.month == month);
        let spent = spent.unwrap_or_default();
        Some(Budget {
            month,
            read: spent.read,
            found: spent.found,
            most: search::most(settings),
        })
    }

    fn once(&self) -> Once {
        Once::ReadBack
    }

    fn longest(&self) -> usize {
        280
    }

    fn send<'a>(
        &'a self,
        via: &'a Via<'a>,
        account: &'a Account,
        out: &'a Outgoing,
    ) -> Answer<'a, Sent> {
        Box::pin(send(via, account, out))
    }

    fn find_sent<'a>(
        &'a self,
        via: &'a Via<'a>,
        account: &'a Account,
        out: &'a Outgoing,
    ) -> Answer<'a, Option<Sent>> {
        Box::pin(find(via, account, out))
    }

    fn publishes(&self) -> Option<Publishes> {
        Some(Publishes {
            longest: 280,
            counts: Counts::X,
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
    me: String,
    back: Back,
    #[serde(default)]
    search: search::State,
    #[serde(default)]
    filtered: filtered::State,
    #[serde(default)]
    spent: Spent,
}

/// Posts that were read in a month, and those of them by searching.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Spent {
    month: String,
    read: u64,
    found: u64,
}

impl State {
    fn of(from: Option<&Cursor>) -> State {
        let known = from.filter(|c| c.version == VERSION);
        let known = known.and_then(|c| State::deserialize(&c.state).ok());
        known.unwrap_or_default()
    }
}

async fn poll(via: &Via<'_>, from: Option<&Cursor>) -> Result<Page<Incoming>, Fault> {
    let mut state = State::of(from);
    let month = follow::month(via.now);
    if state.spent.month != month {
        state.spent = Spent {
            month,
            ..Spent::default()
        };
    }
    if state.me.is_empty() {
        state.me = me(via).await?.id;
    }
    let since = state.back.upto().to_string();
    let mut query = vec![("max_results", "100")];
    query.extend(state.back.page().map(|page| ("pagination_token", page)));
    if state.back.upto() > 0 {
        query.push(("since_id", &since));
    }
    let path = format!("/2/users/{}/mentions", segment(&state.me));
    let answer = ask(via, call(via, &path).query(&query).query(&FIELDS)).await;
    let (mut items, mut has_more) = (Vec::new(), true);
    if !(matches!(answer, Err(Fault::Refused(_))) && state.back.lost_its_page()) {
        let list: List = answer?.read()?;
        state.spent.read += list.data.len() as u64;
        let read = list.data.iter().filter_map(|i| i.read.as_ref());
        let marks: Vec<u64> = read.filter_map(|p| p.id.parse().ok()).collect();
        items.extend(
            list.data
                .iter()
                .filter_map(|i| incoming(&state.me, &list.includes, i)),
        );
        has_more = state.back.read(&marks, list.meta.next_token);
    }
    if !has_more {
        filtered::keep_rules(via, &mut state).await;
        let (found, more) = search::read(via, &mut state).await?;
        has_more |= more;
        for item in found {
            if items.iter().all(|i| i.id != item.id) {
                items.push(item);
            }
        }
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

fn incoming(me: &str, includes: &Includes, item: &Item<Post>) -> Option<Incoming> {
    let post = item
        .read
        .as_ref()
        .filter(|p| p.refers("retweeted").is_none())?;
    let users = includes.users.iter().filter_map(|u| u.read.as_ref());
    let mut users = users.filter(|u| u.id == post.author_id);
    let author = author(&users.next().cloned().unwrap_or_else(|| wire::User {
        id: post.author_id.clone(),
        ..wire::User::default()
    }));
    let media = includes.media.iter().filter_map(|m| m.read.as_ref());
    let media = media.filter(|m| post.attachments.media_keys.contains(&m.media_key));
    let id = post.first_id();
    let long = post
        .note_post
        .as_ref()
        .map_or(&post.text, |note| &note.text);
    let is_ours = post.author_id == me;
    Some(Incoming {
        what: if id == post.id {
            What::Said
        } else {
            What::Edited
        },
        thread: post.conversation_id.clone(),
        reply_to: post.refers("replied_to").map(String::from),
        url: shown(&author.handle, &post.id),
        author,
        is_ours,
        is_for_us: !is_ours,
        seen: Seen::Public,
        text: plain(long, &post.entities),
        language: post.lang.clone(),
        tags: post
            .entities
            .hashtags
            .iter()
            .map(|t| text::line(&t.tag))
            .collect(),
        media: media.filter_map(attached).collect(),
        raw: item.raw.clone(),
        ..Incoming::deleted(id, post.created_at)
    })
}

fn attached(media: &wire::Media) -> Option<Media> {
    let url = media.url.as_ref().or(media.preview_image_url.as_ref())?;
    Some(Media {
        url: url.clone(),
        kind: media.kind.clone(),
        description: text::clean(&media.alt_text),
    })
}

fn author(user: &wire::User) -> Author {
    let name = text::line(&user.username);
    Author {
        id: user.id.clone(),
        url: Some(format!("https://x.com/i/user/{}", segment(&user.id))),
        name: text::line(&user.name),
        handle: format!("@{name}"),
    }
}

fn shown(handle: &str, id: &str) -> Option<String> {
    let who = match handle.trim_start_matches('@') {
        "" => "i",
        name => name,
    };
    Some(format!("https://x.com/{who}/status/{id}"))
}

/// A text with its links whole and without the entities that three characters come as.
fn plain(text: &str, entities: &Entities) -> String {
    let mut whole = text.to_string();
    for link in entities.urls.iter().take(50).filter(|l| l.url.len() > 8) {
        if let Some(expanded) = &link.expanded_url {
            whole = whole.replace(&link.url, expanded);
        }
    }
    let whole = whole.replace("&lt;", "<").replace("&gt;", ">");
    text::clean(&whole.replace("&amp;", "&"))
}

async fn send(via: &Via<'_>, account: &Account, out: &Outgoing) -> Result<Sent, Fault> {
    let mut body = json!({ "text": out.text });
    if let Some(id) = &out.reply_to {
        body["reply"] = json!({ "in_reply_to_tweet_id": id });
    }
    let request = Request::json(format!("{API}/2/tweets"), &body);
    let request = request.bearer(via.settings.get("token").trim());
    let created: wire::Created = ask(via, request).await?.read()?;
    Ok(sent(account, created.data.id))
}

fn sent(account: &Account, id: String) -> Sent {
    Sent {
        url: shown(&account.handle, &id),
        id,
    }
}

/// Among our own last posts: the same words to the same post.
async fn find(via: &Via<'_>, account: &Account, out: &Outgoing) -> Result<Option<Sent>, Fault> {
    let path = format!("/2/users/{}/tweets", segment(&account.id));
    let wanted = words(&out.text);
    let mut page: Option<String> = None;
    for _ in 0..PAGES {
        let mut query = vec![("max_results", "100")];
        query.extend(page.as_deref().map(|p| ("pagination_token", p)));
        let answer = ask(via, call(via, &path).query(&query).query(&FIELDS)).await?;
        let list: List = answer.read()?;
        let posts: Vec<&Post> = list.data.iter().filter_map(|i| i.read.as_ref()).collect();
        let is_since = |p: &Post| answer.on_our_clock(p.created_at, via.now) >= out.since - SLACK;
        let is_it = |p: &&&Post| {
            let is_answer = p.refers("replied_to") == out.reply_to.as_deref();
            is_since(p) && is_answer && words(&plain(&p.text, &p.entities)) == wanted
        };
        if let Some(found) = posts.iter().find(is_it) {
            return Ok(Some(sent(account, found.id.clone())));
        }
        page = list.meta.next_token;
        if page.is_none() || !posts.iter().all(|p| is_since(p)) {
            break;
        }
    }
    Ok(None)
}

/// A text as it is compared: X puts who is answered before it.
fn words(text: &str) -> Vec<&str> {
    let words = text.split_whitespace();
    words.skip_while(|w| w.starts_with('@')).collect()
}

async fn me(via: &Via<'_>) -> Result<wire::User, Fault> {
    let call = call(via, "/2/users/me").query(&[("user.fields", "name,username")]);
    let me: wire::Me = ask(via, call).await?.read()?;
    Ok(me.data)
}

fn call(via: &Via<'_>, path: &str) -> Request {
    let request = Request::get(format!("{API}{path}"));
    request.bearer(via.settings.get("token").trim())
}

async fn ask(via: &Via<'_>, request: Request) -> Result<Response, Fault> {
    let response = via.http.send(request).await?;
    match response.is_success() {
        true => Ok(response),
        false => Err(fault(&response, via.now)),
    }
}

fn fault(response: &Response, now: Micros) -> Fault {
    let problem: wire::Problem = response.read().unwrap_or_default();
    let said = match problem.detail.is_empty() {
        true => format!("status {} {}", response.status, text::line(&problem.title)),
        false => text::line(&problem.detail),
    };
    let told = response.retry_after(now);
    let until = told.or_else(|| response.resets("x-rate-limit-reset", now));
    match (response.status, until) {
        (429, Some(until)) => Fault::Wait { until, said },
        // The same words twice are not a matter of rights.
        (403, _) if said.contains("duplicate") => Fault::Refused(said),
        _ => response.fault(now, said),
    }
}
