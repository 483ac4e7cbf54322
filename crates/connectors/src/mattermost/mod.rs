//! Mattermost: one channel. An outgoing webhook tells what is said at once; the poll asks for what has changed, and so it learns of
//! edits and deletions too.

mod wire;

#[cfg(any(test, feature = "testing"))]
pub mod stand_in;
#[cfg(test)]
mod tests;

use crate::channel::{Author, Channel, Command, Delivered, Delivery, Once, Seen, What};
use crate::field::COMMANDS;
use crate::http::{Request, Response, segment, server};
use crate::json::Item;
use crate::{
    About, Account, Answer, Connector, Cursor, Fault, Field, Incoming, Micros, Outgoing, Page,
    Sent, Settings, Verified, Via, sign, text,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use wire::{Post, Posts, Told, User};

pub struct Mattermost;

const VERSION: u32 = 1;

const ABOUT: About = About {
    name: "mattermost",
    title: "Mattermost",
    guide: "Make a bot account, add it to the channel, and copy its token. For less delay, make an outgoing webhook of the channel with the address shown here, and copy its token too.",
    rights: &["a bot account that may read and post in the channel"],
    fields: &[
        Field {
            name: "server",
            label: "Server",
            hint: "https://chat.example",
            is_secret: false,
            is_required: true,
        },
        Field {
            name: "token",
            label: "Token of the bot",
            hint: "Shown once, when the bot is made",
            is_secret: true,
            is_required: true,
        },
        Field {
            name: "channel",
            label: "Channel",
            hint: "Its id: under View info",
            is_secret: false,
            is_required: true,
        },
        Field {
            name: "hook_token",
            label: "Token of the outgoing webhook",
            hint: "Without it nothing is taken that is delivered",
            is_secret: true,
            is_required: false,
        },
        Field {
            name: "command_token",
            label: "Token of the slash command",
            hint: "Of a command /tenon with the same address, if colleagues are to type it",
            is_secret: true,
            is_required: false,
        },
        COMMANDS,
    ],
    verified: Verified::Experimental,
    verified_by: "a stand-in by the documentation that misbehaves",
};

impl Connector for Mattermost {
    fn about(&self) -> About {
        ABOUT
    }

    fn account<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Account> {
        Box::pin(async move {
            let me: User = ask(via, call(via, "users/me")?).await?.read()?;
            Ok(Account {
                handle: format!("@{}", text::line(&me.username)),
                name: text::line(&me.nickname),
                id: me.id,
                ..Account::default()
            })
        })
    }
}

impl Channel for Mattermost {
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
        now: Micros,
    ) -> Option<Result<Delivered, Fault>> {
        let told = told(delivery);
        let genuine = sign::token(settings.get("hook_token").trim(), &told.token);
        Some(genuine.map(|()| {
            Delivered::Said(
                said(account, &told, delivery.body, now)
                    .into_iter()
                    .collect(),
            )
        }))
    }

    fn command(
        &self,
        settings: &Settings,
        delivery: &Delivery,
        _: Micros,
    ) -> Option<Result<Command, Fault>> {
        let fields = crate::command::fields(delivery)?;
        let genuine = sign::token(settings.get("command_token").trim(), &fields.get("token"));
        Some(genuine.map(|()| Command {
            key: fields.get("trigger_id"),
            ..fields.command()
        }))
    }

    fn email_of<'a>(&'a self, via: &'a Via<'a>, user: &'a str) -> Answer<'a, Option<String>> {
        Box::pin(async move {
            let path = format!("users/{}", segment(user));
            let user: User = ask(via, call(via, &path)?).await?.read()?;
            let is_person = !user.is_bot && user.delete_at == 0;
            Ok(Some(user.email).filter(|e| is_person && !e.is_empty()))
        })
    }

    fn once(&self) -> Once {
        // The server knows a key for seconds only.
        Once::ReadBack
    }

    fn longest(&self) -> usize {
        4000
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
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    me: String,
    /// The last change that was read, in milliseconds.
    since: i64,
}

async fn poll(via: &Via<'_>, from: Option<&Cursor>) -> Result<Page<Incoming>, Fault> {
    let known = from.filter(|c| c.version == VERSION);
    let known = known.and_then(|c| State::deserialize(&c.state).ok());
    let mut state = known.unwrap_or_default();
    if state.me.is_empty() {
        let me: User = ask(via, call(via, "users/me")?).await?.read()?;
        state.me = me.id;
    }
    // One before the last: a second change may have come in the same millisecond.
    let since = (state.since - 1).to_string();
    let query = match state.since {
        0 => ("per_page", "200"),
        _ => ("since", since.as_str()),
    };
    let path = format!(
        "channels/{}/posts",
        segment(via.settings.get("channel").trim())
    );
    let list: Posts = ask(via, call(via, &path)?.query(&[query])).await?.read()?;
    let posts = list
        .posts
        .values()
        .filter_map(|i| Some((i, i.read.as_ref()?)));
    let people = people(via, posts.clone().map(|(_, p)| p.user_id.as_str())).await;
    let changes = posts.clone().map(|(_, p)| p.update_at.max(p.delete_at));
    // Where nothing was said yet, what comes next is new.
    state.since = changes.fold(state.since.max(1), i64::max);
    let mut items: Vec<Incoming> = posts
        .filter_map(|(item, post)| incoming(&state.me, &people, item, post))
        .collect();
    items.sort_by_key(|item| item.at);
    Ok(Page {
        items,
        has_more: false,
        cursor: Cursor {
            version: VERSION,
            state: serde_json::to_value(&state).map_err(|e| Fault::Strange(e.to_string()))?,
        },
        wait_until: None,
    })
}

/// What people are called; without it they have no names, and nothing is held up.
async fn people(via: &Via<'_>, ids: impl Iterator<Item = &str>) -> BTreeMap<String, User> {
    let ids: std::collections::BTreeSet<&str> = ids.take(1000).collect();
    let Ok(request) = call(via, "users/ids") else {
        return BTreeMap::new();
    };
    if ids.is_empty() {
        return BTreeMap::new();
    }
    let token = via.settings.get("token").trim();
    let request = Request::json(request.url, &json!(ids)).bearer(token);
    let found = ask(via, request)
        .await
        .and_then(|r| r.read::<Vec<Item<User>>>());
    let found = found.into_iter().flatten().filter_map(|i| i.read);
    found.map(|user| (user.id.clone(), user)).collect()
}

fn incoming(
    me: &str,
    people: &BTreeMap<String, User>,
    item: &Item<Post>,
    post: &Post,
) -> Option<Incoming> {
    let at = moment(post.create_at);
    if post.delete_at > 0 {
        return Some(Incoming {
            raw: item.raw.clone(),
            ..Incoming::deleted(&post.id, at)
        });
    }
    // Others tell who came and went.
    if !post.kind.is_empty() {
        return None;
    }
    let root = Some(&post.root_id).filter(|r| !r.is_empty());
    let author = people.get(&post.user_id);
    let is_ours = post.user_id == me;
    Some(Incoming {
        what: if post.edit_at > 0 {
            What::Edited
        } else {
            What::Said
        },
        thread: Some(root.unwrap_or(&post.id).clone()),
        reply_to: root.cloned(),
        author: Author {
            id: post.user_id.clone(),
            handle: format!(
                "@{}",
                author.map_or_else(String::new, |a| text::line(&a.username))
            ),
            name: author.map_or_else(String::new, |a| text::line(&a.nickname)),
            url: None,
        },
        is_ours,
        is_for_us: !is_ours,
        text: text::clean(&post.message),
        raw: item.raw.clone(),
        ..Incoming::deleted(&post.id, at)
    })
}

fn told(delivery: &Delivery) -> Told {
    if let Ok(told) = serde_json::from_slice(delivery.body) {
        return told;
    }
    let mut told = Told::default();
    for (name, value) in form_urlencoded::parse(delivery.body) {
        match name.as_ref() {
            "token" => told.token = value.into_owned(),
            "post_id" => told.post_id = value.into_owned(),
            "user_id" => told.user_id = value.into_owned(),
            "user_name" => told.user_name = value.into_owned(),
            "text" => told.text = value.into_owned(),
            "timestamp" => told.timestamp = value.parse().unwrap_or(0),
            _ => (),
        }
    }
    told
}

/// The hook does not tell the thread: the poll does, under the same id.
fn said(account: &Account, told: &Told, body: &[u8], now: Micros) -> Option<Incoming> {
    let at = if told.timestamp > 0 {
        moment(told.timestamp)
    } else {
        now
    };
    let is_ours = told.user_id == account.id;
    (!told.post_id.is_empty()).then(|| Incoming {
        what: What::Said,
        author: Author {
            id: told.user_id.clone(),
            handle: format!("@{}", text::line(&told.user_name)),
            ..Author::default()
        },
        is_ours,
        is_for_us: !is_ours,
        seen: Seen::Public,
        text: text::clean(&told.text),
        raw: String::from_utf8_lossy(body).into_owned(),
        ..Incoming::deleted(&told.post_id, at)
    })
}

async fn send(via: &Via<'_>, account: &Account, out: &Outgoing) -> Result<Sent, Fault> {
    let body = json!({
        "channel_id": via.settings.get("channel").trim(),
        "message": out.text,
        "root_id": root(out),
        "pending_post_id": format!("{}:{}", account.id, out.key),
        "props": { "tenon_key": out.key },
    });
    let request = Request::json(call(via, "posts")?.url, &body);
    let request = request.bearer(via.settings.get("token").trim());
    let post: Post = ask(via, request).await?.read()?;
    Ok(Sent {
        id: post.id,
        url: None,
    })
}

/// In the thread, or among the last of the channel.
async fn find(via: &Via<'_>, account: &Account, out: &Outgoing) -> Result<Option<Sent>, Fault> {
    let request = match root(out) {
        "" => {
            let path = format!(
                "channels/{}/posts",
                segment(via.settings.get("channel").trim())
            );
            call(via, &path)?.query(&[("per_page", "200")])
        }
        root => call(via, &format!("posts/{}/thread", segment(root)))?,
    };
    let list: Posts = ask(via, request).await?.read()?;
    let mut posts = list.posts.into_values().filter_map(|i| i.read);
    // Anybody may put a key there, so it counts on our own posts only.
    let found = posts.find(|p| p.user_id == account.id && p.props.tenon_key == out.key);
    Ok(found.map(|post| Sent {
        id: post.id,
        url: None,
    }))
}

fn root(out: &Outgoing) -> &str {
    let first = out.thread.as_deref().or(out.reply_to.as_deref());
    first.unwrap_or("")
}

fn moment(milliseconds: i64) -> Micros {
    milliseconds.saturating_mul(1000)
}

fn call(via: &Via<'_>, path: &str) -> Result<Request, Fault> {
    let base = server(via.settings.get("server"))?;
    let request = Request::get(format!("{base}/api/v4/{path}"));
    Ok(request.bearer(via.settings.get("token").trim()))
}

async fn ask(via: &Via<'_>, request: Request) -> Result<Response, Fault> {
    let response = via.http.send(request).await?;
    if response.is_success() {
        return Ok(response);
    }
    let error: wire::Error = response.read().unwrap_or_default();
    let said = match error.message.is_empty() {
        true => format!("status {} {}", response.status, text::line(&error.id)),
        false => text::line(&error.message),
    };
    Err(response.fault(via.now, said))
}
