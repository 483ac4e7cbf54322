//! What happens, as it happens: server-sent events, resumed by the number of the last one.

use super::problem::ApiError;
use super::talk::{Asked, query};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use base::identity::{Actor, Role};
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use service::app::App;
use service::work::live::Happened;
use std::collections::{HashSet, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use store::{events, work};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use utoipa::IntoParams;

/// How many events one who was away is sent at once.
const AT_ONCE: i64 = 500;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Listen {
    /// Only what happens in this conversation; otherwise in all you follow, and what you are told.
    conversation: Option<String>,
    /// Also what happens at the desk: what customers say, who answers.
    desk: Option<bool>,
    /// The number of the last event you have, as `Last-Event-ID` does.
    after: Option<i64>,
}

/// Events of the record as they happen (`text/event-stream`). Each has a number; who comes back with the last one she has
/// gets all she missed, once.
#[utoipa::path(get, path = "/api/v1/live", tag = "work", params(Listen),
    responses((status = 200, content_type = "text/event-stream", body = String), super::Refused))]
pub async fn live(
    actor: Actor,
    State(app): State<App>,
    headers: HeaderMap,
    asked: Asked<Listen>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let asked = query(asked, "Write a whole number for after.")?;
    let place = match &asked.conversation {
        Some(id) => Some(app.work.place_or_room(&actor, id).await?),
        None => None,
    };
    let follows = match place {
        _ if asked.desk == Some(true) => Arc::default(),
        Some(_) => Arc::default(),
        None => app.work.followed(&actor).await?,
    };
    let resumed = headers
        .get("last-event-id")
        .and_then(|v| v.to_str().ok()?.parse().ok());
    // Listening begins before the record is read, so that nothing falls between.
    let receiver = app.work.live().listen();
    let after = resumed
        .or(asked.after)
        .unwrap_or_else(|| app.work.live().last());
    let presence = place.is_some().then(|| app.work.presence().listen());
    let listener = Listener {
        presence,
        app,
        actor,
        place,
        is_at_desk: asked.desk == Some(true),
        follows,
        receiver,
        after,
        // With nothing missed the record need not be read.
        is_behind: resumed.is_some() || asked.after.is_some(),
        ready: VecDeque::new(),
    };
    let events = stream::unfold(Box::new(listener), |mut listener| async move {
        let event = listener.next().await?;
        Some((Ok(event), listener))
    });
    let alive = KeepAlive::new().interval(Duration::from_secs(25));
    Ok(Sse::new(events).keep_alive(alive))
}

struct Listener {
    app: App,
    actor: Actor,
    place: Option<String>,
    /// Whether what happens at the desk is told.
    is_at_desk: bool,
    /// What this person follows.
    follows: Arc<HashSet<String>>,
    receiver: Receiver<Arc<Happened>>,
    /// Of one who listens to a conversation: who comes and goes there.
    presence: Option<Receiver<Arc<str>>>,
    /// The number of the last event that was looked at.
    after: i64,
    /// The record has to be read before listening.
    is_behind: bool,
    ready: VecDeque<Event>,
}

impl Listener {
    /// The next event for this person; `None` when the server stops.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if self.is_behind {
                self.catch_up().await?;
                continue;
            }
            let heard = tokio::select! {
                heard = self.receiver.recv() => heard,
                room = moved(&mut self.presence) => {
                    // One who fell behind looks as well.
                    let is_here = room.is_none_or(|r| Some(&*r) == self.place.as_deref());
                    if is_here && let Some(event) = self.others().await {
                        return Some(event);
                    }
                    continue;
                }
            };
            match heard {
                Ok(happened) if happened.event.seq <= self.after => {}
                Ok(happened) => {
                    self.after = happened.event.seq;
                    let is_told = happened.told.iter().any(|p| p == self.actor.id());
                    if self.concerns(&happened.event, is_told).await {
                        return Some(as_sent(&happened.event, is_told));
                    }
                }
                Err(RecvError::Lagged(_)) => self.is_behind = true,
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// Who else is in the conversation.
    async fn others(&self) -> Option<Event> {
        let room = self.place.as_deref()?;
        let others = self.app.work.others_here(&self.actor, room).await.ok()?;
        Event::default().event("here").json_data(others).ok()
    }

    async fn catch_up(&mut self) -> Option<()> {
        let missed = events::after(self.app.work.db(), self.after, AT_ONCE)
            .await
            .ok()?;
        self.is_behind = missed.len() as i64 == AT_ONCE;
        for event in missed {
            self.after = event.seq;
            if self.concerns(&event, false).await {
                self.ready.push_back(as_sent(&event, false));
            }
        }
        Some(())
    }

    async fn concerns(&self, event: &events::Event, is_told: bool) -> bool {
        let subject = event.subject.as_deref().unwrap_or_default();
        let is_wanted = match &self.place {
            Some(place) => place == subject,
            // Whom she follows also signs in, and changes settings: that is not for her.
            None => {
                let is_shown = event.is_said() || work::is_update(&event.kind);
                let process = event.process.as_deref().filter(|_| !event.is_said());
                let mut followed = [Some(subject), Some(&event.actor), process]
                    .into_iter()
                    .flatten();
                is_told || is_shown && followed.any(|target| self.follows.contains(target))
            }
        };
        let is_desk = event.kind.starts_with("desk.") || event.kind.starts_with("customer.");
        let is_wanted =
            is_wanted || self.is_at_desk && is_desk && self.actor.is_at_least(Role::Member);
        // What a guest may see can change while she listens.
        let is_guest = self.actor.role() == Role::Guest;
        is_wanted && (!is_guest || self.app.work.place(&self.actor, subject).await.is_ok())
    }
}

/// The next room somebody came to or left; `None` when some were missed.
async fn moved(presence: &mut Option<Receiver<Arc<str>>>) -> Option<Arc<str>> {
    match presence {
        Some(receiver) => receiver.recv().await.ok(),
        None => std::future::pending().await,
    }
}

/// What is sent says that something happened, and where; the thing itself is fetched with rights applied.
fn as_sent(event: &events::Event, is_told: bool) -> Event {
    let data = serde_json::json!({
        "kind": event.kind, "conversation": event.subject, "by": event.actor, "at": event.at, "told": is_told,
    });
    let text = data.to_string();
    Event::default()
        .id(event.seq.to_string())
        .event("happened")
        .data(text)
}
