//! Whether a delivery is of whom it says it is: signatures over the raw bytes, compared in constant time, and not older than the
//! service's window. An empty secret opens nothing.

use crate::channel::Delivery;
use crate::{Fault, Micros};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac::{self, HMAC_SHA256, Key};

/// Slack and HubSpot both refuse what is older than five minutes.
const WINDOW: i64 = 300_000_000;

/// Slack's `v0`: its time and the body.
pub fn slack(secret: &str, delivery: &Delivery, now: Micros) -> Result<(), Fault> {
    let stamp = delivery.header("x-slack-request-timestamp");
    in_window(stamp, 1_000_000, now)?;
    let given = delivery.header("x-slack-signature").strip_prefix("v0=");
    let parts = [b"v0:", stamp.as_bytes(), b":", delivery.body];
    genuine(secret, &parts, given.and_then(unhex))
}

/// What GitHub sends, and Facebook, which keys it by the secret of the app.
pub fn hub(secret: &str, delivery: &Delivery) -> Result<(), Fault> {
    let given = delivery.header("x-hub-signature-256");
    let given = given.strip_prefix("sha256=").and_then(unhex);
    genuine(secret, &[delivery.body], given)
}

/// HubSpot's third: method, address, body and the time in milliseconds.
pub fn hubspot(secret: &str, delivery: &Delivery, now: Micros) -> Result<(), Fault> {
    let stamp = delivery.header("x-hubspot-request-timestamp");
    in_window(stamp, 1_000, now)?;
    let url = as_hubspot_writes(delivery.url);
    let given = STANDARD.decode(delivery.header("x-hubspot-signature-v3"));
    let method = delivery.method.as_bytes();
    let parts = [method, url.as_bytes(), delivery.body, stamp.as_bytes()];
    genuine(secret, &parts, given.ok())
}

/// X: keyed by the consumer secret. It sends no time, so a delivery that comes again is told apart by its ids.
pub fn x(secret: &str, delivery: &Delivery) -> Result<(), Fault> {
    let given = delivery.header("x-twitter-webhooks-signature");
    let given = given.strip_prefix("sha256=");
    let given = given.and_then(|g| STANDARD.decode(g).ok());
    genuine(secret, &[delivery.body], given)
}

/// What X wants to be answered when it asks whether an address is ours.
pub fn x_answer(secret: &str, token: &str) -> Result<String, Fault> {
    if secret.is_empty() {
        return Err(Fault::Refused("no consumer secret was filled in".into()));
    }
    let tag = hmac::sign(&Key::new(HMAC_SHA256, secret.as_bytes()), token.as_bytes());
    let answer = format!("sha256={}", STANDARD.encode(tag));
    Ok(serde_json::json!({ "response_token": answer }).to_string())
}

/// A shared word that comes with the delivery, as Mattermost does it.
pub fn token(expected: &str, given: &str) -> Result<(), Fault> {
    // Their digests are compared, so that the time says nothing of either.
    let key = Key::new(HMAC_SHA256, b"token");
    let tag = hmac::sign(&key, expected.as_bytes());
    match hmac::verify(&key, given.as_bytes(), tag.as_ref()) {
        Ok(()) if !expected.is_empty() => Ok(()),
        _ => Err(false_one()),
    }
}

fn genuine(secret: &str, parts: &[&[u8]], given: Option<Vec<u8>>) -> Result<(), Fault> {
    let key = Key::new(HMAC_SHA256, secret.as_bytes());
    let given = given.filter(|_| !secret.is_empty()).ok_or_else(false_one)?;
    hmac::verify(&key, &parts.concat(), &given).map_err(|_| false_one())
}

fn in_window(stamp: &str, unit: i64, now: Micros) -> Result<(), Fault> {
    let at = stamp.parse::<i64>().ok().and_then(|s| s.checked_mul(unit));
    match at.and_then(|at| now.checked_sub(at)) {
        Some(age) if (-WINDOW..=WINDOW).contains(&age) => Ok(()),
        Some(_) => Err(Fault::Refused("the delivery is too old".into())),
        None => Err(false_one()),
    }
}

fn false_one() -> Fault {
    Fault::Refused("the signature is not that of the service".into())
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |c: &u8| char::from(*c).to_digit(16);
    let pairs = text.as_bytes().chunks(2);
    let bytes = pairs.map(|pair| match pair {
        [high, low] => Some((digit(high)? * 16 + digit(low)?) as u8),
        _ => None,
    });
    bytes.collect()
}

/// HubSpot signs the address with these characters decoded.
fn as_hubspot_writes(url: &str) -> String {
    const DECODED: [(&str, &str); 12] = [
        ("%3A", ":"),
        ("%2F", "/"),
        ("%3F", "?"),
        ("%40", "@"),
        ("%21", "!"),
        ("%24", "$"),
        ("%27", "'"),
        ("%28", "("),
        ("%29", ")"),
        ("%2A", "*"),
        ("%2C", ","),
        ("%3B", ";"),
    ];
    let mut url = url.to_string();
    for (encoded, plain) in DECODED {
        url = url.replace(encoded, plain);
        url = url.replace(&encoded.to_ascii_lowercase(), plain);
    }
    url
}

#[cfg(test)]
mod tests;
