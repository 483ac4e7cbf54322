//! IMAP (RFC 3501, IDLE of RFC 2177, MOVE of RFC 6851), as far as fetching answers needs it.
//!
//! `imap-proto` reads what the server says; what is here frames it and bounds it: no line, no mail and no silence is longer
//! than said here, and what is no IMAP ends the connection.

use super::place::{Place, Tls};
use base::outbound::{self, Outbound};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use imap_proto::{
    AttributeValue, Capability, MailboxDatum, Outcome, Response, ResponseCode, Status,
};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};

/// Longer mails are not fetched.
pub const LONGEST: usize = 32 << 20;
/// A search that finds a hundred thousand mails fits.
const LONGEST_LINE: usize = 1 << 20;
/// Parentheses within parentheses.
const DEEPEST: usize = 20;
/// Lines that are skipped within an answer because they mean nothing to us.
const SKIPPED: usize = 100;
/// Nothing may come for so long, and no answer may take longer than that.
const SILENCE: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 60 });
const ANSWER: Duration = Duration::from_secs(240);

/// What the server is said to do when it refuses the password, and the folder.
pub const REFUSED: &str = "the mail server does not let us in";
pub const NO_FOLDER: &str = "the folder cannot be opened";

/// Why the mailbox cannot be read now.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    #[error("{0}")]
    Way(#[from] outbound::Failed),
    #[error("the connection broke off: {0}")]
    Off(#[from] std::io::Error),
    #[error("the mail server is silent")]
    Silent,
    #[error("the mail server says what is no IMAP: {0}")]
    Junk(String),
    #[error("the mail server sends more than {} MB at once", LONGEST >> 20)]
    TooLong,
    #[error("{0}: {1}")]
    Said(&'static str, String),
    #[error("{0}")]
    Lacks(&'static str),
    #[error("{0}")]
    Store(String),
    #[error("another node fetches from this mailbox now")]
    Held,
}

impl Broken {
    fn junk(said: &[u8]) -> Broken {
        let short = &said[..said.len().min(80)];
        Broken::Junk(short.escape_ascii().to_string())
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A connection to a mailbox that is open.
pub struct Session {
    stream: BufReader<Box<dyn Stream>>,
    tag: u32,
    can: Vec<String>,
    /// Whether the server told of a mail since the last search.
    is_news: bool,
    /// UIDVALIDITY, and the UID the next mail will get.
    pub validity: i64,
    pub next: i64,
}

impl Session {
    /// Connects, signs in and opens the folder.
    pub async fn open(place: &Place, outbound: &Outbound) -> Result<Session, Broken> {
        let is_plain = place.tls == Tls::None;
        let stream = match place.is_foreign {
            true => {
                outbound
                    .reach_foreign(&place.url, place.port, is_plain)
                    .await?
            }
            false => outbound.reach(&place.url, place.port, is_plain).await?,
        };
        let stream: Box<dyn Stream> = match place.tls {
            Tls::FromTheStart => Box::new(in_time(place, stream).await?),
            Tls::None | Tls::Required => Box::new(stream),
        };
        let mut session = Session {
            stream: BufReader::new(stream),
            tag: 0,
            can: Vec::new(),
            is_news: false,
            validity: 0,
            next: 0,
        };
        session.greeting().await?;
        if place.tls == Tls::Required {
            session = session.upgrade(place).await?;
        }
        session.ask_what_it_can().await?;
        session.sign_in(place).await?;
        session.ask_what_it_can().await?;
        session.select(&place.folder).await?;
        Ok(session)
    }

    async fn greeting(&mut self) -> Result<(), Broken> {
        match self.response().await? {
            Response::Data {
                status: Status::Ok, ..
            } => Ok(()),
            Response::Data { outcome, .. } => {
                Err(Broken::Said("the mail server turns away", words(&outcome)))
            }
            _ => Err(Broken::Junk("its greeting".into())),
        }
    }

    async fn upgrade(mut self, place: &Place) -> Result<Session, Broken> {
        self.run("the mail server has no STARTTLS", "STARTTLS")
            .await?;
        // What was said before the encryption began may be anybody's.
        if !self.stream.buffer().is_empty() {
            return Err(Broken::Junk("words before the encryption began".into()));
        }
        let stream = in_time(place, self.stream.into_inner()).await?;
        Ok(Session {
            stream: BufReader::new(Box::new(stream)),
            ..self
        })
    }

    async fn ask_what_it_can(&mut self) -> Result<(), Broken> {
        let said = self
            .run("it does not say what it can", "CAPABILITY")
            .await?;
        let can = said.into_iter().filter_map(|r| match r {
            Response::Capabilities(all) => Some(all),
            _ => None,
        });
        let word = |c: Capability<'_>| match c {
            Capability::Imap4rev1 => "IMAP4REV1".to_string(),
            Capability::Auth(how) => format!("AUTH={}", how.to_uppercase()),
            Capability::Atom(word) => word.to_uppercase(),
        };
        self.can = can.flatten().map(word).collect();
        Ok(())
    }

    pub fn can(&self, what: &str) -> bool {
        self.can.iter().any(|c| c == what)
    }

    /// What the server says to it is told nobody: it may repeat the password, in one form or another.
    async fn sign_in(&mut self, place: &Place) -> Result<(), Broken> {
        let done = self.try_to_sign_in(place).await;
        done.map_err(|broken| match broken {
            Broken::Said(_, said) if is_for_now(&said) => Broken::Said(
                "the mail server lets nobody in now",
                "try again later".into(),
            ),
            Broken::Said(why, _) => Broken::Said(why, "see its own log for the reason".into()),
            Broken::Junk(_) => Broken::Junk("its answer to signing in".into()),
            other => other,
        })
    }

    async fn try_to_sign_in(&mut self, place: &Place) -> Result<(), Broken> {
        if self.can("AUTH=PLAIN") {
            let (user, password) = (&place.user, &place.password);
            let secret = STANDARD.encode(format!("\0{user}\0{password}"));
            self.say("AUTHENTICATE PLAIN").await?;
            self.wait_to_go_on(REFUSED).await?;
            self.send(&format!("{secret}\r\n")).await?;
            return self.rest(REFUSED).await.map(drop);
        }
        if self.can("LOGINDISABLED") {
            return Err(Broken::Lacks(
                "the mail server takes no password without encryption; use imaps:// or ?tls=required",
            ));
        }
        let login = format!("LOGIN {} {}", quoted(&place.user), quoted(&place.password));
        self.run(REFUSED, &login).await.map(drop)
    }

    async fn select(&mut self, folder: &str) -> Result<(), Broken> {
        let command = format!("SELECT {}", quoted(folder));
        for said in self.run(NO_FOLDER, &command).await? {
            let Response::Data { outcome, .. } = said else {
                continue;
            };
            match outcome.code {
                Some(ResponseCode::UidValidity(n)) => self.validity = n.into(),
                Some(ResponseCode::UidNext(n)) => self.next = n.into(),
                _ => {}
            }
        }
        match self.validity > 0 && self.next > 0 {
            true => Ok(()),
            false => Err(Broken::Lacks(
                "the mail server does not number its mails for good (UIDVALIDITY, UIDNEXT)",
            )),
        }
    }

    /// UIDs of mails, in order.
    pub async fn search(&mut self, what: &str) -> Result<Vec<i64>, Broken> {
        self.is_news = false;
        let command = format!("UID SEARCH {what}");
        let said = self.run("it cannot be searched", &command).await?;
        let found = said.into_iter().filter_map(|r| match r {
            Response::MailboxData(MailboxDatum::Search(uids)) => Some(uids),
            _ => None,
        });
        let mut uids: Vec<i64> = found.flatten().map(i64::from).collect();
        uids.sort_unstable();
        uids.dedup();
        Ok(uids)
    }

    /// How many bytes a mail has; `None` when it is gone.
    pub async fn size(&mut self, uid: i64) -> Result<Option<usize>, Broken> {
        let size = |a| match a {
            AttributeValue::Rfc822Size(n) => Some(n as usize),
            _ => None,
        };
        self.fetch(uid, "RFC822.SIZE", size).await
    }

    /// When a mail came into the mailbox, as the server writes it; `None` when it is gone.
    pub async fn arrival(&mut self, uid: i64) -> Result<Option<String>, Broken> {
        let date = |a| match a {
            AttributeValue::InternalDate(date) => Some(date.into_owned()),
            _ => None,
        };
        self.fetch(uid, "INTERNALDATE", date).await
    }

    /// The beginning of a mail; `None` when it is gone.
    pub async fn beginning(&mut self, uid: i64, most: usize) -> Result<Option<Vec<u8>>, Broken> {
        self.bytes(uid, &format!("BODY.PEEK[]<0.{most}>")).await
    }

    /// Whether the server told of a mail since this was asked.
    pub fn heard(&mut self) -> bool {
        std::mem::take(&mut self.is_news)
    }

    /// A mail as it is, which stays unread; `None` when it is gone.
    pub async fn mail(&mut self, uid: i64) -> Result<Option<Vec<u8>>, Broken> {
        self.bytes(uid, "BODY.PEEK[]").await
    }

    async fn bytes(&mut self, uid: i64, what: &str) -> Result<Option<Vec<u8>>, Broken> {
        let whole = |a| match a {
            AttributeValue::BodySection {
                section: None,
                data,
                ..
            } => data.map(|d| d.into_owned()),
            _ => None,
        };
        self.fetch(uid, what, whole).await
    }

    async fn fetch<T>(
        &mut self,
        uid: i64,
        what: &str,
        wanted: impl Fn(AttributeValue<'static>) -> Option<T>,
    ) -> Result<Option<T>, Broken> {
        let command = format!("UID FETCH {uid} ({what})");
        let said = self.run("a mail cannot be fetched", &command).await?;
        let is_it =
            |a: &AttributeValue<'_>| matches!(a, AttributeValue::Uid(n) if i64::from(*n) == uid);
        let found = said.into_iter().find_map(|r| match r {
            Response::Fetch(_, all) if all.iter().any(is_it) => Some(all),
            _ => None,
        });
        match found.into_iter().flatten().find_map(wanted) {
            Some(found) => Ok(Some(found)),
            // Silence about a mail that is there must not pass for a mail that is gone.
            None if self.search(&format!("UID {uid}")).await?.is_empty() => Ok(None),
            None => Err(Broken::Junk(format!("nothing of mail {uid}"))),
        }
    }

    /// Marks a mail; nothing happens to one that is gone.
    pub async fn flag(&mut self, uid: i64, flags: &str) -> Result<(), Broken> {
        let command = format!("UID STORE {uid} +FLAGS.SILENT ({flags})");
        self.run("a mail cannot be marked as read", &command)
            .await
            .map(drop)
    }

    /// Moves a mail to a folder, which is made if it is not there.
    pub async fn put(&mut self, uid: i64, folder: &str) -> Result<(), Broken> {
        if !self.can("MOVE") {
            return Err(Broken::Lacks(
                "the mail server cannot move mails (MOVE), so they stay where they are, marked as read",
            ));
        }
        const WHY: &str = "a mail cannot be moved";
        let command = format!("UID MOVE {uid} {}", quoted(folder));
        let moved = self.run(WHY, &command).await;
        if !matches!(moved, Err(Broken::Said(..))) {
            return moved.map(drop);
        }
        // Perhaps it is not there yet. If it was something else, it is said once more.
        let make = format!("CREATE {}", quoted(folder));
        match self.run(WHY, &make).await {
            Ok(_) | Err(Broken::Said(..)) => self.run(WHY, &command).await.map(drop),
            Err(broken) => Err(broken),
        }
    }

    /// Waits for something new, at most so long; asks whether there is anything where the server cannot tell by itself.
    pub async fn wait(&mut self, most: Duration) -> Result<(), Broken> {
        const WHY: &str = "the mail server does not wait with us";
        if !self.can("IDLE") {
            tokio::time::sleep(most).await;
            return self.run(WHY, "NOOP").await.map(drop);
        }
        self.say("IDLE").await?;
        self.wait_to_go_on(WHY).await?;
        let end = tokio::time::Instant::now() + most;
        while !self.is_news {
            // Only looking into the buffer can be broken off without losing half a line.
            let Ok(more) = tokio::time::timeout_at(end, self.stream.fill_buf()).await else {
                break;
            };
            if more?.is_empty() {
                return Err(ended());
            }
            if let Response::Data {
                status: Status::Bye,
                outcome,
            } = self.response().await?
            {
                return Err(Broken::Said(
                    "the mail server says goodbye",
                    words(&outcome),
                ));
            }
        }
        self.send("DONE\r\n").await?;
        self.rest(WHY).await.map(drop)
    }

    pub async fn leave(mut self) {
        let _ = self.run("", "LOGOUT").await;
    }

    /// Says a command and hears everything up to its end.
    async fn run(
        &mut self,
        why: &'static str,
        command: &str,
    ) -> Result<Vec<Response<'static>>, Broken> {
        self.say(command).await?;
        self.rest(why).await
    }

    async fn say(&mut self, command: &str) -> Result<(), Broken> {
        self.tag += 1;
        self.send(&format!("t{} {command}\r\n", self.tag)).await
    }

    async fn send(&mut self, text: &str) -> Result<(), Broken> {
        let all = async {
            self.stream.write_all(text.as_bytes()).await?;
            self.stream.flush().await
        };
        let sent = tokio::time::timeout(SILENCE, all).await;
        Ok(sent.map_err(|_| Broken::Silent)??)
    }

    /// What is said until the command ends.
    async fn rest(&mut self, why: &'static str) -> Result<Vec<Response<'static>>, Broken> {
        let end = tokio::time::Instant::now() + ANSWER;
        let (mut all, mut size) = (Vec::new(), 0);
        loop {
            let (said, length) = tokio::time::timeout_at(end, self.read())
                .await
                .map_err(|_| Broken::Silent)??;
            size += length;
            match said {
                Response::Done {
                    tag,
                    status,
                    outcome,
                } if tag.0 == format!("t{}", self.tag) => {
                    return match status {
                        Status::Ok => Ok(all),
                        _ => Err(Broken::Said(why, words(&outcome))),
                    };
                }
                Response::Data {
                    status: Status::Bye,
                    outcome,
                } if why.is_empty() => drop(outcome),
                Response::Data {
                    status: Status::Bye,
                    outcome,
                } => {
                    return Err(Broken::Said(
                        "the mail server says goodbye",
                        words(&outcome),
                    ));
                }
                said => all.push(said),
            }
            if size > LONGEST + LONGEST_LINE {
                return Err(Broken::TooLong);
            }
        }
    }

    async fn wait_to_go_on(&mut self, why: &'static str) -> Result<(), Broken> {
        loop {
            match self.response().await? {
                Response::Continue(_) => return Ok(()),
                Response::Done { outcome, .. } => return Err(Broken::Said(why, words(&outcome))),
                _ => {}
            }
        }
    }

    async fn response(&mut self) -> Result<Response<'static>, Broken> {
        let said = tokio::time::timeout(ANSWER, self.read()).await;
        Ok(said.map_err(|_| Broken::Silent)??.0)
    }

    /// One thing the server says, and how many bytes it took.
    async fn read(&mut self) -> Result<(Response<'static>, usize), Broken> {
        let (mut skipped, mut depth) = (0, 0);
        let mut all = Vec::new();
        loop {
            let begin = all.len();
            self.line(&mut all).await?;
            // What reads it goes as deep as the server likes.
            depth = deeper(&all[begin..], depth).ok_or_else(|| Broken::junk(&all))?;
            match Response::parse(&all) {
                Ok(([], said)) => {
                    let is_news = matches!(said, Response::MailboxData(MailboxDatum::Exists(_)));
                    self.is_news |= is_news;
                    return Ok((said.into_owned(), all.len()));
                }
                Ok(_) => return Err(Broken::junk(&all)),
                Err(why) => match announced(&all[begin..]) {
                    Some(n) if why.is_incomplete() => {
                        if n > LONGEST || all.len() + n > LONGEST + LONGEST_LINE {
                            return Err(Broken::TooLong);
                        }
                        self.take(&mut all, n).await?;
                    }
                    // What an extension adds need not be understood.
                    None if begin == 0 && all.starts_with(b"* ") && skipped < SKIPPED => {
                        skipped += 1;
                        depth = 0;
                        all.clear();
                    }
                    _ => return Err(Broken::junk(&all)),
                },
            }
        }
    }

    async fn line(&mut self, all: &mut Vec<u8>) -> Result<(), Broken> {
        let begin = all.len();
        loop {
            let more = tokio::time::timeout(SILENCE, self.stream.fill_buf()).await;
            let more = more.map_err(|_| Broken::Silent)??;
            if more.is_empty() {
                return Err(ended());
            }
            let (n, is_end) = match more.iter().position(|b| *b == b'\n') {
                Some(at) => (at + 1, true),
                None => (more.len(), false),
            };
            all.extend_from_slice(&more[..n]);
            self.stream.consume(n);
            if all.len() - begin > LONGEST_LINE {
                return Err(Broken::TooLong);
            }
            if is_end {
                return Ok(());
            }
        }
    }

    async fn take(&mut self, all: &mut Vec<u8>, n: usize) -> Result<(), Broken> {
        let end = all.len() + n;
        while all.len() < end {
            let left = (end - all.len()) as u64;
            let mut part = (&mut self.stream).take(left.min(64 << 10));
            let read = tokio::time::timeout(SILENCE, part.read_buf(all)).await;
            if read.map_err(|_| Broken::Silent)?? == 0 {
                return Err(ended());
            }
        }
        Ok(())
    }
}

async fn in_time<S: Stream>(place: &Place, stream: S) -> Result<impl Stream + use<S>, Broken> {
    let secured = tokio::time::timeout(SILENCE, outbound::secured(place.host(), stream)).await;
    Ok(secured.map_err(|_| Broken::Silent)??)
}

fn ended() -> Broken {
    Broken::Off(std::io::ErrorKind::UnexpectedEof.into())
}

/// How many parentheses are open behind a line; `None` when ever more than any answer to what we ask needs.
fn deeper(line: &[u8], depth: usize) -> Option<usize> {
    let (mut depth, mut is_quoted, mut is_escaped) = (depth, false, false);
    for byte in line {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b'(' if !is_quoted => depth += 1,
            b')' if !is_quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return None;
        }
    }
    Some(depth)
}

/// How many bytes follow a line that ends with {n}.
fn announced(line: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(line).ok()?.strip_suffix("}\r\n")?;
    text.rsplit_once('{')?.1.parse().ok()
}

/// Whether a server that refuses a password says that it would take it another time (RFC 5530).
fn is_for_now(said: &str) -> bool {
    let said = said.to_lowercase();
    ["unavailable", "temporar", "try again", "too many"]
        .iter()
        .any(|word| said.contains(word))
}

/// A text as IMAP quotes it. Control characters were turned away with the address.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn words(outcome: &Outcome<'_>) -> String {
    let text = outcome.information.as_deref().unwrap_or("no reason given");
    base::format::short(text.trim(), 200)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parentheses_count_outside_of_quotes_and_only_so_deep() {
        assert_eq!(
            deeper(b"* 1 FETCH (FLAGS (\\Seen) X \"((\\\"(\"", 0),
            Some(1)
        );
        assert_eq!(deeper(b"))", 1), Some(0));
        assert_eq!(deeper(&[b'('; DEEPEST], 0), Some(DEEPEST));
        assert_eq!(deeper(b"(", DEEPEST), None);
    }
}
