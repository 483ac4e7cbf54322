//! Slack: one channel that is heard whole, mentions wherever they are, and direct messages. Slack delivers what happens; the poll
//! reads the channel and its last threads for what was not delivered.

mod mrkdwn;
mod poll;
mod send;
mod wire;

#[cfg(any(test, feature = "testing"))]
pub mod stand_in;
#[cfg(test)]
mod tests;

use crate::channel::{Author, Channel, Command, Delivered, Delivery, Media, Once, Seen, What};
use crate::field::COMMANDS;
use crate::http::{Request, Response};
use crate::json::Item;
use crate::{
    About, Account, Answer, Connector, Cursor, Fault, Field, Incoming, Micros, Outgoing, Page,
    Sent, Settings, Verified, Via, sign, text,
};
use wire::{Event, Message, Outcome};

pub struct Slack;

const API: &str = "https://slack.com/api";

const ABOUT: About = About {
    name: "slack",
    title: "Slack",
    guide: "Make an app with these bot scopes, install it, invite it to the channel, and let it subscribe to the events app_mention, message.channels and message.im. Both secrets are on its pages.",
    rights: &[
        "app_mentions:read",
        "channels:history",
        "chat:write",
        "im:history",
        "metadata.message:read",
        "commands, users:read and users:read.email, if colleagues are to type /tenon",
    ],
    fields: &[
        Field {
            name: "token",
            label: "Bot token",
            hint: "xoxb-…",
            is_secret: true,
            is_required: true,
        },
        Field {
            name: "signing_secret",
            label: "Signing secret",
            hint: "Under Basic information; without it nothing is taken that Slack delivers",
            is_secret: true,
            is_required: false,
        },
        Field {
            name: "channel",
            label: "Channel",
            hint: "Its id, such as C0123456789",
            is_secret: false,
            is_required: true,
        },
        COMMANDS,
    ],
    verified: Verified::Contract,
    verified_by: "the payloads and the signature that Slack publishes, and a stand-in that misbehaves",
};

impl Connector for Slack {
    fn about(&self) -> About {
        ABOUT
    }

    fn account<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Account> {
        Box::pin(async move {
            let answer = ask(via, post(via, "auth.test", &[])).await?;
            let me: wire::Me = answer.read()?;
            let scopes = answer.header("x-oauth-scopes").unwrap_or("");
            let scopes = scopes.split(',').map(text::line);
            Ok(Account {
                id: me.user_id,
                handle: format!("@{}", text::line(&me.user)),
                name: text::line(&me.team),
                url: me.url,
                may: scopes.filter(|s| !s.is_empty()).collect(),
            })
        })
    }
}

impl Channel for Slack {
    fn poll<'a>(
        &'a self,
        via: &'a Via<'a>,
        from: Option<&'a Cursor>,
    ) -> Answer<'a, Page<Incoming>> {
        Box::pin(poll::poll(via, from))
    }

    fn deliver(
        &self,
        settings: &Settings,
        account: &Account,
        delivery: &Delivery,
        now: Micros,
    ) -> Option<Result<Delivered, Fault>> {
        let secret = settings.get("signing_secret").trim();
        let genuine = sign::slack(secret, delivery, now);
        Some(genuine.and_then(|()| delivered(settings, account, delivery.body)))
    }

    fn command(
        &self,
        settings: &Settings,
        delivery: &Delivery,
        now: Micros,
    ) -> Option<Result<Command, Fault>> {
        let fields = crate::command::fields(delivery)?;
        let secret = settings.get("signing_secret").trim();
        let genuine = sign::slack(secret, delivery, now);
        Some(genuine.map(|()| Command {
            key: fields.get("trigger_id"),
            ..fields.command()
        }))
    }

    fn email_of<'a>(&'a self, via: &'a Via<'a>, user: &'a str) -> Answer<'a, Option<String>> {
        Box::pin(async move {
            let answer = ask(via, post(via, "users.info", &[("user", user)])).await?;
            let told: wire::Told = answer.read()?;
            // A guest of another workspace, or a program, is nobody of ours.
            let is_ours = !told.user.is_bot && !told.user.deleted && !told.user.is_stranger;
            let email = told.user.profile.email;
            Ok(Some(email).filter(|e| is_ours && !e.is_empty()))
        })
    }

    fn answered(&self, text: &str) -> (&'static str, String) {
        let text = mrkdwn::escaped(text);
        let body = serde_json::json!({ "response_type": "ephemeral", "text": text });
        ("application/json", body.to_string())
    }

    fn once(&self) -> Once {
        Once::ReadBack
    }

    fn longest(&self) -> usize {
        4000
    }

    fn send<'a>(&'a self, via: &'a Via<'a>, _: &'a Account, out: &'a Outgoing) -> Answer<'a, Sent> {
        Box::pin(send::send(via, out))
    }

    fn find_sent<'a>(
        &'a self,
        via: &'a Via<'a>,
        _: &'a Account,
        out: &'a Outgoing,
    ) -> Answer<'a, Option<Sent>> {
        Box::pin(send::find(via, out))
    }
}

fn delivered(settings: &Settings, account: &Account, body: &[u8]) -> Result<Delivered, Fault> {
    let outer: wire::Outer =
        serde_json::from_slice(body).map_err(|e| Fault::Strange(e.to_string()))?;
    if outer.kind == "url_verification" {
        return Ok(Delivered::Handshake(
            "text/plain",
            text::line(&outer.challenge),
        ));
    }
    let said = outer
        .event
        .and_then(|event| told(settings, &account.id, &event));
    Ok(Delivered::Said(said.into_iter().collect()))
}

/// What an event tells, if anybody said something.
fn told(settings: &Settings, me: &str, item: &Item<Event>) -> Option<Incoming> {
    let event = item.read.as_ref()?;
    let is_direct = event.channel_type == "im";
    let is_for_us =
        event.kind == "app_mention" || is_direct || event.channel == settings.get("channel").trim();
    let place = Place {
        channel: &event.channel,
        me,
        is_for_us,
        seen: if is_direct {
            Seen::Direct
        } else {
            Seen::Public
        },
    };
    match (event.kind.as_str(), event.subtype.as_str()) {
        ("message", "message_changed") => {
            let message = event.message.as_ref()?;
            // Showing what is behind a link is told as a change too.
            message.edited.as_ref()?;
            place.incoming(message, What::Edited, &item.raw)
        }
        ("message", "message_deleted") => {
            let at = wire::moment(&event.deleted_ts)?;
            let id = id(&event.channel, &event.deleted_ts);
            Some(Incoming {
                raw: item.raw.clone(),
                ..Incoming::deleted(&id, at)
            })
        }
        ("message" | "app_mention", _) => {
            let message: Message = serde_json::from_str(&item.raw).ok()?;
            place.incoming(&message, What::Said, &item.raw)
        }
        _ => None,
    }
}

/// The same from wherever it is told: times are the names of messages within a channel.
fn id(channel: &str, ts: &str) -> String {
    format!("{channel}:{ts}")
}

/// Where something was said.
struct Place<'a> {
    channel: &'a str,
    me: &'a str,
    is_for_us: bool,
    seen: Seen,
}

impl Place<'_> {
    fn incoming(&self, message: &Message, what: What, raw: &str) -> Option<Incoming> {
        let at = wire::moment(&message.ts)?;
        // Others tell of who came and went, and of names and topics.
        let is_said = matches!(
            message.subtype.as_str(),
            "" | "bot_message" | "file_share" | "thread_broadcast" | "me_message"
        );
        if !is_said || self.channel.is_empty() {
            return None;
        }
        let who = if message.user.is_empty() {
            &message.bot_id
        } else {
            &message.user
        };
        let first = message.thread_ts.as_ref().filter(|ts| **ts != message.ts);
        let is_ours = message.user == self.me;
        let files = message.files.iter();
        Some(Incoming {
            what,
            thread: Some(id(self.channel, first.unwrap_or(&message.ts))),
            reply_to: first.map(|ts| id(self.channel, ts)),
            author: Author {
                id: who.clone(),
                handle: format!("@{}", text::line(who)),
                name: text::line(&message.username),
                url: None,
            },
            is_ours,
            is_for_us: !is_ours
                && (self.is_for_us || message.text.contains(&format!("<@{}>", self.me))),
            seen: self.seen,
            text: mrkdwn::plain(&message.text),
            media: files
                .filter_map(|f| {
                    Some(Media {
                        url: f.url_private.clone()?,
                        kind: f.mimetype.clone(),
                        description: text::line(&f.title),
                    })
                })
                .collect(),
            raw: raw.into(),
            ..Incoming::deleted(&id(self.channel, &message.ts), at)
        })
    }
}

fn post(via: &Via<'_>, method: &str, fields: &[(&str, &str)]) -> Request {
    let request = Request::form(format!("{API}/{method}"), fields);
    request.bearer(via.settings.get("token").trim())
}

/// Slack says in the body whether it worked, and 200 to both.
async fn ask(via: &Via<'_>, request: Request) -> Result<Response, Fault> {
    let response = via.http.send(request).await?;
    if !response.is_success() {
        let said = format!("status {}", response.status);
        return Err(response.fault(via.now, said));
    }
    let outcome: Outcome = response.read()?;
    match outcome.ok {
        true => Ok(response),
        false => Err(fault(&outcome, &response, via.now)),
    }
}

fn fault(outcome: &Outcome, response: &Response, now: Micros) -> Fault {
    let said = match outcome.needed.is_empty() {
        true => text::line(&outcome.error),
        false => text::line(&format!("{}: {}", outcome.error, outcome.needed)),
    };
    match outcome.error.as_str() {
        "invalid_auth" | "not_authed" | "token_revoked" | "token_expired" | "account_inactive" => {
            Fault::SignedOut(said)
        }
        "missing_scope" | "not_in_channel" | "restricted_action" | "no_permission" => {
            Fault::NotAllowed(said)
        }
        "access_denied" | "ekm_access_denied" | "not_allowed_token_type" => Fault::NotAllowed(said),
        "ratelimited" | "rate_limited" => Fault::Wait {
            until: response.retry_after(now).unwrap_or(now + 60_000_000),
            said,
        },
        "channel_not_found" | "is_archived" | "message_not_found" | "thread_not_found" => {
            Fault::Gone(said)
        }
        "internal_error" | "fatal_error" | "service_unavailable" | "request_timeout" => {
            Fault::Unreached(said)
        }
        _ => Fault::Refused(said),
    }
}
