//! Where the mailbox is, who sends, and the addresses that carry a token.

use crate::post::{Mailbox, Server, Tls};
use crate::{Fault, Settings, text};
use percent_encoding::percent_decode_str;
use url::Url;

/// Characters before the `@` that an address may have (RFC 5321).
const LOCAL: usize = 64;

/// What was filled in, understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    pub mailbox: Mailbox,
    pub smtp: Server,
    /// In small letters.
    pub address: String,
    pub name: String,
    /// The folder of what was sent.
    pub sent: String,
    /// Whose word about senders counts; empty: nobody's.
    pub authserv: String,
}

impl Place {
    /// # Errors
    /// [`Fault::Refused`], with the field and how to write it; a password is never repeated.
    pub fn of(settings: &Settings) -> Result<Place, Fault> {
        let password = settings.get("password");
        let (server, folder) = imap(settings.get("imap"), password)?;
        let other = settings.get("smtp_password");
        let smtp = smtp(
            settings.get("smtp"),
            if other.is_empty() { password } else { other },
        )?;
        let address = settings.get("address").trim().to_lowercase();
        let is_address = address.parse::<lettre::Address>().is_ok() && address.is_ascii();
        if !is_address || address.contains('+') {
            return Err(Fault::Refused(format!(
                "\"{}\" is no address that customers can write to; write it as support@example.com",
                text::line(&address)
            )));
        }
        let sent = match settings.get("sent").trim() {
            "" => "Sent".to_string(),
            folder => named(folder)?,
        };
        Ok(Place {
            mailbox: Mailbox { server, folder },
            smtp,
            address,
            name: text::line(settings.get("sender")),
            sent,
            authserv: authserv(settings.get("authserv"))?,
        })
    }

    pub fn domain(&self) -> &str {
        self.address.rsplit_once('@').map_or("", |(_, host)| host)
    }

    fn local(&self) -> &str {
        self.address.rsplit_once('@').map_or("", |(local, _)| local)
    }

    /// Our address with a token behind a plus.
    pub fn with(&self, token: &str) -> Option<String> {
        let local = format!("{}+{token}", self.local());
        let is_short = local.len() <= LOCAL && !token.is_empty();
        is_short.then(|| format!("{local}@{}", self.domain()))
    }

    /// The token in an address of ours; empty where it has none. `None`: it is not ours.
    pub fn token(&self, address: &str) -> Option<String> {
        let address = address.trim().to_lowercase();
        let (local, host) = address.rsplit_once('@')?;
        let (own, token) = local.split_once('+').unwrap_or((local, ""));
        (host == self.domain() && own == self.local()).then(|| token.to_string())
    }
}

/// An address taken apart; `start` and `plain` are the schemes with TLS from the start, and without.
fn server(
    address: &str,
    password: &str,
    [plain, start]: [&str; 2],
    ports: [u16; 3],
    wrong: &dyn Fn() -> Fault,
) -> Result<(Server, Url), Fault> {
    let url = Url::parse(address.trim()).map_err(|_| wrong())?;
    let wish = url.query_pairs().find(|(name, _)| name == "tls");
    let wish = wish.map(|(_, value)| value.into_owned());
    let (tls, port) = match (url.scheme(), wish.as_deref()) {
        (scheme, _) if scheme == start => (Tls::FromTheStart, ports[2]),
        (scheme, Some("required")) if scheme == plain => (Tls::Required, ports[1]),
        (scheme, None) if scheme == plain => (Tls::None, ports[0]),
        _ => return Err(wrong()),
    };
    if url.password().is_some() {
        return Err(Fault::Refused(
            "the password stands in an address, where it would be shown; put it into its own field"
                .into(),
        ));
    }
    let user = decoded(url.username()).ok_or_else(wrong)?;
    let host = url.host_str().filter(|h| !h.is_empty()).ok_or_else(wrong)?;
    let is_line = |text: &str| !text.chars().any(char::is_control);
    if !is_line(&user) || !is_line(password) {
        return Err(wrong());
    }
    let server = Server {
        host: host.into(),
        port: url.port().unwrap_or(port),
        tls,
        password: if user.is_empty() { "" } else { password }.into(),
        user,
    };
    Ok((server, url))
}

fn imap(address: &str, password: &str) -> Result<(Server, String), Fault> {
    let wrong = || {
        Fault::Refused(
            "that is no address of a mailbox; write it as imaps://user@mail.example.com/INBOX"
                .into(),
        )
    };
    let (server, url) = server(
        address,
        password,
        ["imap", "imaps"],
        [143, 143, 993],
        &wrong,
    )?;
    if server.user.is_empty() {
        return Err(wrong());
    }
    let folder = decoded(url.path().trim_matches('/')).ok_or_else(wrong)?;
    let folder = match folder.as_str() {
        "" => "INBOX".to_string(),
        folder => named(folder)?,
    };
    Ok((server, folder))
}

fn smtp(address: &str, password: &str) -> Result<Server, Fault> {
    let wrong = || {
        Fault::Refused(
            "that is no address of a mail server; write it as smtps://user@mail.example.com".into(),
        )
    };
    Ok(server(address, password, ["smtp", "smtps"], [25, 587, 465], &wrong)?.0)
}

/// The name with which a mail server begins what it says of senders.
fn authserv(name: &str) -> Result<String, Fault> {
    let name = name.trim().to_ascii_lowercase();
    if name == "none" {
        return Ok(String::new());
    }
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    match name.len() <= 250 && name.chars().all(is_plain) {
        true => Ok(name),
        false => Err(Fault::Refused(format!(
            "\"{}\" is no name that stands before Authentication-Results; write it as mx.example.com",
            text::line(&name)
        ))),
    }
}

/// A folder as it can be named to a mail server.
fn named(folder: &str) -> Result<String, Fault> {
    let is_plain =
        folder.is_ascii() && !folder.contains('&') && !folder.chars().any(char::is_control);
    match is_plain && folder.len() <= 200 {
        true => Ok(folder.into()),
        false => Err(Fault::Refused(format!(
            "the folder \"{}\" cannot be named to a mail server; use plain letters, digits and marks other than &",
            text::line(folder)
        ))),
    }
}

fn decoded(part: &str) -> Option<String> {
    let text = percent_decode_str(part).decode_utf8().ok()?;
    Some(text.into_owned())
}
