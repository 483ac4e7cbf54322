//! An answer as a mail: it stands in the customer's thread, comes from the company, and answers to it come back to the case.

use super::place::Place;
use super::read::{first, hex, parsed, referable, references};
use crate::post::Letter;
use crate::{Fault, Micros, Outgoing, text};
use lettre::message::{Mailbox, SinglePart};
use lettre::{Address, Message};
use ring::digest::{SHA256, digest};
use std::time::{Duration, UNIX_EPOCH};

/// References that are written: the first one, and the last ones.
const REFERENCES: usize = 20;

/// Follows from our key, so that it is the same mail however often it is tried.
pub fn message_id(place: &Place, key: &str) -> String {
    let digest = digest(&SHA256, key.as_bytes());
    format!("tenon.{}@{}", hex(&digest.as_ref()[..16]), place.domain())
}

/// # Errors
/// [`Fault::Refused`] when there is nobody it could go to.
pub fn letter(place: &Place, out: &Outgoing, now: Micros) -> Result<Letter, Fault> {
    let refused = |why: &str| Fault::Refused(why.to_string());
    let answered = out.answered.as_deref().map(str::as_bytes).and_then(parsed);
    let to = out.to.as_ref().filter(|to| !to.id.is_empty());
    let to = to.ok_or_else(|| refused("a mail goes to somebody: answer one that came"))?;
    let wished = answered.as_ref().and_then(|mail| first(mail.reply_to()));
    let wished = wished.filter(|(address, _)| place.token(address).is_none());
    let (address, name) = wished.unwrap_or_else(|| (to.id.clone(), to.name.clone()));
    let address: Address = address.parse().map_err(|_| {
        refused(&format!(
            "{} is no address that mail can be sent to",
            text::line(&address)
        ))
    })?;
    let own = place.address.parse::<Address>();
    let own = own.map_err(|_| refused("the address of the mailbox is none"))?;
    let id = message_id(place, &out.key);
    let mut message = Message::builder()
        .from(mailbox(&place.name, own.clone()))
        .to(mailbox(&name, address.clone()))
        .subject(subject(answered.as_ref().and_then(|mail| mail.subject())))
        .date(UNIX_EPOCH + Duration::from_micros(u64::try_from(now).unwrap_or_default()))
        .message_id(Some(format!("<{id}>")));
    if let Some(back) = out.back.as_deref().and_then(|token| place.with(token)) {
        let back = back
            .parse()
            .map_err(|_| refused("no address for answers"))?;
        message = message.reply_to(mailbox(&place.name, back));
    }
    let reply_to = out.reply_to.as_deref().and_then(referable);
    if let Some(reply_to) = &reply_to {
        message = message.in_reply_to(format!("<{reply_to}>"));
    }
    let before = answered.as_ref().map(references);
    let before = before.unwrap_or_else(|| {
        out.thread
            .as_deref()
            .and_then(referable)
            .into_iter()
            .collect()
    });
    let chain = chain(before, reply_to);
    if !chain.is_empty() {
        message = message.references(chain);
    }
    let written = message.singlepart(SinglePart::plain(lines(&out.text)));
    let written = written.map_err(|e| refused(&e.to_string()))?;
    Ok(Letter {
        from: own.to_string(),
        to: address.to_string(),
        raw: written.formatted(),
    })
}

fn mailbox(name: &str, address: Address) -> Mailbox {
    Mailbox::new(Some(text::line(name)).filter(|n| !n.is_empty()), address)
}

/// "Re:" once, whoever wrote it before.
fn subject(answered: Option<&str>) -> String {
    let mut rest = text::line(answered.unwrap_or_default());
    while let Some(head) = rest.get(..3) {
        let is_mark = ["re:", "aw:", "sv:", "rv:"].contains(&head.to_ascii_lowercase().as_str());
        if !is_mark {
            break;
        }
        rest = rest[3..].trim_start().to_string();
    }
    match rest.is_empty() {
        true => "Re: your message".into(),
        false => format!("Re: {rest}"),
    }
}

fn chain(mut before: Vec<String>, answered: Option<String>) -> String {
    before.retain(|id| Some(id) != answered.as_ref());
    before.extend(answered);
    if before.len() > REFERENCES {
        before.drain(1..before.len() - REFERENCES + 1);
    }
    let all: Vec<String> = before.iter().map(|id| format!("<{id}>")).collect();
    all.join(" ")
}

/// Lines as mails have them.
fn lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines.join("\r\n") + "\r\n"
}
