//! Mail that comes in: an answer to a mail of ours becomes a message in the conversation.
//!
//! Who may write is decided by two things: the code in the address, which only the person who got the mail knows, and the
//! sender, who has to be her. A sender can be invented; the code cannot.

use super::quoted::own_text;
use super::replied_to;
use crate::delivery::Delivery;
use crate::identity::secret::Digest;
use crate::identity::{Actor, Scopes, Via};
use crate::problem::Problem;
use crate::store::{mail, people};
use mail_parser::{Message, MessageParser};
use mining::time::DAY;

/// What became of a mail.
#[derive(Debug, Clone, PartialEq)]
pub enum Received {
    /// The number of the message; the same again when the mail came twice.
    Posted(i64),
    /// Nobody wrote it: an automatic answer, a bounce, a list.
    Automatic,
    /// It is no answer to anything of ours, or not from who was written to.
    Refused(&'static str),
}

impl Received {
    fn word(&self) -> &'static str {
        match self {
            Received::Posted(_) => "posted",
            Received::Automatic => "automatic",
            Received::Refused(_) => "refused",
        }
    }
}

/// Headers that say to whom a mail went; behind an alias only the later ones tell.
const TO: [&str; 5] = ["To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To"];

impl Delivery {
    /// Takes in a mail (RFC 5322), and counts what became of it. `recipient` is the address it was delivered to, if known.
    pub async fn receive(&self, raw: &[u8], recipient: Option<&str>) -> Result<Received, Problem> {
        let received = self.read_mail(raw, recipient).await?;
        let day = self.clock().now() / DAY;
        let mut tx = self.db().begin().await?;
        mail::count(&mut tx, day, received.word()).await?;
        tx.commit().await?;
        Ok(received)
    }

    async fn read_mail(&self, raw: &[u8], recipient: Option<&str>) -> Result<Received, Problem> {
        let Some(mail) = MessageParser::default().parse(raw) else {
            return Ok(Received::Refused("This is no mail."));
        };
        if is_automatic(&mail) {
            return Ok(Received::Automatic);
        }
        let from = mail
            .from()
            .and_then(|f| f.first())
            .and_then(|a| a.address());
        let from = from.unwrap_or_default().to_lowercase();
        let person = people::by_email(self.db(), &from).await?;
        let via = Via::Token("mail".into());
        let actor = person.and_then(|p| Actor::of(&p, via, Scopes::all()));
        let Some(actor) = actor else {
            return Ok(Received::Refused(
                "Nobody here has the address this was sent from.",
            ));
        };
        let key = self.key().await?;
        let mut codes = codes(&mail, recipient).into_iter();
        let Some(conversation) = codes.find_map(|c| replied_to(key, actor.id(), &c)) else {
            let why = "This was sent to no address of a conversation, or not from the address that was written to.";
            return Ok(Received::Refused(why));
        };
        let text = own_text(&mail.body_text(0).unwrap_or_default());
        if text.is_empty() {
            return Ok(Received::Refused(
                "Nothing is written above what is quoted.",
            ));
        }
        // A mail without a name of its own is named by what it is.
        let id = mail.message_id().map(String::from);
        let id = id.unwrap_or_else(|| format!("{from}\n{text}"));
        let client = format!("mail:{}", Digest::of(&id).text());
        let posted = self
            .inner
            .work
            .post(&actor, &conversation, &text, Some(&client))
            .await;
        match posted {
            Ok(id) => Ok(Received::Posted(id)),
            Err(problem) if problem.status < 500 => Ok(Received::Refused(
                "The conversation is gone, or the text is too long.",
            )),
            Err(problem) => Err(problem),
        }
    }
}

/// What stands behind the plus of the addresses a mail went to.
fn codes(mail: &Message<'_>, recipient: Option<&str>) -> Vec<String> {
    let named = |name: &str| TO.iter().any(|t| t.eq_ignore_ascii_case(name));
    let headers = mail.headers_raw().filter(|(name, _)| named(name));
    let code = |word: &str| {
        let (local, _) = word.rsplit_once('@')?;
        local.split_once('+').map(|(_, code)| code.to_string())
    };
    recipient
        .into_iter()
        .chain(headers.map(|(_, value)| value))
        .flat_map(|list| list.split(|c: char| c.is_whitespace() || "<>,;\"()".contains(c)))
        .filter_map(code)
        .collect()
}

/// Whether a machine wrote it (RFC 3834, and what is in use beside it).
fn is_automatic(mail: &Message<'_>) -> bool {
    let text = |name: &str| mail.header_raw(name).map(|v| v.trim().to_lowercase());
    let auto = text("Auto-Submitted").is_some_and(|v| !v.starts_with("no"));
    let bulk = text("Precedence")
        .is_some_and(|v| ["bulk", "junk", "list", "auto_reply"].contains(&v.as_str()));
    let marked = [
        "X-Auto-Response-Suppress",
        "X-Autoreply",
        "X-Autorespond",
        "List-Id",
    ];
    let bounce = text("Return-Path").is_some_and(|v| v == "<>")
        || text("Content-Type").is_some_and(|v| v.starts_with("multipart/report"));
    auto || bulk || bounce || marked.iter().any(|name| text(name).is_some())
}
