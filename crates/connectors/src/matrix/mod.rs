//! Matrix: the rooms that an account is in. A room is a thread. Rooms that are encrypted can't be read, and are passed over.

mod poll;
mod wire;

#[cfg(any(test, feature = "testing"))]
pub mod stand_in;
#[cfg(test)]
mod tests;

use crate::channel::{Channel, Once};
use crate::http::{Request, Response, segment, server};
use crate::network::Place;
use crate::{
    About, Account, Answer, Connector, Cursor, Fault, Field, Incoming, Micros, Outgoing, Page,
    Sent, Settings, Verified, Via, text,
};
use serde::de::DeserializeOwned;
use serde_json::json;

pub struct Matrix;

const ABOUT: About = About {
    name: "matrix",
    title: "Matrix",
    guide: "Make an account for this on your homeserver, sign in once to get its access token, and join the rooms it is to hear with any client. They must not be encrypted.",
    rights: &["an account of its own, without any rights in rooms but to speak"],
    fields: &[
        Field {
            name: "server",
            label: "Homeserver",
            hint: "https://matrix.example",
            is_secret: false,
            is_required: true,
        },
        Field {
            name: "token",
            label: "Access token",
            hint: "Of the account, and of no other device",
            is_secret: true,
            is_required: true,
        },
        Field {
            name: "room",
            label: "Room for what is no answer",
            hint: "!id:matrix.example",
            is_secret: false,
            is_required: false,
        },
    ],
    verified: Verified::Live,
    verified_by: "Synapse 1.163, and a stand-in that misbehaves",
};

impl Connector for Matrix {
    fn about(&self) -> About {
        ABOUT
    }

    fn account<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Account> {
        Box::pin(async move {
            let me: wire::Me = Server::of(via.settings)?
                .ask(via, "account/whoami", &[])
                .await?;
            let handle = text::line(&me.user_id);
            Ok(Account {
                id: me.user_id,
                name: handle.clone(),
                handle,
                ..Account::default()
            })
        })
    }
}

impl Channel for Matrix {
    fn poll<'a>(
        &'a self,
        via: &'a Via<'a>,
        from: Option<&'a Cursor>,
    ) -> Answer<'a, Page<Incoming>> {
        Box::pin(poll::poll(via, from))
    }

    fn stream(&self, settings: &Settings, from: Option<&Cursor>) -> Option<Result<Request, Fault>> {
        let since = poll::since(from?)?;
        let server = Server::of(settings);
        Some(server.map(|server| {
            let query = [
                ("timeout", "30000"),
                ("filter", poll::FILTER),
                ("since", since.as_str()),
            ];
            server.get("sync").bearer(&server.token).query(&query)
        }))
    }

    fn has_rooms(&self) -> bool {
        true
    }

    fn rooms<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Vec<Place>> {
        Box::pin(rooms(via))
    }

    fn once(&self) -> Once {
        // The number of the transaction would do, but servers keep it for each token: with a new one it is sent anew.
        Once::ReadBack
    }

    fn longest(&self) -> usize {
        // An event has 64 kB at most; a character may have twelve of its bytes when written as JSON.
        4000
    }

    fn send<'a>(&'a self, via: &'a Via<'a>, _: &'a Account, out: &'a Outgoing) -> Answer<'a, Sent> {
        Box::pin(send(via, out))
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

/// Pages that are read back at most; each has a hundred of our own messages.
const PAGES: usize = 10;
/// Rooms that are told of.
const ROOMS: usize = 200;
/// Clocks of servers differ.
const SKEW: Micros = 600_000_000;

fn room<'a>(via: &Via<'a>, out: &'a Outgoing) -> Result<&'a str, Fault> {
    let room = out.thread.as_deref();
    match room.unwrap_or_else(|| via.settings.get("room").trim()) {
        "" => Err(Fault::Refused(
            "no room was filled in for what is no answer".into(),
        )),
        room => Ok(room),
    }
}

/// The rooms the account has joined, with their names where they have one.
async fn rooms(via: &Via<'_>) -> Result<Vec<Place>, Fault> {
    let server = Server::of(via.settings)?;
    let joined: wire::Joined = server.ask(via, "joined_rooms", &[]).await?;
    let mut rooms = Vec::new();
    for id in joined.joined_rooms.into_iter().take(ROOMS) {
        let path = format!("rooms/{}/state/m.room.name", segment(&id));
        let named = server.ask::<wire::Named>(via, &path, &[]).await;
        let name = match named {
            Ok(named) => text::line(&named.name),
            Err(Fault::Gone(_) | Fault::NotAllowed(_)) => String::new(),
            Err(fault) => return Err(fault),
        };
        let name = if name.is_empty() { id.clone() } else { name };
        rooms.push(Place {
            id,
            name,
            ..Place::default()
        });
    }
    rooms.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(rooms)
}

/// What was sent under a key, with whichever token; of our own messages only, since anybody can write a key.
async fn find(via: &Via<'_>, account: &Account, out: &Outgoing) -> Result<Option<Sent>, Fault> {
    let (server, room) = (Server::of(via.settings)?, room(via, out)?);
    let key = mark(&out.key);
    let filter = json!({ "types": ["m.room.message"], "senders": [account.id] }).to_string();
    let path = format!("rooms/{}/messages", segment(room));
    let mut from: Option<String> = None;
    for _ in 0..PAGES {
        let mut query = vec![("dir", "b"), ("limit", "100"), ("filter", filter.as_str())];
        query.extend(from.as_deref().map(|from| ("from", from)));
        let page: wire::Messages = server.ask(via, &path, &query).await?;
        let events = || page.chunk.iter().filter_map(|item| item.read.as_ref());
        let is_it = |e: &&wire::Event| e.sender == account.id && e.content.key == key;
        if let Some(event) = events().find(is_it) {
            return Ok(Some(Sent {
                url: Some(shown(room, &event.event_id)),
                id: event.event_id.clone(),
            }));
        }
        let oldest = events()
            .map(|e| e.origin_server_ts.saturating_mul(1000))
            .min();
        if oldest.is_some_and(|at| at < out.since - SKEW) || page.end.is_none() || page.end == from
        {
            break;
        }
        from = page.end;
    }
    Ok(None)
}

/// Follows from a key and tells nothing of it: everybody in the room can read it.
fn mark(key: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, key.as_bytes());
    let bytes = digest.as_ref().iter().take(16);
    bytes.map(|b| format!("{b:02x}")).collect()
}

async fn send(via: &Via<'_>, out: &Outgoing) -> Result<Sent, Fault> {
    let (server, room) = (Server::of(via.settings)?, room(via, out)?);
    let mut body = json!({ "msgtype": "m.text", "body": out.text, "tenon.key": mark(&out.key) });
    if let Some(id) = &out.reply_to {
        body["m.relates_to"] = json!({ "m.in_reply_to": { "event_id": id } });
    }
    if let Some(to) = out.to.as_ref().filter(|to| to.id.starts_with('@')) {
        body["m.mentions"] = json!({ "user_ids": [to.id] });
    }
    let path = format!(
        "rooms/{}/send/m.room.message/{}",
        segment(room),
        segment(&out.key)
    );
    let request = Request::json(server.get(&path).url, &body).with_method("PUT");
    let put: wire::Put = server
        .answer(via, request.bearer(&server.token))
        .await?
        .read()?;
    Ok(Sent {
        url: Some(shown(room, &put.event_id)),
        id: put.event_id,
    })
}

fn shown(room: &str, event: &str) -> String {
    format!("https://matrix.to/#/{}/{}", segment(room), segment(event))
}

struct Server {
    base: String,
    token: String,
}

impl Server {
    fn of(settings: &Settings) -> Result<Server, Fault> {
        Ok(Server {
            base: server(settings.get("server"))?,
            token: settings.get("token").trim().into(),
        })
    }

    fn get(&self, path: &str) -> Request {
        Request::get(format!("{}/_matrix/client/v3/{path}", self.base))
    }

    async fn answer(&self, via: &Via<'_>, request: Request) -> Result<Response, Fault> {
        let response = via.http.send(request).await?;
        match response.is_success() {
            true => Ok(response),
            false => Err(fault(&response, via.now)),
        }
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        via: &Via<'_>,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Fault> {
        let request = self.get(path).query(query).bearer(&self.token);
        self.answer(via, request).await?.read()
    }
}

fn fault(response: &Response, now: Micros) -> Fault {
    let error: wire::Error = response.read().unwrap_or_default();
    let said = match error.error.is_empty() {
        true => format!("status {} {}", response.status, text::line(&error.errcode)),
        false => text::line(&error.error),
    };
    match error.errcode.as_str() {
        "M_UNKNOWN_TOKEN" | "M_MISSING_TOKEN" | "M_USER_DEACTIVATED" | "M_USER_LOCKED" => {
            Fault::SignedOut(said)
        }
        "M_FORBIDDEN" | "M_GUEST_ACCESS_FORBIDDEN" => Fault::NotAllowed(said),
        "M_NOT_FOUND" => Fault::Gone(said),
        "M_LIMIT_EXCEEDED" => {
            let told = error.retry_after_ms.map(|ms| {
                let until = now.saturating_add(ms.saturating_mul(1000));
                until.clamp(now + 1_000_000, now + 86_400_000_000)
            });
            let until = response.retry_after(now).or(told);
            Fault::Wait {
                until: until.unwrap_or(now + 60_000_000),
                said,
            }
        }
        _ => response.fault(now, said),
    }
}
