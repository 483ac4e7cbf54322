//! Mail: a mailbox that customers write to (IMAP), and a mail server that takes answers (SMTP).
//!
//! A mail is known by its Message-ID, and belongs to the thread of what it answers. Its text is plain: history that it quotes is cut off,
//! HTML becomes text, attachments are named and not opened. Mail servers take no key of ours: they say whether they took a mail, and
//! where they did not get to say so, it is looked for and never sent again by itself.

pub mod machine;
mod place;
pub mod proof;
pub mod quoted;
mod read;
mod reply;
#[cfg(any(test, feature = "testing"))]
pub mod stand_in;
#[cfg(test)]
mod tests;

use crate::channel::{Hints, Once};
use crate::post::{Fetched, Mailbox, Wanted};
use crate::{
    About, Account, Answer, Channel, Connector, Cursor, Fault, Field, Incoming, Micros, Outgoing,
    Page, Sent, Settings, Verified, Via,
};
use place::Place;
use serde::{Deserialize, Serialize};

const VERSION: u32 = 1;
const DAY: Micros = 86_400_000_000;
/// Of a mailbox that is new to us, what nobody read for so long is taken in.
const FIRST: Micros = 7 * DAY;

pub struct Mail;

const FIELDS: &[Field] = &[
    Field {
        name: "address",
        label: "Address customers write to",
        hint: "Such as support@example.com. Answers come from it.",
        is_secret: false,
        is_required: true,
    },
    Field {
        name: "sender",
        label: "Name of the sender",
        hint: "Stands before the address in answers, such as Example Support.",
        is_secret: false,
        is_required: false,
    },
    Field {
        name: "imap",
        label: "Mailbox (IMAP)",
        hint: "Such as imaps://support@mail.example.com/INBOX, or imap://…?tls=required for STARTTLS. Without the password.",
        is_secret: false,
        is_required: true,
    },
    Field {
        name: "smtp",
        label: "Mail server (SMTP)",
        hint: "Such as smtps://support@mail.example.com, or smtp://…?tls=required for STARTTLS. Leave the user out where nobody signs in.",
        is_secret: false,
        is_required: true,
    },
    Field {
        name: "password",
        label: "Password",
        hint: "An app password where the provider has them.",
        is_secret: true,
        is_required: true,
    },
    Field {
        name: "smtp_password",
        label: "Password of the mail server",
        hint: "Only if it is another one.",
        is_secret: true,
        is_required: false,
    },
    Field {
        name: "authserv",
        label: "Who checks senders",
        hint: "The name with which your mail server begins the Authentication-Results of mails, such as mx.example.com. It has to take that header out of mails that come with it. Empty, or none: senders are not looked at.",
        is_secret: false,
        is_required: false,
    },
    Field {
        name: "sent",
        label: "Folder of what was sent",
        hint: "Where the mail server itself keeps copies; Sent if left out.",
        is_secret: false,
        is_required: false,
    },
];

/// How far a mailbox was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct State {
    validity: u32,
    after: u32,
    old: u32,
    since: Micros,
    unread: bool,
    /// When all of it was taken in last.
    looked: Option<Micros>,
}

impl State {
    fn of(cursor: Option<&Cursor>) -> Option<State> {
        let cursor = cursor.filter(|c| c.version == VERSION)?;
        serde_json::from_value(cursor.state.clone()).ok()
    }

    fn wanted(state: Option<&State>) -> Wanted {
        state.map_or_else(Wanted::default, |s| Wanted {
            validity: s.validity,
            after: s.after,
            old: s.old,
            since: s.since,
            unread: s.unread,
        })
    }

    /// Where a mailbox begins whose numbers are new to us. Mails that were numbered anew are known by their Message-ID.
    fn begin(before: Option<&State>, fetched: &Fetched, now: Micros) -> State {
        let looked = before.and_then(|s| s.looked);
        State {
            validity: fetched.validity,
            after: 0,
            old: fetched.next.saturating_sub(1),
            since: looked.unwrap_or(now - FIRST) - DAY,
            unread: looked.is_none(),
            looked,
        }
    }

    fn cursor(&self) -> Result<Cursor, Fault> {
        let state = serde_json::to_value(self).map_err(|e| Fault::Strange(e.to_string()))?;
        Ok(Cursor {
            version: VERSION,
            state,
        })
    }
}

impl Connector for Mail {
    fn about(&self) -> About {
        About {
            name: "mail",
            title: "E-mail",
            guide: "Use a mailbox of its own that customers write to, with IMAP and SMTP switched on; make an app password for Tenon where your provider has them.",
            rights: &["reading the mailbox", "sending as its address"],
            fields: FIELDS,
            verified: Verified::Live,
            verified_by: "a real Dovecot, with a stand-in of a mail server",
        }
    }

    fn account<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Account> {
        Box::pin(async move {
            let place = Place::of(via.settings)?;
            via.post.fetch(&place.mailbox, &Wanted::default()).await?;
            via.post.greet(&place.smtp).await?;
            Ok(Account {
                id: place.address.clone(),
                handle: place.address.clone(),
                name: place.name.clone(),
                url: None,
                may: vec![
                    format!("read {}", place.mailbox.folder),
                    format!("send as {}", place.address),
                ],
            })
        })
    }
}

impl Channel for Mail {
    fn poll<'a>(
        &'a self,
        via: &'a Via<'a>,
        from: Option<&'a Cursor>,
    ) -> Answer<'a, Page<Incoming>> {
        Box::pin(async move {
            let place = Place::of(via.settings)?;
            let before = State::of(from);
            let wanted = State::wanted(before.as_ref());
            let fetched = via.post.fetch(&place.mailbox, &wanted).await?;
            let state = match before {
                Some(state) if state.validity == fetched.validity => state,
                before => {
                    return Ok(Page {
                        items: Vec::new(),
                        cursor: State::begin(before.as_ref(), &fetched, via.now).cursor()?,
                        has_more: true,
                        wait_until: None,
                    });
                }
            };
            page(&place, state, fetched, via.now)
        })
    }

    fn hints(&self, settings: &Settings, item: &Incoming) -> Hints {
        Place::of(settings).map_or_else(|_| Hints::default(), |place| read::hints(&place, item))
    }

    fn address(&self, settings: &Settings, token: &str) -> Option<String> {
        Place::of(settings).ok()?.with(token)
    }

    fn bell(&self, settings: &Settings) -> Option<Mailbox> {
        Place::of(settings).ok().map(|place| place.mailbox)
    }

    fn once(&self) -> Once {
        Once::Asked
    }

    fn longest(&self) -> usize {
        20_000
    }

    fn send<'a>(&'a self, via: &'a Via<'a>, _: &'a Account, out: &'a Outgoing) -> Answer<'a, Sent> {
        Box::pin(async move {
            let place = Place::of(via.settings)?;
            let letter = reply::letter(&place, out, via.now)?;
            via.post.hand_over(&place.smtp, &letter).await?;
            Ok(sent(&place, out))
        })
    }

    fn find_sent<'a>(
        &'a self,
        via: &'a Via<'a>,
        _: &'a Account,
        out: &'a Outgoing,
    ) -> Answer<'a, Option<Sent>> {
        Box::pin(async move {
            let place = Place::of(via.settings)?;
            let sent = sent(&place, out);
            let folders = [place.sent.clone(), place.mailbox.folder.clone()];
            let server = &place.mailbox.server;
            let is_there = via.post.has(server, &folders, &sent.id).await?;
            Ok(is_there.then_some(sent))
        })
    }
}

fn sent(place: &Place, out: &Outgoing) -> Sent {
    Sent {
        id: reply::message_id(place, &out.key),
        url: None,
    }
}

fn page(
    place: &Place,
    state: State,
    fetched: Fetched,
    now: Micros,
) -> Result<Page<Incoming>, Fault> {
    let newest = fetched.mails.iter().map(|m| m.uid).max();
    let mut after = newest.map_or(state.after, |uid| uid.max(state.after));
    if !fetched.has_more {
        after = after.max(fetched.next.saturating_sub(1));
    }
    let mails = fetched.mails.iter();
    let mut items: Vec<Incoming> = mails.map(|mail| read::incoming(place, mail, now)).collect();
    items.sort_by_key(|item| item.at);
    let looked = match fetched.has_more {
        true => state.looked,
        false => Some(now),
    };
    Ok(Page {
        items,
        cursor: State {
            after,
            looked,
            ..state
        }
        .cursor()?,
        has_more: fetched.has_more,
        wait_until: None,
    })
}
