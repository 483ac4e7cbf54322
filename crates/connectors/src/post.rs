//! The second way to a service, beside [`Http`](crate::Http): mailboxes are read (IMAP), and mails are handed over (SMTP).
//! Who carries it knows the protocols and nothing of what the mails mean.

use crate::{Answer, Fault, Micros};

/// How a server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// Not encrypted: only to hosts that somebody allowed.
    None,
    /// STARTTLS, or nothing.
    Required,
    FromTheStart,
}

/// A server and who signs in there.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    /// Empty where nobody signs in.
    pub user: String,
    pub password: String,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "{}@{}:{}", self.user, self.host, self.port)
    }
}

/// A folder of mails on a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    pub server: Server,
    pub folder: String,
}

/// Which mails of a mailbox are asked for. Mails have numbers that only grow (UID), as long as the numbering (UIDVALIDITY) is the same.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted {
    /// The numbering that `after` belongs to; another one brings no mails, only the new numbers.
    pub validity: u32,
    /// Only what follows this number.
    pub after: u32,
    /// Up to this number not everything is wanted, but what came from the day of `since` on.
    pub old: u32,
    pub since: Micros,
    /// Of what is old, only what nobody has read.
    pub unread: bool,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fetched {
    pub validity: u32,
    /// The number of the next mail that will come.
    pub next: u32,
    /// By number.
    pub mails: Vec<Mail>,
    /// There is more to be had at once.
    pub has_more: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Mail {
    pub uid: u32,
    /// When it came into the mailbox; 0 where the server does not tell.
    pub arrived: Micros,
    /// As it is. Of one that is too long only its headers; nothing of one that the server does not hand out.
    pub raw: Vec<u8>,
    pub is_whole: bool,
}

/// A mail on its way out, with the envelope it goes in.
#[derive(Debug, Clone, PartialEq)]
pub struct Letter {
    pub from: String,
    pub to: String,
    pub raw: Vec<u8>,
}

pub trait Post: Send + Sync {
    /// Some of the mails that are wanted, those that came first. Reading marks nothing as read.
    fn fetch<'a>(&'a self, mailbox: &'a Mailbox, wanted: &'a Wanted) -> Answer<'a, Fetched>;

    /// Whether a mail with this Message-ID (without its angle brackets) is in one of these folders; a folder that is not there holds none.
    fn has<'a>(
        &'a self,
        server: &'a Server,
        folders: &'a [String],
        message_id: &'a str,
    ) -> Answer<'a, bool>;

    /// Connects to a mail server and signs in, nothing more.
    fn greet<'a>(&'a self, server: &'a Server) -> Answer<'a, ()>;

    /// Hands a mail over.
    ///
    /// # Errors
    /// [`Fault::Unknown`] when it may have been taken; with every other fault it was not.
    fn hand_over<'a>(&'a self, server: &'a Server, letter: &'a Letter) -> Answer<'a, ()>;
}

/// Where there is no way for mails.
pub struct NoPost;

fn none<'a, T>() -> Answer<'a, T> {
    Box::pin(async { Err(Fault::Refused("no mails are carried here".into())) })
}

impl Post for NoPost {
    fn fetch<'a>(&'a self, _: &'a Mailbox, _: &'a Wanted) -> Answer<'a, Fetched> {
        none()
    }

    fn has<'a>(&'a self, _: &'a Server, _: &'a [String], _: &'a str) -> Answer<'a, bool> {
        none()
    }

    fn greet<'a>(&'a self, _: &'a Server) -> Answer<'a, ()> {
        none()
    }

    fn hand_over<'a>(&'a self, _: &'a Server, _: &'a Letter) -> Answer<'a, ()> {
        none()
    }
}
