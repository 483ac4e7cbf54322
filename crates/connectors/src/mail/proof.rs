//! What the receiving server found of a mail's sender, as it writes it into `Authentication-Results` (RFC 8601). Anybody can write such a
//! header: only that of the server which an owner names counts, and the topmost of those, which was written last.

use crate::channel::{Proof, Verdict};
use mail_parser::{HeaderName, Message};

const HEADER: &str = "Authentication-Results";
/// Headers, and words of one, that are looked at.
const HEADERS: usize = 200;
const WORDS: usize = 2_000;
/// Comments in comments.
const DEEP: usize = 20;

/// One result of a header.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// Such as `spf`, in small letters.
    pub method: String,
    /// Such as `pass`, in small letters.
    pub result: String,
    /// Such as `smtp.mailfrom`, in small letters, with what was found.
    pub properties: Vec<(String, String)>,
}

impl Said {
    fn property(&self, name: &str) -> Option<&str> {
        let found = self.properties.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// A header taken apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Results {
    /// Who says so, in small letters.
    pub server: String,
    pub said: Vec<Said>,
    /// Whether it is written by the rules, and by those known here.
    pub is_whole: bool,
}

/// What a header is made of, without what is for people.
#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Equals,
    End,
}

/// Comments are left out, folds are spaces, and what is in quotes is one word; `false` where that broke off.
fn tokens(text: &str) -> (Vec<Token>, bool) {
    let (mut out, mut word) = (Vec::new(), None);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let token = match c {
            '(' => match skip_comment(&mut chars) {
                Some(()) => None,
                None => return (out, false),
            },
            '"' => match quoted(&mut chars, word.get_or_insert_default()) {
                Some(()) => continue,
                None => return (out, false),
            },
            ';' => Some(Token::End),
            '=' => Some(Token::Equals),
            c if c.is_whitespace() => None,
            c if c.is_control() || c == ')' => return (out, false),
            c => {
                word.get_or_insert_default().push(c);
                continue;
            }
        };
        out.extend(word.take().map(Token::Word));
        out.extend(token);
        if out.len() > WORDS {
            return (out, false);
        }
    }
    out.extend(word.map(Token::Word));
    (out, true)
}

fn quoted(chars: &mut std::str::Chars, word: &mut String) -> Option<()> {
    loop {
        match chars.next()? {
            '"' => return Some(()),
            '\\' => word.push(chars.next()?),
            c => word.push(c),
        }
    }
}

fn skip_comment(chars: &mut std::str::Chars) -> Option<()> {
    let mut deep = 1;
    while deep > 0 {
        match chars.next()? {
            '\\' => drop(chars.next()?),
            '(' if deep >= DEEP => return None,
            '(' => deep += 1,
            ')' => deep -= 1,
            _ => {}
        }
    }
    Some(())
}

/// Reads the value of a header. `None`: it does not say whose it is. One that is broken somewhere is still that server's: otherwise who
/// breaks it would have the one below it looked at, which may be her own.
pub fn read(value: &str) -> Option<Results> {
    let (tokens, is_whole) = tokens(value);
    let mut parts = tokens.split(|t| *t == Token::End);
    let mut first = parts.next()?.iter();
    let server = word(first.next()?)?.to_ascii_lowercase();
    let version = first.next().map_or(Some("1"), word);
    let is_known = version == Some("1") && first.next().is_none();
    let said = parts.filter_map(result).collect();
    Some(Results {
        server,
        said,
        is_whole: is_whole && is_known,
    })
}

/// `method = result`, then `name = value` as often as there are. A name may stand in pieces, as in `smtp . mailfrom`. What follows something
/// that is not written so is not read; servers write all kinds of things there.
fn result(part: &[Token]) -> Option<Said> {
    let mut pairs = std::iter::from_fn({
        let mut rest = part;
        move || {
            let equals = rest.iter().position(|t| *t == Token::Equals)?;
            let name: Option<String> = rest[..equals].iter().map(word).collect();
            let name = name.filter(|n| !n.is_empty())?.to_ascii_lowercase();
            let value = word(rest.get(equals + 1)?)?.to_string();
            rest = &rest[equals + 2..];
            // An address may hold one, unquoted: what was read is not all of it.
            if rest.first() == Some(&Token::Equals) {
                return None;
            }
            Some((name, value))
        }
    });
    let (method, result) = pairs.next()?;
    let (method, version) = method.split_once('/').unwrap_or((&method, "1"));
    (version == "1").then(|| Said {
        method: method.into(),
        result: result.to_ascii_lowercase(),
        properties: pairs.collect(),
    })
}

fn word(token: &Token) -> Option<&str> {
    match token {
        Token::Word(word) => Some(word),
        _ => None,
    }
}

/// The domain of an address, or what is one already; in small letters.
fn domain(address: &str) -> Option<String> {
    let domain = address.rsplit_once('@').map_or(address, |(_, d)| d);
    let domain = domain.trim().trim_end_matches('.').to_ascii_lowercase();
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    (!domain.is_empty() && domain.chars().all(is_plain)).then_some(domain)
}

/// Whether a domain speaks for the one a mail says it is from: it is the same, or stands above it. Which domains below belong to
/// the same owner only a list of registries tells; the server knows it, and says so under DMARC.
fn speaks_for(domain: &str, from: &str) -> bool {
    let is_above =
        domain.contains('.') && from.strip_suffix(domain).is_some_and(|r| r.ends_with('.'));
    domain == from || is_above
}

/// What a header says of mail from a domain.
pub fn judge(results: &Results, from: &str) -> Proof {
    // What a method looked at, where that is a domain which speaks for the sender's.
    let is_hers = |said: &Said| {
        let looked_at = match said.method.as_str() {
            // A message has the one or the other; the name a server greets with is not the sender's.
            "spf" => said.property("smtp.mailfrom"),
            "dkim" => said.property("header.d").or(said.property("header.i")),
            "dmarc" => {
                return said
                    .property("header.from")
                    .is_none_or(|f| domain(f).is_some_and(|d| d == from));
            }
            _ => None,
        };
        let looked_at = looked_at.and_then(domain);
        looked_at.is_some_and(|d| speaks_for(&d, from))
    };
    let hers: Vec<&Said> = results.said.iter().filter(|s| is_hers(s)).collect();
    let with = |method: &str, results: &[&str]| {
        let found = hers
            .iter()
            .find(|s| s.method == method && results.contains(&s.result.as_str()));
        found.map(|s| format!("{}: {}", method.to_uppercase(), s.result))
    };
    let list = |found: Vec<Option<String>>| found.into_iter().flatten().collect::<Vec<_>>();
    let against = ["fail", "hardfail", "policy"];
    let passed = list(vec![
        with("dmarc", &["pass"]),
        with("dkim", &["pass"]),
        with("spf", &["pass"]),
    ]);
    let failed = list(vec![
        with("dmarc", &["fail"]),
        with("dkim", &against),
        with("spf", &against),
    ]);
    let has_dmarc_failed = with("dmarc", &["fail"]).is_some();
    let (verdict, by) = match (passed.is_empty(), failed.is_empty()) {
        _ if has_dmarc_failed => (Verdict::Failed, failed),
        (false, _) => (Verdict::Passed, passed),
        (true, false) => (Verdict::Failed, failed),
        (true, true) => (Verdict::None, Vec::new()),
    };
    Proof {
        verdict,
        domain: from.into(),
        by: by.join(", "),
    }
}

/// The values of a header, from the top, without folds.
fn values<'a>(mail: &'a Message<'_>, name: &'static str) -> impl Iterator<Item = String> + 'a {
    let is_it = move |n: &HeaderName<'_>| n.as_str().eq_ignore_ascii_case(name);
    let headers = mail.headers().iter().filter(move |h| is_it(&h.name));
    headers.take(HEADERS).filter_map(|h| {
        let raw = mail.raw_message();
        let raw = raw.get(h.offset_start as usize..h.offset_end as usize)?;
        Some(String::from_utf8_lossy(raw).replace(['\r', '\n'], " "))
    })
}

/// What the server named by `server` found of a mail; `author` is the address that is taken for the sender's.
pub fn proof(mail: &Message<'_>, server: &str, author: &str) -> Proof {
    let server = server.trim().to_ascii_lowercase();
    let froms = mail.from().map_or(0, |list| list.iter().count());
    let from = super::read::first(mail.from()).and_then(|(address, _)| domain(&address));
    let nothing = |domain: &str| Proof {
        verdict: Verdict::None,
        domain: domain.into(),
        by: String::new(),
    };
    let Some(from) = from else {
        return nothing("");
    };
    if values(mail, "From").count() != 1 || froms != 1 {
        return Proof {
            verdict: Verdict::Failed,
            by: "it names more than one sender".into(),
            ..nothing(&from)
        };
    }
    let mut all = values(mail, HEADER).filter_map(|value| read(&value));
    let proof = match all.find(|r| r.server == server) {
        None => nothing(&from),
        Some(results) if results.is_whole => judge(&results, &from),
        Some(_) => Proof {
            verdict: Verdict::Failed,
            by: "what the mail server says of it cannot be read".into(),
            ..nothing(&from)
        },
    };
    // A form on a web site writes as somebody else: that its own mail is genuine says nothing of who filled it in.
    match domain(author).is_some_and(|d| d == from) || proof.verdict != Verdict::Passed {
        true => proof,
        false => nothing(&from),
    }
}

#[cfg(test)]
mod tests;
