//! Channels: where customers say something, and where they are answered.

use crate::network::Place;
use crate::post::Mailbox;
use crate::publish::{Echo, Publishes};
use crate::{
    Account, Answer, Budget, Connector, Cursor, Fault, Follows, Micros, Page, Request, Settings,
    Via,
};
use serde::{Deserialize, Serialize};

/// Who wrote something out there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Author {
    /// The service's own id, which stays when a handle changes.
    pub id: String,
    /// As people write it there.
    pub handle: String,
    pub name: String,
    pub url: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Seen {
    /// Anybody can read it.
    Public,
    /// Only those it is for.
    Direct,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// Said, or told once more.
    Said,
    /// Changed since; the text is the new one. It may be the first that is told of it: then it was said.
    Edited,
    /// Taken back; there is no text.
    Deleted,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Media {
    pub url: String,
    /// Such as `image/png` or `image`.
    pub kind: String,
    pub description: String,
}

/// Something that was said on a channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incoming {
    /// The service's id of it: the same however often and by whichever way it is told.
    pub id: String,
    pub what: What,
    /// When the service says it was said.
    pub at: Micros,
    /// What all of one thread share, where the service tells; otherwise threads are found by `reply_to`.
    pub thread: Option<String>,
    /// The id of what it answers.
    pub reply_to: Option<String>,
    pub author: Author,
    /// Whether our own account wrote it, from wherever.
    pub is_ours: bool,
    /// Whether it is meant for us (a mention, a direct message, an answer to us), not only found.
    pub is_for_us: bool,
    pub seen: Seen,
    /// Plain text: never markup of the service.
    pub text: String,
    pub language: Option<String>,
    pub tags: Vec<String>,
    pub media: Vec<Media>,
    /// Where it can be looked at.
    pub url: Option<String>,
    /// As it came, JSON or otherwise; kept for as long as the channel's retention says.
    pub raw: String,
}

impl Incoming {
    /// That something was taken back, where no more of it is told than its id; `at` is 0 where not even that is known.
    pub fn deleted(id: &str, at: Micros) -> Incoming {
        const YEAR_9999: Micros = 253_402_300_799_000_000;
        Incoming {
            id: id.into(),
            what: What::Deleted,
            // A service may say any number.
            at: at.clamp(0, YEAR_9999),
            thread: None,
            reply_to: None,
            author: Author::default(),
            is_ours: false,
            is_for_us: false,
            seen: Seen::Public,
            text: String::new(),
            language: None,
            tags: Vec::new(),
            media: Vec::new(),
            url: None,
            raw: serde_json::json!({ "deleted": id }).to_string(),
        }
    }
}

/// What a service that was asked about it says of who sent something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The sender's domain says that it is from there.
    Passed,
    /// It says that it is not.
    Failed,
    /// Neither.
    None,
}

impl Verdict {
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Passed => "passed",
            Verdict::Failed => "failed",
            Verdict::None => "none",
        }
    }
}

/// Whether somebody is who she says she is, as far as her domain tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    pub verdict: Verdict,
    /// The domain she says she writes from.
    pub domain: String,
    /// What the verdict rests on, such as `SPF: fail`.
    pub by: String,
}

/// What the marks of a service say of a message, beside its words. Made anew from the payload, kept nowhere.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hints {
    /// Why no person wrote it, if none did.
    pub machine: Option<&'static str>,
    /// What it is called, where messages have titles.
    pub title: Option<String>,
    /// Other messages of its thread, the nearest first; looked at when neither `reply_to` nor `thread` is known.
    pub kin: Vec<String>,
    /// What may be tokens of ours in the addresses it was sent to ([`Outgoing::back`]).
    pub tokens: Vec<String>,
    /// What is known of who sent it; `None` where nobody was asked.
    pub proof: Option<Proof>,
}

/// An answer, or something of our own, on its way out.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// Ours, the same at every attempt.
    pub key: String,
    pub text: String,
    /// The id of what it answers.
    pub reply_to: Option<String>,
    pub thread: Option<String>,
    /// Whom it answers.
    pub to: Option<Author>,
    pub seen: Seen,
    /// When it was first tried: what may have come through is looked for from here on.
    pub since: Micros,
    /// The payload of what it answers, as it came; `None` where it is not kept any more.
    pub answered: Option<String>,
    /// A token of ours for answers to it, where the channel has addresses that carry one.
    pub back: Option<String>,
}

/// What came through.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    pub id: String,
    pub url: Option<String>,
}

/// Why a second attempt sends nothing twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Once {
    /// The service takes our key and answers the same for it.
    Key,
    /// The id follows from our key, so that sending again does nothing.
    Id,
    /// What came through is read back before it is sent again ([`Channel::find_sent`]).
    ReadBack,
    /// The service says whether it took it. Where it did not get to say so ([`Fault::Unknown`], or a crash), what came through is looked
    /// for ([`Channel::find_sent`]); what is not found may be there all the same, and is sent again only when a person says so.
    Asked,
}

/// A webhook's delivery, as it came.
pub struct Delivery<'a> {
    pub method: &'a str,
    /// The whole address it was sent to.
    pub url: &'a str,
    /// Names in lower case.
    pub headers: &'a [(String, String)],
    pub body: &'a [u8],
}

impl Delivery<'_> {
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(n, _)| n == name);
        found.map_or("", |(_, value)| value)
    }

    /// What its address says after the question mark.
    pub fn query(&self, name: &str) -> String {
        let (_, query) = self.url.split_once('?').unwrap_or_default();
        let query = query.split('#').next().unwrap_or("");
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let found = pairs.find(|(n, _)| n == name);
        found.map_or_else(String::new, |(_, value)| value.into_owned())
    }
}

/// What a delivery was, once it is known to be genuine.
#[derive(Debug, Clone, PartialEq)]
pub enum Delivered {
    /// What it told.
    Said(Vec<Incoming>),
    /// The service wants to see that it is us: this is to be answered, with this content type.
    Handshake(&'static str, String),
}

/// Something that somebody typed to us there instead of saying it, such as `/tenon case D-1042`.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// The service's own id of who typed it.
    pub user: String,
    /// What stands behind the command's name.
    pub text: String,
    /// The same however often this one is delivered.
    pub key: String,
}

/// Listens and answers.
pub trait Channel: Connector {
    /// What follows the last cursor, oldest first; without one, what was said lately. A poll fills whatever gaps a stream or a webhook left.
    fn poll<'a>(&'a self, via: &'a Via<'a>, from: Option<&'a Cursor>)
    -> Answer<'a, Page<Incoming>>;

    /// Reads a delivery after checking that it is genuine: raw bytes, in constant time, not older than the service's window.
    /// `None`: this service has no webhooks.
    fn deliver(
        &self,
        settings: &Settings,
        account: &Account,
        delivery: &Delivery,
        now: Micros,
    ) -> Option<Result<Delivered, Fault>> {
        let _ = (settings, account, delivery, now);
        None
    }

    /// Reads a delivery that is a command, after checking that it is genuine. `None`: it is none.
    fn command(
        &self,
        settings: &Settings,
        delivery: &Delivery,
        now: Micros,
    ) -> Option<Result<Command, Fault>> {
        let _ = (settings, delivery, now);
        None
    }

    /// The e-mail address under which the service knows somebody who types commands.
    fn email_of<'a>(&'a self, via: &'a Via<'a>, user: &'a str) -> Answer<'a, Option<String>> {
        let _ = (via, user);
        Box::pin(async { Ok(None) })
    }

    /// An answer to a command that only its writer sees, with its content type. Slack and Mattermost take the same form.
    fn answered(&self, text: &str) -> (&'static str, String) {
        let body = serde_json::json!({ "response_type": "ephemeral", "text": text });
        ("application/json", body.to_string())
    }

    /// What to ask for where the service keeps telling over one long answer, beside the poll; or where it answers as soon as
    /// something happened, with how far the poll has come. When the answer ends, the poll looks and the stream is opened anew.
    fn stream(&self, settings: &Settings, from: Option<&Cursor>) -> Option<Result<Request, Fault>> {
        let _ = (settings, from);
        None
    }

    /// Takes what is whole off the front of what a stream brought so far, and leaves the rest there. One that only says that
    /// there is something takes nothing: the poll does.
    fn streamed(
        &self,
        settings: &Settings,
        account: &Account,
        buffer: &mut Vec<u8>,
    ) -> Result<Vec<Incoming>, Fault> {
        let _ = (settings, account, buffer);
        Ok(Vec::new())
    }

    /// What else there is to know of something that came.
    fn hints(&self, settings: &Settings, item: &Incoming) -> Hints {
        let _ = (settings, item);
        Hints::default()
    }

    /// The address at which answers with a token arrive, where the channel has such addresses.
    fn address(&self, settings: &Settings, token: &str) -> Option<String> {
        let _ = (settings, token);
        None
    }

    /// A mailbox that tells at once when there is something to poll for.
    fn bell(&self, settings: &Settings) -> Option<Mailbox> {
        let _ = settings;
        None
    }

    /// What it can follow beside what is said to us, as it is connected.
    fn follows(&self, settings: &Settings) -> Follows {
        let _ = settings;
        Follows::NOTHING
    }

    /// How an account is written there that somebody wants to follow: [`Fault::Gone`] where there is none of that name.
    fn resolve<'a>(&'a self, via: &'a Via<'a>, account: &'a str) -> Answer<'a, String> {
        let _ = (via, account);
        Box::pin(async { Err(Fault::Refused("accounts cannot be followed".into())) })
    }

    /// What reading has cost so far, where the service bills what is read.
    fn budget(&self, settings: &Settings, from: Option<&Cursor>, now: Micros) -> Option<Budget> {
        let _ = (settings, from, now);
        None
    }

    /// Whether it has rooms that people talk in.
    fn has_rooms(&self) -> bool {
        false
    }

    /// The rooms the account is in.
    fn rooms<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Vec<Place>> {
        let _ = via;
        Box::pin(async { Ok(Vec::new()) })
    }

    fn once(&self) -> Once;

    /// The longest text of one message, in characters.
    fn longest(&self) -> usize;

    fn send<'a>(
        &'a self,
        via: &'a Via<'a>,
        account: &'a Account,
        out: &'a Outgoing,
    ) -> Answer<'a, Sent>;

    /// Looks for what an earlier attempt may have sent. Asked before each repetition where [`Once::ReadBack`] or [`Once::Asked`] is declared.
    fn find_sent<'a>(
        &'a self,
        via: &'a Via<'a>,
        account: &'a Account,
        out: &'a Outgoing,
    ) -> Answer<'a, Option<Sent>> {
        let _ = (via, account, out);
        Box::pin(async { Ok(None) })
    }

    /// What it takes as a post of our own: [`Channel::send`] of what answers nobody and is not direct. `None`: no posts.
    fn publishes(&self) -> Option<Publishes> {
        None
    }

    /// What came of posts of ours, by the ids they were sent under. What is not there any more, or of which nothing is told, is left out.
    fn echo<'a>(
        &'a self,
        via: &'a Via<'a>,
        account: &'a Account,
        ids: &'a [String],
    ) -> Answer<'a, Vec<Echo>> {
        let _ = (via, account, ids);
        Box::pin(async { Ok(Vec::new()) })
    }
}
