//! A mail as it came becomes what somebody said.

use super::place::Place;
use super::{machine, proof, quoted};
use crate::channel::{Author, Hints, Media, Seen, What};
use crate::post::Mail;
use crate::{Incoming, Micros, text};
use mail_parser::{
    Address, HeaderName, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders, PartType,
};
use ring::digest::{SHA256, digest};

/// Bytes of a mail that are kept; the headers stand first.
const RAW: usize = 256 * 1024;
/// Bytes of one text that are looked at.
const TEXT: usize = 1 << 20;
/// Attachments that are named.
const NAMED: usize = 30;
/// References that are looked at.
const KIN: usize = 50;
/// How far behind its arrival a mail may say it was written.
const DELAY: Micros = 7 * 86_400_000_000;
/// Headers that say to whom a mail went; behind an alias only the later ones tell.
const TO: [&str; 5] = ["To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To"];

/// Ids of mails that have none; they cannot be named in an answer.
const UNNAMED: &str = "unnamed-";

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A Message-ID that can be kept, compared and written again.
fn usable(id: &str) -> Option<String> {
    let id = id.trim().trim_matches(['<', '>']);
    let is_plain = id
        .bytes()
        .all(|b| b.is_ascii_graphic() && b != b'<' && b != b'>');
    (is_plain && (1..=250).contains(&id.len()) && !id.starts_with(UNNAMED)).then(|| id.to_string())
}

/// What may be named in an answer.
pub fn referable(id: &str) -> Option<String> {
    usable(id)
}

pub fn parsed(raw: &[u8]) -> Option<Message<'_>> {
    MessageParser::default().parse(raw)
}

fn listed(value: &HeaderValue<'_>) -> Vec<String> {
    let all = value.as_text_list().unwrap_or_default();
    all.iter().filter_map(|id| usable(id)).collect()
}

/// The mails it says it follows, the first one first.
pub fn references(mail: &Message<'_>) -> Vec<String> {
    listed(mail.references())
}

/// What it says it answers; the last reference where it does not say.
fn reply_to(mail: &Message<'_>) -> Option<String> {
    let answered = listed(mail.in_reply_to()).into_iter().next();
    answered.or_else(|| references(mail).pop())
}

/// The first address, in small letters, and the name beside it.
pub fn first(list: Option<&Address<'_>>) -> Option<(String, String)> {
    let one = list.and_then(Address::first)?;
    let address = one.address()?.trim().to_lowercase();
    let name = text::line(one.name().unwrap_or_default());
    (address.contains('@')).then(|| (text::line(&address), name))
}

/// Who wrote it. A form on a web site often writes as the company itself, and says behind "Reply-To" who filled it in.
fn author(place: &Place, mail: &Message<'_>) -> (String, String) {
    let from = first(mail.from()).or_else(|| first(mail.sender()));
    let is_ours = |a: &(String, String)| place.token(&a.0).is_some();
    let answers_to = first(mail.reply_to()).filter(|a| !is_ours(a));
    match from {
        Some(from) if is_ours(&from) => answers_to.unwrap_or(from),
        Some(from) => from,
        None => answers_to.unwrap_or_else(|| ("unknown".into(), String::new())),
    }
}

/// When it was written, as far as that can be believed.
fn written(mail: &Message<'_>, arrived: Micros, now: Micros) -> Micros {
    let arrived = if arrived > 0 { arrived } else { now };
    let said = mail.date().filter(|d| d.is_valid());
    let said = said.and_then(|d| d.to_timestamp().checked_mul(1_000_000));
    said.filter(|at| (arrived - DELAY..=arrived).contains(at))
        .unwrap_or(arrived)
}

pub fn incoming(place: &Place, mail: &Mail, now: Micros) -> Incoming {
    let kept = &mail.raw[..mail.raw.len().min(RAW)];
    let raw = String::from_utf8_lossy(kept).into_owned();
    let Some(message) = parsed(&mail.raw) else {
        return unreadable(mail, raw, now);
    };
    let id = message.message_id().and_then(usable);
    let id = id.unwrap_or_else(|| {
        let digest = digest(&SHA256, &mail.raw);
        format!("{UNNAMED}{}", hex(&digest.as_ref()[..16]))
    });
    let (address, name) = author(place, &message);
    let reply_to = reply_to(&message);
    let media = attachments(&message);
    let mut words = body(&message, reply_to.is_some());
    for one in &media {
        words.push_str(&format!("\n\n[Attached: {}]", one.description));
    }
    if !mail.is_whole {
        words.push_str("\n\n[This mail is too long to be fetched. Read it in the mailbox.]");
    }
    let at = written(&message, mail.arrived, now);
    Incoming {
        is_ours: place.token(&address).is_some(),
        what: What::Said,
        at,
        thread: references(&message).into_iter().next(),
        reply_to,
        author: Author {
            id: address.clone(),
            handle: address,
            name,
            url: None,
        },
        is_for_us: true,
        seen: Seen::Direct,
        text: text::clean(&words),
        language: None,
        tags: Vec::new(),
        media,
        url: None,
        raw: if raw.is_empty() { id.clone() } else { raw },
        id,
    }
}

/// What cannot be read is there all the same, for a person to look at.
fn unreadable(mail: &Mail, raw: String, now: Micros) -> Incoming {
    let at = if mail.arrived > 0 { mail.arrived } else { now };
    let name = digest(&SHA256, format!("{}\n{raw}", mail.uid).as_bytes());
    let id = format!("{UNNAMED}{}", hex(&name.as_ref()[..16]));
    Incoming {
        what: What::Said,
        author: Author {
            id: "unknown".into(),
            handle: "unknown".into(),
            ..Author::default()
        },
        is_for_us: true,
        seen: Seen::Direct,
        text: format!(
            "[Mail {} of the mailbox cannot be read here. Read it there.]",
            mail.uid
        ),
        raw: if raw.is_empty() { id.clone() } else { raw },
        ..Incoming::deleted(&id, at)
    }
}

/// Its text: the plain one, or what HTML says. Of an answer, without the history that it quotes.
fn body(mail: &Message<'_>, is_answer: bool) -> String {
    let texts = mail.text_bodies().map(|part| plain(part, is_answer));
    let all: Vec<String> = texts.filter(|t| !t.trim().is_empty()).take(20).collect();
    if !all.is_empty() {
        return all.join("\n\n");
    }
    // A plain part that says nothing stands beside HTML that does.
    let html = mail.html_bodies().map(|part| plain(part, is_answer));
    let all: Vec<String> = html.filter(|t| !t.trim().is_empty()).take(20).collect();
    all.join("\n\n")
}

fn plain(part: &MessagePart<'_>, is_answer: bool) -> String {
    let whole = match &part.body {
        PartType::Text(words) => cut(words).to_string(),
        PartType::Html(html) => {
            let html = cut(html);
            let own = if is_answer {
                quoted::own_html(html)
            } else {
                html
            };
            let words = text::of_html(own);
            match words.is_empty() {
                true => text::of_html(html),
                false => words,
            }
        }
        _ => String::new(),
    };
    if !is_answer {
        return whole;
    }
    // Who wrote only below what she quotes is shown whole.
    match quoted::own_text(&whole) {
        own if own.is_empty() => whole,
        own => own,
    }
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT)]
}

fn attachments(mail: &Message<'_>) -> Vec<Media> {
    mail.attachments().take(NAMED).map(attachment).collect()
}

/// Named with its type and size; it is never opened, and has no address.
fn attachment(part: &MessagePart<'_>) -> Media {
    let kind = part.content_type().map_or_else(
        || "application/octet-stream".to_string(),
        |c| match c.subtype() {
            Some(subtype) => format!("{}/{subtype}", c.ctype()),
            None => c.ctype().to_string(),
        },
    );
    let kind = text::line(&kind.to_lowercase());
    let name = text::line(part.attachment_name().unwrap_or("without a name"));
    let size = match part.len() {
        n if n < 1_000 => format!("{n} bytes"),
        n if n < 1_000_000 => format!("{} kB", n / 1_000),
        n => format!("{} MB", n / 1_000_000),
    };
    Media {
        url: String::new(),
        description: format!("{name}, {kind}, {size}"),
        kind,
    }
}

pub fn hints(place: &Place, item: &Incoming) -> Hints {
    let Some(mail) = MessageParser::default().parse_headers(item.raw.as_bytes()) else {
        return Hints::default();
    };
    let mut kin = references(&mail);
    kin.reverse();
    kin.truncate(KIN);
    Hints {
        machine: machine::machine(&mail),
        title: mail
            .subject()
            .map(text::line)
            .filter(|title| !title.is_empty()),
        kin,
        tokens: tokens(place, &mail),
        proof: (!place.authserv.is_empty())
            .then(|| proof::proof(&mail, &place.authserv, &item.author.handle)),
    }
}

fn tokens(place: &Place, mail: &Message<'_>) -> Vec<String> {
    let is_to = |name: &HeaderName<'_>| TO.iter().any(|t| name.as_str().eq_ignore_ascii_case(t));
    let headers = mail.headers().iter().filter(|h| is_to(&h.name));
    let raw = headers.filter_map(|h| {
        let bytes = mail.raw_message();
        bytes.get(h.offset_start as usize..h.offset_end as usize)
    });
    let words = raw.flat_map(|list| {
        list.split(|b| b.is_ascii_whitespace() || b"<>,;\"()".contains(b))
            .filter_map(|word| std::str::from_utf8(word).ok())
    });
    let mut tokens: Vec<String> = words
        .take(1_000)
        .filter_map(|word| place.token(word))
        .filter(|token| !token.is_empty())
        .collect();
    tokens.dedup();
    tokens.truncate(10);
    tokens
}
