//! Carries the requests of connectors, through the guard.

use base::outbound::{Failed, Outbound, Request};
use bytes::Bytes;
use connectors::{Answer, Fault, Http, Response};
use hyper::Method;

/// A page of a service is never longer.
const LONGEST: usize = 16 << 20;

pub struct Carrier(pub Outbound);

impl Http for Carrier {
    fn send(&self, request: connectors::Request) -> Answer<'_, Response> {
        Box::pin(async move {
            let method = Method::from_bytes(request.method.as_bytes())
                .map_err(|e| Fault::Strange(e.to_string()))?;
            let headers = request.headers.iter();
            let sent = Request {
                method,
                url: &request.url,
                headers: headers
                    .map(|(name, value)| (name.as_str(), value.clone()))
                    .collect(),
                body: Bytes::from(request.body),
                longest: LONGEST,
            };
            match self.0.send(sent).await {
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
