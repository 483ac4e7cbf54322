//! What came since the last time. Where a room has more than the server gives at once, what lies between is read back first.

use super::{Server, shown, wire};
use crate::channel::{Author, Media, Seen, What};
use crate::http::segment;
use crate::json::Item;
use crate::{Cursor, Fault, Incoming, Micros, Page, Via, text};
use serde::{Deserialize, Serialize};
use wire::Event;

const VERSION: u32 = 1;
/// Only what people say and take back; nothing of who comes, goes or types.
pub(super) const FILTER: &str = r#"{"presence":{"types":[]},"account_data":{"types":[]},"room":{"state":{"types":[]},"ephemeral":{"types":[]},"account_data":{"types":[]},"timeline":{"limit":100,"types":["m.room.message","m.room.redaction"]}}}"#;
const MESSAGES: &str = r#"{"types":["m.room.message","m.room.redaction"]}"#;

#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    me: String,
    since: Option<String>,
    /// What is still to be read back.
    #[serde(default)]
    gaps: Vec<Gap>,
}

/// Of a room, back from here to there.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Gap {
    room: String,
    from: String,
    to: String,
}

/// How far the poll has come.
pub(super) fn since(cursor: &Cursor) -> Option<String> {
    let known = Some(cursor).filter(|c| c.version == VERSION)?;
    State::deserialize(&known.state).ok()?.since
}

pub(super) async fn poll(via: &Via<'_>, from: Option<&Cursor>) -> Result<Page<Incoming>, Fault> {
    let server = Server::of(via.settings)?;
    let known = from.filter(|c| c.version == VERSION);
    let known = known.and_then(|c| State::deserialize(&c.state).ok());
    let mut state = known.unwrap_or_default();
    if state.me.is_empty() {
        let me: wire::Me = server.ask(via, "account/whoami", &[]).await?;
        state.me = me.user_id;
    }
    let told = match state.gaps.pop() {
        Some(gap) => read_back(&server, via, &mut state, gap).await?,
        None => sync(&server, via, &mut state).await?,
    };
    let mut items = Vec::new();
    for (room, event) in &told {
        items.extend(incoming(&server, via, &state.me, room, event).await?);
    }
    items.sort_by_key(|item| item.at);
    Ok(Page {
        items,
        has_more: !state.gaps.is_empty(),
        cursor: Cursor {
            version: VERSION,
            state: serde_json::to_value(&state).map_err(|e| Fault::Strange(e.to_string()))?,
        },
        wait_until: None,
    })
}

type Told = Vec<(String, Item<Event>)>;

async fn sync(server: &Server, via: &Via<'_>, state: &mut State) -> Result<Told, Fault> {
    let mut query = vec![("timeout", "0"), ("filter", FILTER)];
    let since = state.since.clone();
    query.extend(since.as_deref().map(|since| ("since", since)));
    let sync: wire::Sync = match server.ask(via, "sync", &query).await {
        // A server that was set up anew does not know where we were.
        Err(Fault::Refused(_)) if since.is_some() => {
            state.since = None;
            query.pop();
            server.ask(via, "sync", &query).await?
        }
        other => other?,
    };
    let mut told = Vec::new();
    for (room, joined) in sync.rooms.join {
        let timeline = joined.timeline;
        // The first time, what is told is what was said lately.
        if let (true, Some(from), Some(to)) = (timeline.limited, timeline.prev_batch, &state.since)
        {
            let (room, to) = (room.clone(), to.clone());
            state.gaps.push(Gap { room, from, to });
        }
        told.extend(
            timeline
                .events
                .into_iter()
                .map(|event| (room.clone(), event)),
        );
    }
    state.since = Some(sync.next_batch);
    Ok(told)
}

async fn read_back(
    server: &Server,
    via: &Via<'_>,
    state: &mut State,
    gap: Gap,
) -> Result<Told, Fault> {
    let path = format!("rooms/{}/messages", segment(&gap.room));
    let query = [
        ("dir", "b"),
        ("limit", "100"),
        ("filter", MESSAGES),
        ("from", gap.from.as_str()),
        ("to", gap.to.as_str()),
    ];
    let messages: wire::Messages = match server.ask(via, &path, &query).await {
        // We are not in the room any more: nothing of it is ours to read.
        Err(Fault::NotAllowed(_) | Fault::Gone(_) | Fault::Refused(_)) => return Ok(Vec::new()),
        other => other?,
    };
    if let Some(end) = messages
        .end
        .filter(|end| *end != gap.from && *end != gap.to)
    {
        let rest = Gap {
            from: end,
            ..gap.clone()
        };
        state.gaps.push(rest);
    }
    let told = messages.chunk.into_iter();
    Ok(told.map(|event| (gap.room.clone(), event)).collect())
}

async fn incoming(
    server: &Server,
    via: &Via<'_>,
    me: &str,
    room: &str,
    item: &Item<Event>,
) -> Result<Option<Incoming>, Fault> {
    let Some(event) = &item.read else {
        return Ok(None);
    };
    let content = &event.content;
    let at = moment(event.origin_server_ts);
    if event.kind == "m.room.redaction" {
        let redacted = event.redacts.as_ref().or(content.redacts.as_ref());
        return Ok(redacted.map(|id| Incoming {
            thread: Some(room.into()),
            raw: item.raw.clone(),
            ..Incoming::deleted(id, at)
        }));
    }
    let attached = match content.msgtype.as_str() {
        "m.text" => None,
        "m.image" | "m.video" | "m.audio" | "m.file" => Some(Media {
            url: String::new(),
            kind: content.msgtype[2..].into(),
            description: text::line(&content.body),
        }),
        _ => return Ok(None),
    };
    if event.kind != "m.room.message" {
        return Ok(None);
    }
    let relation = content.relates_to.as_ref();
    let replaced = relation
        .filter(|r| r.rel_type == "m.replace")
        .and_then(|r| r.event_id.as_ref());
    let reply_to = relation
        .and_then(|r| r.in_reply_to.as_ref())
        .map(|r| r.event_id.clone());
    let (id, what, body) = match (replaced, &content.new_content) {
        (Some(id), Some(new)) => match is_of(server, via, room, id, &event.sender).await? {
            true => (id, What::Edited, new.body.as_str()),
            false => return Ok(None),
        },
        (Some(_), None) => return Ok(None),
        _ if attached.is_some() => (&event.event_id, What::Said, ""),
        _ => (&event.event_id, What::Said, content.body.as_str()),
    };
    let handle = text::line(&event.sender);
    Ok(Some(Incoming {
        what,
        thread: Some(room.into()),
        author: Author {
            id: event.sender.clone(),
            name: handle.clone(),
            handle,
            url: None,
        },
        is_ours: event.sender == me,
        is_for_us: event.sender != me,
        seen: Seen::Direct,
        text: text::clean(without_quote(body, reply_to.is_some())),
        reply_to,
        media: attached.into_iter().collect(),
        url: Some(shown(room, id)),
        raw: item.raw.clone(),
        ..Incoming::deleted(id, at)
    }))
}

/// Anybody can say that something replaces the words of another; only who said them may.
async fn is_of(
    server: &Server,
    via: &Via<'_>,
    room: &str,
    id: &str,
    sender: &str,
) -> Result<bool, Fault> {
    let path = format!("rooms/{}/event/{}", segment(room), segment(id));
    match server.ask::<Event>(via, &path, &[]).await {
        Ok(event) => Ok(event.sender == sender),
        Err(fault) if fault.passes() || matches!(fault, Fault::SignedOut(_)) => Err(fault),
        Err(_) => Ok(false),
    }
}

/// Older clients put what they answer before it, line by line.
fn without_quote(body: &str, is_answer: bool) -> &str {
    let mut rest = body;
    while is_answer && rest.starts_with("> ") {
        match rest.split_once('\n') {
            Some((_, after)) => rest = after,
            None => return body,
        }
    }
    match rest.len() == body.len() {
        true => body,
        false => rest.strip_prefix('\n').unwrap_or(rest),
    }
}

fn moment(milliseconds: i64) -> Micros {
    milliseconds.saturating_mul(1000)
}

#[test]
fn quotes_of_what_is_answered_are_left_out() {
    assert_eq!(
        without_quote("> <@a:x> hi\n> you\n\nhello\n> yes", true),
        "hello\n> yes"
    );
    assert_eq!(without_quote("> hi\n\nhello", false), "> hi\n\nhello");
    assert_eq!(without_quote("> only", true), "> only");
    assert_eq!(without_quote("hello", true), "hello");
}
