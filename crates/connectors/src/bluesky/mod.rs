//! Bluesky, and other servers of the AT Protocol. What is said to an account is told by an AppView, which its server asks for us; a
//! server of one's own without an AppView has the posts of its own people only, and those are read from where they are kept.

mod echo;
mod facets;
mod follow;
mod poll;
mod send;
mod session;
mod wire;

#[cfg(any(test, feature = "testing"))]
pub mod stand_in;
#[cfg(test)]
mod tests;

use crate::channel::{Channel, Once};
use crate::follow::Follows;
use crate::kept::Kept;
use crate::publish::{Counts, Echo, Publishes};
use crate::{
    About, Account, Answer, Connector, Cursor, Fault, Field, Incoming, Outgoing, Page, Sent,
    Settings, Verified, Via, text,
};
use session::Server;

/// The AppView that is asked where none is filled in.
const APPVIEW: &str = "did:web:api.bsky.app#bsky_appview";
const POSTS: &str = "app.bsky.feed.post";

#[derive(Default)]
pub struct Bluesky(Kept);

impl Bluesky {
    pub const fn new() -> Bluesky {
        Bluesky(Kept::new())
    }
}

const ABOUT: About = About {
    name: "bluesky",
    title: "Bluesky",
    guide: "Under Settings, Privacy and security, App passwords, make one for this; it does not need access to direct messages.",
    rights: &["an app password without direct messages"],
    fields: &[
        Field {
            name: "handle",
            label: "Handle",
            hint: "shop.bsky.social",
            is_secret: false,
            is_required: true,
        },
        Field {
            name: "password",
            label: "App password",
            hint: "xxxx-xxxx-xxxx-xxxx",
            is_secret: true,
            is_required: true,
        },
        Field {
            name: "server",
            label: "Server",
            hint: "https://bsky.social, unless the account is elsewhere",
            is_secret: false,
            is_required: false,
        },
        Field {
            name: "appview",
            label: "AppView",
            hint: "Empty for that of Bluesky; none for a server of your own without one",
            is_secret: false,
            is_required: false,
        },
        Field {
            name: "people",
            label: "Whose posts are read where there is no AppView",
            hint: "Handles of the same server: ada.example, bob.example",
            is_secret: false,
            is_required: false,
        },
    ],
    verified: Verified::Live,
    verified_by: "PDS 0.4.217, with the AppView of Bluesky 0.0.221 and without, on one machine; and a stand-in that misbehaves",
};

impl Connector for Bluesky {
    fn about(&self) -> About {
        ABOUT
    }

    fn account<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Account> {
        Box::pin(async move {
            let server = Server::of(via, &self.0)?;
            let call = server.call("com.atproto.server.getSession");
            let me: wire::Me = server.answer(call).await?.read()?;
            let handle = text::line(&me.handle);
            Ok(Account {
                id: me.did,
                handle: format!("@{handle}"),
                url: Some(format!("https://bsky.app/profile/{handle}")),
                name: handle,
                may: Vec::new(),
            })
        })
    }
}

impl Channel for Bluesky {
    fn poll<'a>(
        &'a self,
        via: &'a Via<'a>,
        from: Option<&'a Cursor>,
    ) -> Answer<'a, Page<Incoming>> {
        Box::pin(poll::poll(via, &self.0, from))
    }

    fn follows(&self, settings: &Settings) -> Follows {
        if settings.get("appview").trim() == "none" {
            return Follows {
                note: "There is no AppView to search: whose posts are read stands in the settings of the connection.",
                ..Follows::NOTHING
            };
        }
        Follows {
            accounts: true,
            tags: true,
            phrases: true,
            note: "All that is public can be searched; of accounts, what they say of their own accord, without answers and what they pass on.",
        }
    }

    fn resolve<'a>(&'a self, via: &'a Via<'a>, account: &'a str) -> Answer<'a, String> {
        Box::pin(async move {
            let server = Server::of(via, &self.0)?;
            let handle = account.trim().trim_start_matches('@');
            let call = server.call("com.atproto.identity.resolveHandle");
            let found = server.answer(call.query(&[("handle", handle)])).await;
            match found {
                Ok(answer) => match answer.read::<wire::Resolved>()?.did.starts_with("did:") {
                    true => Ok(format!("@{handle}")),
                    false => Err(Fault::Strange("an account without an id".into())),
                },
                // Servers say with the same error that a handle is none, and that nobody has it.
                Err(Fault::Refused(said)) => Err(Fault::Gone(said)),
                Err(fault) => Err(fault),
            }
        })
    }

    fn once(&self) -> Once {
        // The name of a record follows from our key.
        Once::Id
    }

    fn longest(&self) -> usize {
        // Of what people see as characters, of which none is less than one of ours.
        300
    }

    fn send<'a>(&'a self, via: &'a Via<'a>, _: &'a Account, out: &'a Outgoing) -> Answer<'a, Sent> {
        Box::pin(send::send(via, &self.0, out))
    }

    fn publishes(&self) -> Option<Publishes> {
        Some(Publishes {
            longest: 300,
            counts: Counts::Characters,
        })
    }

    fn echo<'a>(
        &'a self,
        via: &'a Via<'a>,
        _: &'a Account,
        ids: &'a [String],
    ) -> Answer<'a, Vec<Echo>> {
        Box::pin(echo::echo(via, &self.0, ids))
    }
}

/// The AppView to ask; `None` where there is none.
fn appview<'a>(via: &Via<'a>) -> Option<&'a str> {
    match via.settings.get("appview").trim() {
        "none" => None,
        "" => Some(APPVIEW),
        other => Some(other),
    }
}

/// The parts of `at://did/collection/key`.
fn parts(uri: &str) -> Option<(&str, &str, &str)> {
    let mut parts = uri.strip_prefix("at://")?.splitn(3, '/');
    Some((parts.next()?, parts.next()?, parts.next()?))
}

fn shown(author: &str, uri: &str) -> Option<String> {
    let (did, _, key) = parts(uri)?;
    let who = if author.is_empty() { did } else { author };
    Some(format!("https://bsky.app/profile/{who}/post/{key}"))
}
