//! Carries the requests of connectors, through the guard.

use super::folders::Folders;
use base::outbound::{Failed, Opened, Outbound, Request};
use bytes::Bytes;
use connectors::{Answer, Fault, Http, Response};
use hyper::Method;
use std::sync::OnceLock;

/// A page of a service is never longer.
const LONGEST: usize = 16 << 20;

pub struct Carrier(Outbound, OnceLock<Folders>);

impl Carrier {
    pub fn new(outbound: Outbound) -> Carrier {
        Carrier(outbound, OnceLock::new())
    }

    /// Lets files be read from these folders.
    pub fn allow(&self, folders: &str) {
        let _ = self.1.set(Folders::parse(folders));
    }

    /// Opens a stream.
    pub async fn open(&self, request: connectors::Request) -> Result<Opened, Fault> {
        let opened = self.0.open(carried(&request)?).await;
        opened.map_err(|failed| fault(&failed))
    }
}

fn carried(request: &connectors::Request) -> Result<Request<'_>, Fault> {
    let method =
        Method::from_bytes(request.method.as_bytes()).map_err(|e| Fault::Strange(e.to_string()))?;
    let headers = request.headers.iter();
    Ok(Request {
        method,
        url: &request.url,
        headers: headers
            .map(|(name, value)| (name.as_str(), value.clone()))
            .collect(),
        body: Bytes::from(request.body.clone()),
        longest: LONGEST,
    })
}

impl Http for Carrier {
    fn send(&self, request: connectors::Request) -> Answer<'_, Response> {
        Box::pin(async move {
            if request.url.starts_with("folder:") {
                let folders = self.1.get().cloned().unwrap_or_default();
                let read = tokio::task::spawn_blocking(move || folders.answer(&request)).await;
                return read.map_err(|e| Fault::Unreached(e.to_string()))?;
            }
            match self.0.send(carried(&request)?).await {
                Ok(answer) => Ok(Response {
                    status: answer.status,
                    headers: answer.headers,
                    body: answer.body.to_vec(),
                }),
                Err(failed) => Err(fault(&failed)),
            }
        })
    }
}

pub fn fault(failed: &Failed) -> Fault {
    match failed.is_final() {
        true => Fault::Refused(failed.to_string()),
        false => Fault::Unreached(failed.to_string()),
    }
}
