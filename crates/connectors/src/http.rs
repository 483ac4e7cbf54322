//! Requests and answers as values. Whoever drives a connector carries them, through the guard.

use crate::{Answer, Fault, Micros};

const SECOND: i64 = 1_000_000;

#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub method: &'static str,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// The way to a service. No answer at all is [`Fault::Unreached`]; an answer of any status is an answer.
pub trait Http: Send + Sync {
    fn send(&self, request: Request) -> Answer<'_, Response>;
}

impl Request {
    pub fn get(url: impl Into<String>) -> Request {
        Request {
            method: "GET",
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub fn header(mut self, name: &str, value: impl Into<String>) -> Request {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn bearer(self, token: &str) -> Request {
        self.header("authorization", format!("Bearer {token}"))
    }

    pub fn json(url: impl Into<String>, body: &serde_json::Value) -> Request {
        let mut request = Request::get(url).header("content-type", "application/json");
        request.method = "POST";
        request.body = body.to_string().into_bytes();
        request
    }

    pub fn form(url: impl Into<String>, fields: &[(&str, &str)]) -> Request {
        let kind = "application/x-www-form-urlencoded";
        let mut request = Request::get(url).header("content-type", kind);
        request.method = "POST";
        let mut body = form_urlencoded::Serializer::new(String::new());
        request.body = body.extend_pairs(fields).finish().into_bytes();
        request
    }

    pub fn query(mut self, fields: &[(&str, &str)]) -> Request {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let query = query.extend_pairs(fields).finish();
        let sign = if self.url.contains('?') { '&' } else { '?' };
        if !query.is_empty() {
            self.url = format!("{}{sign}{query}", self.url);
        }
        self
    }

    pub fn with_method(mut self, method: &'static str) -> Request {
        self.method = method;
        self
    }
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON of a shape. A body that ends too early may be whole the next time.
    pub fn read<T: serde::de::DeserializeOwned>(&self) -> Result<T, Fault> {
        serde_json::from_slice(&self.body).map_err(|e| match e.is_eof() {
            true => Fault::Unreached("half an answer".into()),
            false => Fault::Strange(e.to_string()),
        })
    }

    /// When the service wants to be asked again, by `Retry-After` in seconds or as a date; at least a second from now, at most a day.
    pub fn retry_after(&self, now: Micros) -> Option<Micros> {
        let said = self.header("retry-after")?.trim();
        let until = match said.parse::<i64>() {
            Ok(seconds) => now.saturating_add(seconds.saturating_mul(SECOND)),
            Err(_) => {
                let at = jiff::fmt::rfc2822::parse(said).ok()?;
                self.on_our_clock(at.timestamp().as_microsecond(), now)
            }
        };
        Some(soon(until, now))
    }

    /// When a limit begins anew, by a header that holds seconds since 1970 or a date; within the same bounds.
    pub fn resets(&self, header: &str, now: Micros) -> Option<Micros> {
        let said = self.header(header)?.trim();
        let at = match said.parse::<f64>() {
            Ok(seconds) => (seconds * 1e6) as i64,
            Err(_) => said.parse::<jiff::Timestamp>().ok()?.as_microsecond(),
        };
        Some(soon(self.on_our_clock(at, now), now))
    }

    /// A moment on the clock of the service, on ours: the answer says what the service takes for now. One of the two clocks may be
    /// days off.
    pub fn on_our_clock(&self, at: Micros, now: Micros) -> Micros {
        let theirs = self.header("date");
        let theirs = theirs.and_then(|d| jiff::fmt::rfc2822::parse(d).ok());
        let theirs = theirs.map_or(now, |d| d.timestamp().as_microsecond());
        match (theirs - now).abs() {
            // The date has no parts of a second, and was on its way for a while.
            0..60_000_000 => at,
            _ => at.saturating_add(now - theirs),
        }
    }

    /// The address that a `Link` header gives for this relation.
    pub fn link(&self, relation: &str) -> Option<String> {
        let relation = format!("rel=\"{relation}\"");
        let links = self.header("link")?.split(", <");
        let mut found = links.filter(|link| link.contains(&relation));
        let link = found.next()?.trim_start_matches('<');
        link.split_once('>').map(|(url, _)| url.to_string())
    }

    /// What most services mean by their status where their body does not say better.
    pub fn fault(&self, now: Micros, said: String) -> Fault {
        const MINUTE: i64 = 60 * SECOND;
        match self.status {
            401 => Fault::SignedOut(said),
            403 => Fault::NotAllowed(said),
            404 | 410 => Fault::Gone(said),
            429 => Fault::Wait {
                until: self.retry_after(now).unwrap_or(now + MINUTE),
                said,
            },
            503 if self.header("retry-after").is_some() => Fault::Wait {
                until: self.retry_after(now).unwrap_or(now + MINUTE),
                said,
            },
            400..500 => Fault::Refused(said),
            _ => Fault::Unreached(said),
        }
    }
}

/// A part of a path: one part, whatever is in it.
pub fn segment(text: &str) -> String {
    let encoded: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let encoded = encoded.replace('+', "%20");
    match encoded.as_str() {
        "." => "%2E".into(),
        ".." => "%2E%2E".into(),
        _ => encoded,
    }
}

/// The address of a server as people fill it in, with or without `https://`: without a slash at its end.
pub fn server(filled_in: &str) -> Result<String, Fault> {
    let filled_in = filled_in.trim();
    let whole = match filled_in.contains("://") {
        true => filled_in.to_string(),
        false => format!("https://{filled_in}"),
    };
    let url = url::Url::parse(&whole).ok();
    let url = url.filter(|u| matches!(u.scheme(), "http" | "https") && u.has_host());
    match url {
        Some(url) if url.username().is_empty() && url.query().is_none() => {
            Ok(url.as_str().trim_end_matches('/').to_string())
        }
        _ => Err(Fault::Refused(format!(
            "{filled_in:?} is no address of a server"
        ))),
    }
}

fn soon(until: Micros, now: Micros) -> Micros {
    until.clamp(now + SECOND, now + 86_400 * SECOND)
}

#[cfg(test)]
mod tests;
