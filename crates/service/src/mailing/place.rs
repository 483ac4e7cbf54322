//! Which mailbox, by which way, as its address says.

use super::smtp::decoded;
use anyhow::Context;
use connectors::post::{self, Mailbox};
use url::Url;

const WRONG: &str = "TENON_IMAP is no address of a mailbox; write it as imaps://user:password@mail.example.com/INBOX";

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Tls {
    /// Only to this machine, or to a host that was allowed.
    None,
    /// STARTTLS.
    Required,
    FromTheStart,
}

/// A mailbox. Holds a password, so it is never shown whole.
pub struct Place {
    pub url: Url,
    pub port: u16,
    pub tls: Tls,
    pub user: String,
    pub password: String,
    pub folder: String,
    /// Where mails go that were taken in; they stay where they are without one.
    pub to: Option<String>,
    /// Somebody named it on a page, not who runs Tenon: it is reached only at public addresses, and hosts that are allowed.
    pub is_foreign: bool,
}

impl Place {
    /// A mailbox by its address, and the folder for what was taken in.
    ///
    /// # Errors
    /// When it is none; what was given is not repeated, for it may hold a password.
    pub fn at(address: &str, to: Option<&str>) -> anyhow::Result<Place> {
        let url = Url::parse(address).ok().context(WRONG)?;
        let wish = url.query_pairs().find(|(k, _)| k == "tls");
        let (tls, port) = match (url.scheme(), wish.as_ref().map(|(_, v)| v.as_ref())) {
            ("imaps", _) => (Tls::FromTheStart, 993),
            ("imap", Some("required")) => (Tls::Required, 143),
            ("imap", None) => (Tls::None, 143),
            _ => anyhow::bail!(WRONG),
        };
        let folder = decoded(url.path().trim_start_matches('/')).context(WRONG)?;
        let place = Place {
            port: url.port().unwrap_or(port),
            tls,
            user: decoded(url.username()).context(WRONG)?,
            password: decoded(url.password().unwrap_or_default()).context(WRONG)?,
            folder: match folder.as_str() {
                "" => "INBOX".into(),
                _ => folder,
            },
            to: to.filter(|t| !t.is_empty()).map(String::from),
            is_foreign: false,
            url,
        };
        anyhow::ensure!(!place.host().is_empty() && !place.user.is_empty(), WRONG);
        let is_line = |text: &str| !text.chars().any(char::is_control);
        anyhow::ensure!(is_line(&place.user) && is_line(&place.password), WRONG);
        for folder in std::iter::once(&place.folder).chain(&place.to) {
            anyhow::ensure!(
                folder.is_ascii() && is_line(folder) && !folder.contains('&'),
                "the folder \"{}\" cannot be named to a mail server; use plain letters, digits and marks other than &",
                folder.escape_debug()
            );
        }
        Ok(place)
    }

    /// A mailbox that somebody named on a page.
    ///
    /// # Errors
    /// When its host is none.
    pub fn of(mailbox: &Mailbox) -> anyhow::Result<Place> {
        let server = &mailbox.server;
        Ok(Place {
            url: Url::parse(&format!("imap://{}:{}/", server.host, server.port))
                .ok()
                .context("that is no host of a mailbox")?,
            port: server.port,
            tls: match server.tls {
                post::Tls::None => Tls::None,
                post::Tls::Required => Tls::Required,
                post::Tls::FromTheStart => Tls::FromTheStart,
            },
            user: server.user.clone(),
            password: server.password.clone(),
            folder: mailbox.folder.clone(),
            to: None,
            is_foreign: true,
        })
    }

    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// What it is called where people see it.
    pub fn name(&self) -> String {
        format!("{}@{}/{}", self.user, self.host(), self.folder)
    }

    /// A text without the password, should a server repeat it.
    pub fn without_secret(&self, text: &str) -> String {
        match self.password.is_empty() {
            true => text.into(),
            false => text.replace(&self.password, "…"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_which_mailbox_it_is_and_how_it_is_reached() {
        for (address, name, port, tls) in [
            (
                "imaps://reply:p%40ss@mail.example.com/INBOX",
                "reply@mail.example.com/INBOX",
                993,
                Tls::FromTheStart,
            ),
            (
                "imap://reply%40example.com:x@mail.example.com?tls=required",
                "reply@example.com@mail.example.com/INBOX",
                143,
                Tls::Required,
            ),
            (
                "imap://reply:x@localhost:1143/Answers%20in",
                "reply@localhost/Answers in",
                1143,
                Tls::None,
            ),
        ] {
            let place = Place::at(address, None).unwrap();
            let got = (place.name(), place.port, place.tls);
            assert_eq!(got, (name.to_string(), port, tls), "{address}");
        }
        let place = Place::at("imaps://reply:p%40ss@h/", None).unwrap();
        assert_eq!(place.password, "p@ss");
        assert_eq!(place.without_secret("LOGIN reply p@ss"), "LOGIN reply …");
    }

    #[test]
    fn what_is_no_mailbox_is_told_without_its_password() {
        for (address, to) in [
            ("mail.example.com", None),
            ("http://u:hunter2@host/", None),
            ("imap://u:hunter2@host/?tls=maybe", None),
            ("imaps://:hunter2@host/", None),
            ("imaps://u:hunter2%0d%0aA@host/", None),
            ("imaps://u:hunter2@host/B%C3%BCro", None),
            ("imaps://u:hunter2@host/", Some("B\u{fc}ro")),
        ] {
            let Err(error) = Place::at(address, to) else {
                panic!("{address} was taken");
            };
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
