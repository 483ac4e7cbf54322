//! Carries the mails of connectors, through the guard: mailboxes by IMAP, mails on their way out by SMTP.

use super::carrier;
use crate::mailing::imap::{Broken, NO_FOLDER, REFUSED, Session, quoted};
use crate::mailing::place::Place;
use crate::mailing::smtp::{Lost, Smtp};
use base::outbound::Outbound;
use connectors::post::{Fetched, Letter, Mail, Mailbox, Server, Wanted};
use connectors::{Answer, Fault, Micros, Post};
use lettre::address::Envelope;
use std::future::Future;
use std::time::Duration;

/// For all of one look into a mailbox.
const PATIENCE: Duration = Duration::from_secs(60);
/// For the answer to a mail's content. Shorter than a reply is one node's.
const VERDICT: Duration = Duration::from_secs(60);
/// Of a longer mail only the beginning is fetched.
const WHOLE: usize = 4 << 20;
const BEGINNING: usize = 1 << 20;
/// Mails, and bytes of them, that are fetched at once.
const MAILS: usize = 50;
const BYTES: usize = 8 << 20;
/// The largest UID there can be. A star would mean the last mail, whatever its UID.
const LAST: u32 = u32::MAX;

pub struct Postman(pub Outbound);

impl Post for Postman {
    fn fetch<'a>(&'a self, mailbox: &'a Mailbox, wanted: &'a Wanted) -> Answer<'a, Fetched> {
        Box::pin(async move {
            let place = place(mailbox)?;
            in_time(&place, self.look(&place, wanted)).await
        })
    }

    fn has<'a>(
        &'a self,
        server: &'a Server,
        folders: &'a [String],
        message_id: &'a str,
    ) -> Answer<'a, bool> {
        Box::pin(async move {
            for folder in folders {
                let mailbox = Mailbox {
                    server: server.clone(),
                    folder: folder.clone(),
                };
                let place = place(&mailbox)?;
                let what = format!("HEADER Message-ID {}", quoted(&format!("<{message_id}>")));
                let found = async {
                    let mut session = Session::open(&place, &self.0).await?;
                    let found = session.search(&what).await?;
                    session.leave().await;
                    Ok(!found.is_empty())
                };
                match in_time(&place, found).await {
                    // What was never sent has no folder yet.
                    Ok(false) | Err(Fault::Gone(_)) => {}
                    found => return found,
                }
            }
            Ok(false)
        })
    }

    fn greet<'a>(&'a self, server: &'a Server) -> Answer<'a, ()> {
        Box::pin(async move {
            self.smtp(server)
                .greet()
                .await
                .map_err(|lost| fault(lost, server))
        })
    }

    fn hand_over<'a>(&'a self, server: &'a Server, letter: &'a Letter) -> Answer<'a, ()> {
        Box::pin(async move {
            let wrong = |e: &dyn std::fmt::Display| Fault::Refused(e.to_string());
            let from = letter.from.parse().map_err(|e| wrong(&e))?;
            let to = letter.to.parse().map_err(|e| wrong(&e))?;
            let envelope = Envelope::new(Some(from), vec![to]).map_err(|e| wrong(&e))?;
            let sent = self.smtp(server).send(&envelope, &letter.raw).await;
            sent.map_err(|lost| fault(lost, server))
        })
    }
}

impl Postman {
    fn smtp(&self, server: &Server) -> Smtp {
        Smtp::guarded(server, self.0.clone(), VERDICT)
    }

    async fn look(&self, place: &Place, wanted: &Wanted) -> Result<Fetched, Broken> {
        let mut session = Session::open(place, &self.0).await?;
        let mut fetched = Fetched {
            validity: u32::try_from(session.validity).unwrap_or_default(),
            next: u32::try_from(session.next).unwrap_or(LAST),
            ..Fetched::default()
        };
        if fetched.validity == wanted.validity {
            let found = session.search(&criteria(wanted)).await?;
            let mut bytes = 0;
            for uid in found {
                if uid <= i64::from(wanted.after) {
                    continue;
                }
                if fetched.mails.len() >= MAILS || bytes >= BYTES {
                    fetched.has_more = true;
                    break;
                }
                if let Some(mail) = one(&mut session, uid).await? {
                    bytes += mail.raw.len();
                    fetched.mails.push(mail);
                }
            }
        }
        session.leave().await;
        Ok(fetched)
    }
}

/// A mail; `None` when it is gone. One that the server does not hand out is there without its text.
async fn one(session: &mut Session, uid: i64) -> Result<Option<Mail>, Broken> {
    let fetched = async {
        let Some(size) = session.size(uid).await? else {
            return Ok(None);
        };
        let arrived = session.arrival(uid).await?;
        let is_whole = size <= WHOLE;
        let raw = match is_whole {
            true => session.mail(uid).await?,
            false => session.beginning(uid, BEGINNING).await?,
        };
        Ok(raw.map(|raw| (raw, arrived, is_whole)))
    };
    let (raw, arrived, is_whole) = match fetched.await {
        Ok(Some(fetched)) => fetched,
        Ok(None) => return Ok(None),
        Err(Broken::Said(..)) => (Vec::new(), None, false),
        Err(broken) => return Err(broken),
    };
    Ok(Some(Mail {
        uid: u32::try_from(uid).unwrap_or(LAST),
        arrived: arrived.as_deref().and_then(moment).unwrap_or_default(),
        raw,
        is_whole,
    }))
}

/// A date as IMAP writes it, such as `17-Jul-1996 02:44:25 -0700`.
fn moment(date: &str) -> Option<Micros> {
    let read = jiff::Timestamp::strptime("%d-%b-%Y %H:%M:%S %z", date.trim());
    Some(read.ok()?.as_microsecond())
}

/// What is new; of what was there before, what came since a day, or what nobody has read of it.
fn criteria(wanted: &Wanted) -> String {
    let new = format!("UID {}:{LAST}", wanted.after.saturating_add(1));
    if wanted.after >= wanted.old {
        return new;
    }
    let behind = format!("UID {}:{LAST}", wanted.old.saturating_add(1));
    let since = jiff::Timestamp::from_microsecond(wanted.since).unwrap_or_default();
    let since = since.strftime("%-d-%b-%Y");
    let unread = if wanted.unread { "UNSEEN " } else { "" };
    format!("{new} OR {behind} ({unread}SINCE {since})")
}

pub(super) fn place(mailbox: &Mailbox) -> Result<Place, Fault> {
    Place::of(mailbox).map_err(|e| Fault::Refused(e.to_string()))
}

async fn in_time<T>(
    place: &Place,
    look: impl Future<Output = Result<T, Broken>>,
) -> Result<T, Fault> {
    let looked = tokio::time::timeout(PATIENCE, look).await;
    let looked = looked.unwrap_or(Err(Broken::Silent));
    looked.map_err(|broken| {
        let said = place.without_secret(&broken.to_string());
        match broken {
            Broken::Way(failed) => carrier::fault(&failed),
            Broken::Said(REFUSED, _) => Fault::SignedOut(said),
            Broken::Said(NO_FOLDER, _) => Fault::Gone(said),
            Broken::Lacks(_) => Fault::Refused(said),
            _ => Fault::Unreached(said),
        }
    })
}

fn fault(lost: Lost, server: &Server) -> Fault {
    let shown = |why: String| match server.password.is_empty() {
        true => why,
        false => why.replace(&server.password, "…"),
    };
    match lost {
        Lost::Later(why) => Fault::Unreached(shown(why)),
        Lost::Never(why) => Fault::Refused(shown(why)),
        Lost::Unknown(why) => Fault::Unknown(shown(why)),
        Lost::OfUs { why, is_key: true } => Fault::SignedOut(shown(why)),
        Lost::OfUs { why, .. } => Fault::NotAllowed(shown(why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_searched_for_and_when_it_came() {
        let mut wanted = Wanted {
            validity: 1,
            after: 0,
            old: 7,
            since: 1_772_445_600_000_000,
            unread: true,
        };
        let unread = "UID 1:4294967295 OR UID 8:4294967295 (UNSEEN SINCE 2-Mar-2026)";
        assert_eq!(criteria(&wanted), unread);
        wanted.unread = false;
        assert!(criteria(&wanted).ends_with("(SINCE 2-Mar-2026)"));
        wanted.after = 7;
        assert_eq!(criteria(&wanted), "UID 8:4294967295");
        assert_eq!(
            moment("02-Mar-2026 11:00:00 +0100"),
            Some(1_772_445_600_000_000)
        );
        assert_eq!(
            moment(" 2-Mar-2026 10:00:00 +0000"),
            Some(1_772_445_600_000_000)
        );
        assert_eq!(moment("yesterday"), None);
    }
}
