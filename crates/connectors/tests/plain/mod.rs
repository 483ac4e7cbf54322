//! HTTP/1.1 over a plain socket, one connection a call: enough to talk to a server on this machine.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "it is a test")]

use connectors::{Answer, Fault, Http, Micros, Request, Response};
use std::future::Future;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[derive(Default)]
pub struct Plain {
    calls: AtomicUsize,
    forgets: AtomicBool,
}

impl Plain {
    /// Calls since the last time this was asked.
    pub fn count(&self) -> usize {
        self.calls.swap(0, Ordering::Relaxed)
    }

    /// The next call carries a session that is none.
    pub fn forget_sessions(&self) {
        self.forgets.store(true, Ordering::Relaxed);
    }

    fn carry(&self, request: &Request) -> std::io::Result<Response> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let rest = request.url.strip_prefix("http://").unwrap();
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let mut socket = TcpStream::connect(host)?;
        socket.set_read_timeout(Some(Duration::from_secs(120)))?;
        let mut head = format!(
            "{} /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n",
            request.method
        );
        let forgets = self.forgets.swap(false, Ordering::Relaxed);
        for (name, value) in &request.headers {
            let is_session = forgets && name == "authorization";
            let value = if is_session {
                "Session bm9ib2R5OjE6bm9uZQ=="
            } else {
                value
            };
            head += &format!("{name}: {value}\r\n");
        }
        head += &format!("content-length: {}\r\n\r\n", request.body.len());
        socket.write_all(head.as_bytes())?;
        socket.write_all(&request.body)?;
        let mut all = Vec::new();
        socket.read_to_end(&mut all)?;
        Ok(read(&all))
    }
}

fn read(all: &[u8]) -> Response {
    let end = all
        .windows(4)
        .position(|w| w == b"\r\n\r\n")
        .expect("no end of the head");
    let head = String::from_utf8_lossy(&all[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|l| l.split(' ').nth(1))
        .and_then(|s| s.parse().ok());
    let headers = lines.filter_map(|l| l.split_once(':'));
    let headers: Vec<(String, String)> = headers
        .map(|(n, v)| (n.to_lowercase(), v.trim().into()))
        .collect();
    let is_chunked = headers
        .iter()
        .any(|(n, v)| n == "transfer-encoding" && v == "chunked");
    let body = &all[end + 4..];
    let body = if is_chunked {
        unchunked(body)
    } else {
        body.to_vec()
    };
    Response {
        status: status.expect("no status"),
        headers,
        body,
    }
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|w| w == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            break;
        }
        body.extend(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 4 + size..];
    }
    body
}

impl Http for Plain {
    fn send(&self, request: Request) -> Answer<'_, Response> {
        let answer = self
            .carry(&request)
            .map_err(|e| Fault::Unreached(e.to_string()));
        Box::pin(async { answer })
    }
}

pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(answer) = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            return answer;
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "what a real server says of the time is compared with it"
)]
pub fn now() -> Micros {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_micros()).unwrap()
}
