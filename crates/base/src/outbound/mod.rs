//! What Tenon speaks to others: HTTP, and the way to a mailbox. Every address is looked up here, checked, and connected to as it was checked: between
//! check and connection nobody can point the name elsewhere. A redirect is a new address and is checked again.

mod guard;
mod open;
#[cfg(test)]
mod tests;

pub use guard::Allowed;
pub use open::Opened;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::Method;
use hyper::header::{HOST, HeaderName, HeaderValue, LOCATION, USER_AGENT};
use hyper_util::rt::TokioIo;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::{Host, Url};

const REDIRECTS: usize = 3;
/// For one request with all its redirects.
const PATIENCE: Duration = Duration::from_secs(20);
const CONNECT: Duration = Duration::from_secs(5);
/// More of an answer is not read where it does not matter what it says.
pub const SHORT: usize = 256 * 1024;

/// Why a request was not made, or not answered.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum Failed {
    #[error("{0} is no address of a web server; write it as https://example.com/path")]
    NoAddress(String),
    #[error(
        "{0} leads to an address that is not public; an owner can allow the host with TENON_ALLOW_HOSTS"
    )]
    NotPublic(String),
    #[error("the host {0} is not known")]
    Unknown(String),
    #[error("no connection to {0}: {1}")]
    Connection(String, String),
    #[error("no answer within {} seconds", PATIENCE.as_secs())]
    Late,
    #[error("the answer is longer than {} kB, or broke off", .0 / 1024)]
    Answer(usize),
    #[error("redirected more than {REDIRECTS} times")]
    Redirects,
    #[error("redirected from https to http")]
    Downgrade,
    #[error(
        "{0} is another machine and would be spoken to without encryption; use TLS, or allow the host with TENON_ALLOW_HOSTS"
    )]
    Plain(String),
}

impl Failed {
    /// Whether trying again cannot help until somebody changes something.
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            Failed::NoAddress(_) | Failed::NotPublic(_) | Failed::Plain(_)
        )
    }
}

pub struct Request<'a> {
    pub method: Method,
    pub url: &'a str,
    pub headers: Vec<(&'a str, String)>,
    pub body: Bytes,
    /// A longer answer is none, in bytes: [`SHORT`] where it does not matter.
    pub longest: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

pub type Found = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// Tells the addresses of a name.
pub trait Resolve: Send + Sync {
    fn resolve(&self, host: &str, port: u16) -> Found;
}

struct System;

impl Resolve for System {
    fn resolve(&self, host: &str, port: u16) -> Found {
        let host = host.to_string();
        Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
    }
}

#[derive(Clone)]
pub struct Outbound {
    resolver: Arc<dyn Resolve>,
    allowed: Arc<Allowed>,
}

impl Outbound {
    pub fn new(allowed: Allowed) -> Outbound {
        Outbound::with(allowed, Arc::new(System))
    }

    pub fn with(allowed: Allowed, resolver: Arc<dyn Resolve>) -> Outbound {
        let allowed = Arc::new(allowed);
        Outbound { resolver, allowed }
    }

    /// Whether an address is one that may be spoken to, as far as can be seen without looking its name up.
    pub fn check(&self, address: &str) -> Result<(), Failed> {
        let (url, port) = parsed(address)?;
        let literal = match url.host() {
            Some(Host::Ipv4(v4)) => IpAddr::V4(v4),
            Some(Host::Ipv6(v6)) => IpAddr::V6(v6),
            _ => return Ok(()),
        };
        let host = url.host_str().unwrap_or_default();
        self.checked(host, &[SocketAddr::new(literal, port)])
    }

    /// Whether it is an address that may be spoken to by anybody's wish: encrypted, or of a host that is allowed by name.
    pub fn check_foreign(&self, address: &str) -> Result<(), Failed> {
        self.check(address)?;
        let (url, port) = parsed(address)?;
        let host = url.host_str().unwrap_or_default();
        match url.scheme() == "https" || self.allowed.has(host, port) {
            true => Ok(()),
            false => Err(Failed::Plain(host.into())),
        }
    }

    pub async fn send(&self, request: Request<'_>) -> Result<Answer, Failed> {
        let sent = tokio::time::timeout(PATIENCE, self.follow(request));
        sent.await.unwrap_or(Err(Failed::Late))
    }

    async fn follow(&self, mut request: Request<'_>) -> Result<Answer, Failed> {
        let (mut url, mut port) = parsed(request.url)?;
        for _ in 0..=REDIRECTS {
            let (answer, to) = self.once(&request, &url, port).await?;
            let is_followed = matches!(answer.status, 307 | 308)
                || (request.method == Method::GET && matches!(answer.status, 301..=303));
            let Some(to) = to.filter(|_| is_followed) else {
                return Ok(answer);
            };
            let next = url.join(&to).map_err(|_| Failed::NoAddress(to.clone()))?;
            let was_secure = url.scheme() == "https";
            let was = (url.host_str().map(String::from), port);
            (url, port) = parsed(next.as_str())?;
            // What opens a door at one host is not shown to another.
            if was != (url.host_str().map(String::from), port) {
                let opens = |name: &str| {
                    let name = name.to_ascii_lowercase();
                    matches!(name.as_str(), "authorization" | "cookie")
                };
                request.headers.retain(|(name, _)| !opens(name));
            }
            if was_secure && url.scheme() == "http" {
                return Err(Failed::Downgrade);
            }
        }
        Err(Failed::Redirects)
    }

    /// One request to one address; the answer and where it redirects to.
    async fn once(
        &self,
        request: &Request<'_>,
        url: &Url,
        port: u16,
    ) -> Result<(Answer, Option<String>), Failed> {
        let host = url.host_str().unwrap_or_default().to_string();
        let stream = self.connect(url, &host, port).await?;
        if url.scheme() == "http" {
            return speak(stream, request, url).await;
        }
        speak(secured(&host, stream).await?, request, url).await
    }

    async fn connect(&self, url: &Url, host: &str, port: u16) -> Result<TcpStream, Failed> {
        let found = self.find(url, host, port).await?;
        self.checked(host, &found)?;
        reached(host, found).await
    }

    /// A connection to a server that whoever runs Tenon named in its settings, on this machine or elsewhere. Without
    /// encryption only to this machine, and to hosts that were allowed.
    pub async fn reach(&self, url: &Url, port: u16, is_plain: bool) -> Result<TcpStream, Failed> {
        let host = url.host_str().unwrap_or_default();
        let found = self.find(url, host, port).await?;
        let is_here = found.iter().all(|a| a.ip().is_loopback());
        if !is_here {
            self.checked(host, &found)?;
            if is_plain && !self.allowed.has(host, port) {
                return Err(Failed::Plain(host.into()));
            }
        }
        reached(host, found).await
    }

    /// The addresses of a server that somebody named on a page, public or allowed; without encryption only of hosts that were allowed.
    pub async fn foreign(
        &self,
        url: &Url,
        port: u16,
        is_plain: bool,
    ) -> Result<Vec<SocketAddr>, Failed> {
        let host = url.host_str().unwrap_or_default();
        let found = self.find(url, host, port).await?;
        self.checked(host, &found)?;
        match is_plain && !self.allowed.has(host, port) {
            true => Err(Failed::Plain(host.into())),
            false => Ok(found),
        }
    }

    /// A connection to such a server.
    pub async fn reach_foreign(
        &self,
        url: &Url,
        port: u16,
        is_plain: bool,
    ) -> Result<TcpStream, Failed> {
        let found = self.foreign(url, port, is_plain).await?;
        reached(url.host_str().unwrap_or_default(), found).await
    }

    async fn find(&self, url: &Url, host: &str, port: u16) -> Result<Vec<SocketAddr>, Failed> {
        let literal = host.trim_matches(['[', ']']).parse::<IpAddr>();
        let found = match (url.host(), literal) {
            (Some(Host::Ipv4(v4)), _) => vec![SocketAddr::new(IpAddr::V4(v4), port)],
            (Some(Host::Ipv6(v6)), _) => vec![SocketAddr::new(IpAddr::V6(v6), port)],
            (_, Ok(ip)) => vec![SocketAddr::new(ip, port)],
            _ => self.resolver.resolve(host, port).await.unwrap_or_default(),
        };
        match found.is_empty() {
            true => Err(Failed::Unknown(host.into())),
            false => Ok(found),
        }
    }

    /// All addresses of a name have to be fit: one that is not is a name to stay away from.
    fn checked(&self, host: &str, found: &[SocketAddr]) -> Result<(), Failed> {
        let is_literal = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        let is_fit = |address: &SocketAddr| {
            let is_named = self.allowed.has(host, address.port());
            match address.ip() {
                ip if is_named && is_literal => !ip.is_unspecified(),
                ip if is_named => !guard::is_link_local(ip),
                ip => guard::is_public(ip),
            }
        };
        match found.iter().all(is_fit) {
            true => Ok(()),
            false => Err(Failed::NotPublic(host.into())),
        }
    }
}

async fn reached(host: &str, found: Vec<SocketAddr>) -> Result<TcpStream, Failed> {
    let mut why = String::new();
    for address in found {
        match tokio::time::timeout(CONNECT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(problem)) => why = problem.to_string(),
            Err(_) => why = "it does not answer".into(),
        }
    }
    Err(Failed::Connection(host.into(), why))
}

/// Puts TLS over a connection to a host, whose certificate has to be one the machine trusts.
pub async fn secured<S>(host: &str, stream: S) -> Result<TlsStream<S>, Failed>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let broke = |why: String| Failed::Connection(host.into(), why);
    let name = host.trim_matches(['[', ']']).to_string();
    let name = ServerName::try_from(name).map_err(|e| broke(e.to_string()))?;
    let stream = tls().connect(name, stream).await;
    stream.map_err(|e| broke(e.to_string()))
}

/// An address of a web server, and its port.
fn parsed(address: &str) -> Result<(Url, u16), Failed> {
    let no = || Failed::NoAddress(address.chars().take(200).collect());
    let url = Url::parse(address).map_err(|_| no())?;
    let is_web = matches!(url.scheme(), "http" | "https");
    let is_plain = url.username().is_empty() && url.password().is_none();
    let port = url.port_or_known_default();
    match port {
        Some(port) if is_web && is_plain && url.has_host() => Ok((url, port)),
        _ => Err(no()),
    }
}

async fn speak<S>(
    stream: S,
    request: &Request<'_>,
    url: &Url,
) -> Result<(Answer, Option<String>), Failed>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let host = url.host_str().unwrap_or_default();
    let broke = |why: hyper::Error| Failed::Connection(host.into(), why.to_string());
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(broke)?;
    let connection = tokio::spawn(connection);
    let answer = async {
        let sent = asked(request, url).ok_or_else(|| Failed::NoAddress(url.to_string()))?;
        let answer = sender.send_request(sent).await.map_err(broke)?;
        let status = answer.status().as_u16();
        let to = answer.headers().get(LOCATION);
        let to = to.and_then(|l| l.to_str().ok()).map(String::from);
        let headers = answer.headers().iter().filter_map(|(name, value)| {
            let value = value.to_str().ok()?;
            Some((name.as_str().to_string(), value.to_string()))
        });
        let headers = headers.collect();
        let body = Limited::new(answer.into_body(), request.longest)
            .collect()
            .await;
        let body = body.map_err(|_| Failed::Answer(request.longest))?;
        let answer = Answer {
            status,
            headers,
            body: body.to_bytes(),
        };
        Ok((answer, to))
    }
    .await;
    connection.abort();
    answer
}

fn asked(request: &Request<'_>, url: &Url) -> Option<hyper::Request<Full<Bytes>>> {
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_string(),
    };
    let host = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str()?),
        None => url.host_str()?.to_string(),
    };
    let mut sent = hyper::Request::builder()
        .method(request.method.clone())
        .uri(path)
        .header(HOST, host)
        .header(USER_AGENT, concat!("Tenon/", env!("CARGO_PKG_VERSION")));
    for (name, value) in &request.headers {
        let value = HeaderValue::from_str(value).ok()?;
        sent = sent.header(HeaderName::from_bytes(name.as_bytes()).ok()?, value);
    }
    sent.body(Full::new(request.body.clone())).ok()
}

/// Trusts whom the machine trusts, so that a company's own authority counts too.
fn tls() -> TlsConnector {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    let config = CONFIG.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(ring::default_provider());
        #[expect(clippy::expect_used, reason = "ring supports the default versions")]
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("default versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Arc::new(config)
    });
    TlsConnector::from(config.clone())
}
