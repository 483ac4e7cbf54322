//! An answer that is read while it comes, such as an event stream that never ends.

use super::{Failed, Outbound, PATIENCE, Request, asked, parsed, secured};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::task::JoinHandle;
use url::Url;

/// An answer whose head has come; its connection ends with it.
pub struct Opened {
    pub status: u16,
    body: Incoming,
    connection: JoinHandle<()>,
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

impl Opened {
    /// What comes next; `None` when the answer ended, as it should or not: whoever reads a stream has to look for gaps anyway.
    pub async fn chunk(&mut self) -> Option<Bytes> {
        loop {
            match self.body.frame().await? {
                Ok(frame) => match frame.into_data() {
                    Ok(data) => return Some(data),
                    Err(_) => continue,
                },
                Err(_) => return None,
            }
        }
    }
}

impl Outbound {
    /// Sends a request and waits for the head of its answer alone. Redirects are not followed: they are answers.
    pub async fn open(&self, request: Request<'_>) -> Result<Opened, Failed> {
        let (url, port) = parsed(request.url)?;
        let host = url.host_str().unwrap_or_default().to_string();
        let opened = async {
            let stream = self.connect(&url, &host, port).await?;
            match url.scheme() {
                "http" => begin(stream, &request, &url).await,
                _ => begin(secured(&host, stream).await?, &request, &url).await,
            }
        };
        // A service may think for as long as the request itself says; that is part of what is read.
        let late = tokio::time::timeout(PATIENCE * 3, opened);
        late.await.unwrap_or(Err(Failed::Late))
    }
}

async fn begin<S>(stream: S, request: &Request<'_>, url: &Url) -> Result<Opened, Failed>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let host = url.host_str().unwrap_or_default();
    let broke = |why: hyper::Error| Failed::Connection(host.into(), why.to_string());
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(broke)?;
    let connection = tokio::spawn(async move {
        let _ = connection.await;
    });
    let sent = asked(request, url).ok_or_else(|| Failed::NoAddress(url.to_string()));
    let answer = match sent {
        Ok(sent) => sender.send_request(sent).await.map_err(broke),
        Err(failed) => Err(failed),
    };
    match answer {
        Ok(answer) => Ok(Opened {
            status: answer.status().as_u16(),
            body: answer.into_body(),
            connection,
        }),
        Err(failed) => {
            connection.abort();
            Err(failed)
        }
    }
}
