//! The way to the mail server, walked step by step, so that it is known how far a mail came.
//!
//! What matters is one step: before a mail's content is handed over, a failure means that it was not taken and may be tried
//! again. After it, only the mail server's answer tells; without one nobody knows.

use anyhow::Context;
use base::outbound::Outbound;
use connectors::post::{self, Server};
use lettre::Address;
use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use std::sync::Mutex;
use std::time::Duration;
use url::Url;

/// For connecting, and for everything before the content.
const PATIENCE: Duration = Duration::from_secs(20);
/// For the answer to the content: mail servers look at it first, and without an answer nobody knows.
const VERDICT: Duration = Duration::from_secs(150);
/// Connections that are kept for the next mails.
const KEPT: usize = 4;

/// What became of a mail that was not taken.
#[derive(Debug)]
pub enum Lost {
    /// It was not taken, and will be if tried again.
    Later(String),
    /// It will never be taken.
    Never(String),
    /// Its content was handed over and no answer came.
    Unknown(String),
    /// It was not taken, for we are not let in (`is_key`), or may not send so.
    OfUs { why: String, is_key: bool },
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Tls {
    None,
    IfOffered,
    Required,
    FromTheStart,
}

pub struct Smtp {
    host: String,
    port: u16,
    tls: Tls,
    name: ClientId,
    credentials: Option<Credentials>,
    kept: Mutex<Vec<AsyncSmtpConnection>>,
    /// Where somebody named it on a page: what may be reached.
    guard: Option<Outbound>,
    /// How long its answer to the content is waited for.
    verdict: Duration,
}

impl Smtp {
    /// A mail server by its address, such as `smtps://user:password@mail.example.com`.
    ///
    /// # Errors
    /// When it is none; what was given is not repeated, for it may hold a password.
    pub fn at(address: &str) -> anyhow::Result<Smtp> {
        const WRONG: &str = "TENON_SMTP is no address of a mail server; write it as smtps://user:password@mail.example.com";
        let url = Url::parse(address).ok().context(WRONG)?;
        let wish = url.query_pairs().find(|(k, _)| k == "tls");
        let (tls, port) = match (url.scheme(), wish.as_ref().map(|(_, v)| v.as_ref())) {
            ("smtp", None) => (Tls::None, 25),
            ("smtp", Some("opportunistic")) => (Tls::IfOffered, 587),
            ("smtp", Some("required")) => (Tls::Required, 587),
            ("smtps", _) => (Tls::FromTheStart, 465),
            _ => anyhow::bail!(WRONG),
        };
        let credentials = match url.password() {
            None => None,
            Some(password) => Some(Credentials::new(
                decoded(url.username()).context(WRONG)?,
                decoded(password).context(WRONG)?,
            )),
        };
        let name = match url.path().trim_matches('/') {
            "" => ClientId::default(),
            name => ClientId::Domain(name.into()),
        };
        Ok(Smtp {
            host: url
                .host_str()
                .filter(|h| !h.is_empty())
                .context(WRONG)?
                .into(),
            port: url.port().unwrap_or(port),
            tls,
            name,
            credentials,
            kept: Mutex::default(),
            guard: None,
            verdict: VERDICT,
        })
    }

    /// A mail server that somebody named on a page: reached through the guard.
    pub fn guarded(server: &Server, guard: Outbound, verdict: Duration) -> Smtp {
        let (user, password) = (server.user.clone(), server.password.clone());
        Smtp {
            host: server.host.clone(),
            port: server.port,
            tls: match server.tls {
                post::Tls::None => Tls::None,
                post::Tls::Required => Tls::Required,
                post::Tls::FromTheStart => Tls::FromTheStart,
            },
            name: ClientId::default(),
            credentials: (!user.is_empty()).then(|| Credentials::new(user, password)),
            kept: Mutex::default(),
            guard: Some(guard),
            verdict,
        }
    }

    /// Connects and signs in, nothing more.
    ///
    /// # Errors
    /// Why it was not let in.
    pub async fn greet(&self) -> Result<(), Lost> {
        let late = |_| Lost::Later("the mail server does not answer".into());
        let connected = tokio::time::timeout(PATIENCE, self.connect()).await;
        let mut connection = connected.map_err(late)??;
        let _ = tokio::time::timeout(PATIENCE, connection.quit()).await;
        Ok(())
    }

    /// Hands a mail over.
    ///
    /// # Errors
    /// Says whether it may have been taken all the same.
    pub async fn send(&self, envelope: &Envelope, text: &[u8]) -> Result<(), Lost> {
        let late = |_| Lost::Later("the mail server does not answer".into());
        let ready = tokio::time::timeout(PATIENCE, self.ready(envelope));
        let mut connection = ready.await.map_err(late)??;
        let sent = tokio::time::timeout(self.verdict, connection.message(text)).await;
        match sent {
            Ok(Ok(_)) => {
                self.keep(connection);
                Ok(())
            }
            Ok(Err(error)) if error.status().is_some() => Err(lost(error)),
            Ok(Err(error)) => Err(Lost::Unknown(format!(
                "the connection ended without an answer ({error})"
            ))),
            Err(_) => Err(Lost::Unknown(format!(
                "no answer within {} seconds",
                self.verdict.as_secs()
            ))),
        }
    }

    /// A connection that waits for the content of this mail.
    async fn ready(&self, envelope: &Envelope) -> Result<AsyncSmtpConnection, Lost> {
        let later = |error: Error| Lost::Later(error.to_string());
        let mut connection = match self.kept().await {
            Some(kept) => kept,
            None => self.connect().await?,
        };
        let mut options = Vec::new();
        let server = connection.server_info();
        let is_plain = |a: &Address| AsRef::<str>::as_ref(a).is_ascii();
        if !envelope.to().iter().all(is_plain) && server.supports_feature(Extension::SmtpUtfEight) {
            options.push(MailParameter::SmtpUtfEight);
        }
        let from = envelope.from().cloned();
        let mail = Mail::new(from, options);
        connection.command(mail).await.map_err(of_us)?;
        for to in envelope.to() {
            let to = Rcpt::new(to.clone(), vec![]);
            connection.command(to).await.map_err(lost)?;
        }
        connection.command(Data).await.map_err(later)?;
        Ok(connection)
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Lost> {
        match &self.guard {
            None => {
                let server = (self.host.trim_matches(['[', ']']), self.port);
                self.connect_to(server).await.map_err(of_us)
            }
            Some(guard) => {
                let never = |e: url::ParseError| Lost::Never(e.to_string());
                let url = Url::parse(&format!("smtp://{}:{}/", self.host, self.port));
                let is_plain = self.tls == Tls::None;
                let found = guard
                    .foreign(&url.map_err(never)?, self.port, is_plain)
                    .await;
                let found = found.map_err(|failed| match failed.is_final() {
                    true => Lost::Never(failed.to_string()),
                    false => Lost::Later(failed.to_string()),
                })?;
                self.connect_to(&found[..]).await.map_err(of_us)
            }
        }
    }

    async fn connect_to(
        &self,
        server: impl tokio::net::ToSocketAddrs,
    ) -> Result<AsyncSmtpConnection, Error> {
        let tls = || TlsParameters::new(self.host.trim_matches(['[', ']']).into());
        let at_once = match self.tls {
            Tls::FromTheStart => Some(tls()?),
            _ => None,
        };
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(PATIENCE), &self.name, at_once, None)
                .await?;
        // Where TLS is required, a server that has none answers so, and nothing was told it.
        let upgrade = match self.tls {
            Tls::Required => true,
            Tls::IfOffered => connection.can_starttls(),
            Tls::None | Tls::FromTheStart => false,
        };
        if upgrade {
            connection.starttls(tls()?, &self.name).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }

    /// A connection of an earlier mail that still lives.
    async fn kept(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let mut connection = self.lock().pop()?;
            if connection.test_connected().await {
                return Some(connection);
            }
        }
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut kept = self.lock();
        if kept.len() < KEPT {
            kept.push(connection);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<AsyncSmtpConnection>> {
        self.kept.lock().unwrap_or_else(|e| e.into_inner())
    }
}

/// Whether the mail server will ever take it. What it says of the mailbox is final; what it says of us is not.
fn lost(error: Error) -> Lost {
    match error.status().map(u16::from) {
        Some(550..=554) => Lost::Never(error.to_string()),
        _ => Lost::Later(error.to_string()),
    }
}

/// What it says of us: final where a person has to change something first.
fn of_us(error: Error) -> Lost {
    let code = error.status().map(u16::from);
    match error.is_permanent() {
        true => Lost::OfUs {
            why: error.to_string(),
            is_key: matches!(code, Some(530 | 534 | 535)),
        },
        false => Lost::Later(error.to_string()),
    }
}

/// A part of an address as it was meant.
pub fn decoded(part: &str) -> Option<String> {
    let text = percent_encoding::percent_decode_str(part).decode_utf8();
    text.ok().map(|t| t.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_where_the_mail_server_is_and_how_it_is_spoken_to() {
        for (address, host, port, tls, user) in [
            ("smtp://localhost:2525", "localhost", 2525, Tls::None, false),
            (
                "smtp://mail.example.com",
                "mail.example.com",
                25,
                Tls::None,
                false,
            ),
            (
                "smtps://u:p@mail.example.com",
                "mail.example.com",
                465,
                Tls::FromTheStart,
                true,
            ),
            (
                "smtp://u:p%40@mail.example.com?tls=required",
                "mail.example.com",
                587,
                Tls::Required,
                true,
            ),
            (
                "smtp://[::1]:25?tls=opportunistic",
                "[::1]",
                25,
                Tls::IfOffered,
                false,
            ),
        ] {
            let smtp = Smtp::at(address).unwrap();
            let got = (
                smtp.host.as_str(),
                smtp.port,
                smtp.tls,
                smtp.credentials.is_some(),
            );
            assert_eq!(got, (host, port, tls, user), "{address}");
        }
    }

    #[test]
    fn what_is_no_address_is_told_without_its_password() {
        for address in [
            "mail.example.com",
            "http://u:hunter2@host",
            "smtp://u:hunter2@host?tls=maybe",
        ] {
            let Err(error) = Smtp::at(address) else {
                panic!("{address} was taken");
            };
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn words_in_an_address_are_decoded() {
        for (part, expected) in [
            ("p%40ss", Some("p@ss")),
            ("a+b", Some("a+b")),
            ("a&b=c", Some("a&b=c")),
            ("%ff", None),
            ("", Some("")),
        ] {
            assert_eq!(decoded(part).as_deref(), expected, "{part}");
        }
    }
}
