//! Mail that comes in: an answer to a mail of ours becomes a message in the conversation.
//!
//! Who may write is decided by two things: the code in the address, which only the person who got the mail knows, and the
//! sender, who has to be her. A sender can be invented; the code cannot.

use super::replied_to;
use crate::delivery::Delivery;
use base::identity::secret::Digest;
use base::identity::{Actor, Scopes, Via};
use base::problem::Problem;
use connectors::mail::machine::machine;
use connectors::mail::quoted::own_text;
use mail_parser::{Message, MessageParser};
use store::mailboxes::{self, Fetched, RefusedRow, Taken};
use store::people;

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

/// What is to be done with a mail.
enum Read {
    /// Who answers what with which text, and what the mail calls itself.
    Answer(Box<(Actor, String, String, String)>),
    Automatic,
    Refused(&'static str),
}

/// Headers that say to whom a mail went; behind an alias only the later ones tell.
const TO: [&str; 5] = ["To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To"];

impl Delivery {
    /// Takes in a mail (RFC 5322), and counts what became of it. `recipient` is the address it was delivered to, if known.
    pub async fn receive(&self, raw: &[u8], recipient: Option<&str>) -> Result<Received, Problem> {
        let read = self.read_mail(raw, recipient).await?;
        self.take_in(raw, read, None).await
    }

    /// Takes in a mail from a mailbox, which moves on behind it in the same transaction.
    ///
    /// # Errors
    /// Also when another node took it in meanwhile; then nothing happened here.
    pub async fn receive_from(&self, raw: &[u8], from: Fetched) -> Result<Received, Problem> {
        let read = self.read_mail(raw, None).await?;
        self.take_in(raw, read, Some(from)).await
    }

    /// Refuses a mail that is not looked at.
    pub async fn turn_away(&self, why: &'static str, from: Fetched) -> Result<Received, Problem> {
        self.take_in(&[], Read::Refused(why), Some(from)).await
    }

    async fn take_in(
        &self,
        raw: &[u8],
        read: Read,
        fetched: Option<Fetched>,
    ) -> Result<Received, Problem> {
        let at = self.clock().now();
        let taken = |received: &Received| Taken {
            at,
            word: received.word(),
            fetched: fetched.clone(),
            refused: match received {
                Received::Refused(why) => Some(RefusedRow {
                    at,
                    sender: base::format::short(&sender(raw), 200),
                    why: why.to_string(),
                }),
                _ => None,
            },
        };
        let received = match read {
            Read::Answer(answer) => {
                let (actor, conversation, text, client) = *answer;
                let work = &self.inner.work;
                // What it is counted as; the number is not known before.
                let along = taken(&Received::Posted(0));
                let posted = work.answer_by_mail(&actor, &conversation, &text, &client, along);
                match posted.await {
                    Ok(id) => return Ok(Received::Posted(id)),
                    Err(problem) if problem.status < 500 => {
                        Received::Refused("The conversation is gone, or the text is too long.")
                    }
                    Err(problem) => return Err(problem),
                }
            }
            Read::Automatic => Received::Automatic,
            Read::Refused(why) => Received::Refused(why),
        };
        let mut tx = self.db().begin().await?;
        if !mailboxes::take_in(&mut tx, &taken(&received)).await? {
            return Err(sqlx::Error::RowNotFound.into());
        }
        tx.commit().await?;
        Ok(received)
    }

    async fn read_mail(&self, raw: &[u8], recipient: Option<&str>) -> Result<Read, Problem> {
        let Some(mail) = MessageParser::default().parse(raw) else {
            return Ok(Read::Refused("This is no mail."));
        };
        if machine(&mail).is_some() {
            return Ok(Read::Automatic);
        }
        let from = mail
            .from()
            .and_then(|f| f.first())
            .and_then(|a| a.address());
        let from = from.unwrap_or_default().to_lowercase();
        // What no address holds some databases cannot look for.
        let from = from.replace('\0', "");
        let person = people::by_email(self.db(), &from).await?;
        let via = Via::Token("mail".into());
        let actor = person.and_then(|p| Actor::of(&p, via, Scopes::all()));
        let Some(actor) = actor else {
            return Ok(Read::Refused(
                "Nobody here has the address this was sent from.",
            ));
        };
        let key = self.key().await?;
        let mut codes = codes(&mail, recipient).into_iter();
        let Some(conversation) = codes.find_map(|c| replied_to(key, actor.id(), &c)) else {
            let why = "This was sent to no address of a conversation, or not from the address that was written to.";
            return Ok(Read::Refused(why));
        };
        let text = own_text(&mail.body_text(0).unwrap_or_default());
        if text.is_empty() {
            return Ok(Read::Refused("Nothing is written above what is quoted."));
        }
        // A mail without a name of its own is named by what it is.
        let id = mail.message_id().map(String::from);
        let id = id.unwrap_or_else(|| format!("{from}\n{text}"));
        let client = format!("mail:{}", Digest::of(&id).text());
        Ok(Read::Answer(Box::new((actor, conversation, text, client))))
    }
}

/// The address a mail says it is from.
fn sender(raw: &[u8]) -> String {
    let mail = MessageParser::default().parse_headers(raw);
    let from = mail.as_ref().and_then(|m| m.from()).and_then(|f| f.first());
    let from = from.and_then(|a| a.address());
    from.unwrap_or_default().to_lowercase()
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
