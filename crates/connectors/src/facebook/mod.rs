//! A Facebook page: its posts, comments under them, and messages to it. Facebook delivers both; the poll reads the comments of the last
//! posts and the last conversations.

mod echo;
mod poll;
mod send;
mod webhook;
mod wire;

#[cfg(any(test, feature = "testing"))]
pub mod stand_in;
#[cfg(test)]
mod tests;

use crate::channel::{Channel, Delivered, Delivery, Once};
use crate::http::{Request, Response};
use crate::publish::{Counts, Echo, Publishes};
use crate::{
    About, Account, Answer, Connector, Cursor, Fault, Field, Incoming, Micros, Outgoing, Page,
    Sent, Settings, Verified, Via, sign, text,
};
use ring::hmac;

pub struct Facebook;

const API: &str = "https://graph.facebook.com/v23.0";

const ABOUT: About = About {
    name: "facebook",
    title: "Facebook",
    guide: "Make an app with these permissions, get a token of the page with it, and let its webhook subscribe to feed and messages with the address shown here and a word of your own.",
    rights: &[
        "pages_show_list",
        "pages_read_engagement",
        "pages_read_user_content",
        "pages_manage_engagement",
        "pages_manage_posts",
        "pages_manage_metadata",
        "pages_messaging",
    ],
    fields: &[
        Field {
            name: "token",
            label: "Access token of the page",
            hint: "One that does not end",
            is_secret: true,
            is_required: true,
        },
        Field {
            name: "app_secret",
            label: "App secret",
            hint: "Under Settings, Basic; without it nothing is taken that Facebook delivers",
            is_secret: true,
            is_required: false,
        },
        Field {
            name: "verify_token",
            label: "Word for the webhook",
            hint: "Any; the same as in the app",
            is_secret: true,
            is_required: false,
        },
    ],
    verified: Verified::Experimental,
    verified_by: "a stand-in by the documentation that misbehaves",
};

impl Connector for Facebook {
    fn about(&self) -> About {
        ABOUT
    }

    fn account<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Account> {
        Box::pin(async move {
            let me = me(via).await?;
            let name = text::line(&me.name);
            Ok(Account {
                id: me.id,
                handle: name.clone(),
                name,
                url: me.link,
                may: Vec::new(),
            })
        })
    }
}

impl Channel for Facebook {
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
        _: Micros,
    ) -> Option<Result<Delivered, Fault>> {
        if delivery.method == "GET" {
            return Some(webhook::handshake(settings, delivery));
        }
        let genuine = sign::hub(settings.get("app_secret").trim(), delivery);
        Some(genuine.and_then(|()| webhook::read(account, delivery.body)))
    }

    fn once(&self) -> Once {
        Once::ReadBack
    }

    fn longest(&self) -> usize {
        2000
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
            longest: 63_206,
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

async fn me(via: &Via<'_>) -> Result<wire::Person, Fault> {
    let call = signed(via, Request::get(format!("{API}/me"))).query(&[("fields", "id,name,link")]);
    ask(via, call).await?.read()
}

/// With the proof that who has the token has the secret of the app too.
fn signed(via: &Via<'_>, request: Request) -> Request {
    let token = via.settings.get("token").trim();
    let request = request.bearer(token);
    match via.settings.get("app_secret").trim() {
        "" => request,
        secret => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
            let tag = hmac::sign(&key, token.as_bytes());
            let hex: String = tag.as_ref().iter().map(|b| format!("{b:02x}")).collect();
            request.query(&[("appsecret_proof", &hex)])
        }
    }
}

async fn ask(via: &Via<'_>, request: Request) -> Result<Response, Fault> {
    let response = via.http.send(request).await?;
    match response.is_success() {
        true => Ok(response),
        false => Err(fault(&response, via.now)),
    }
}

/// The number in the body says what it was; the status is nearly always 400.
fn fault(response: &Response, now: Micros) -> Fault {
    const MINUTE: i64 = 60_000_000;
    let failed: wire::Failed = response.read().unwrap_or_default();
    let error = failed.error;
    let said = match error.message.is_empty() {
        true => format!("status {}", response.status),
        false => text::line(&error.message),
    };
    match (error.code, error.error_subcode) {
        (190 | 102, _) => Fault::SignedOut(said),
        (3 | 10 | 200..=299, _) => Fault::NotAllowed(said),
        // Limits are told without a time, and last up to an hour.
        (4 | 17 | 32 | 613 | 80_000..=80_014, _) => Fault::Wait {
            until: response.retry_after(now).unwrap_or(now + 10 * MINUTE),
            said,
        },
        (100, 33) | (803, _) => Fault::Gone(said),
        (1 | 2, _) => Fault::Unreached(said),
        _ => response.fault(now, said),
    }
}

/// `2026-08-01T13:51:39+0000` as a moment.
fn moment(text: &str) -> Option<Micros> {
    let at = jiff::Timestamp::strptime("%Y-%m-%dT%H:%M:%S%z", text).ok();
    at.map(|at| at.as_microsecond())
}
