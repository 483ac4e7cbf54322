//! The vectors that the services publish, and what must not pass.

use super::*;

const SECOND: i64 = 1_000_000;

fn delivery<'a>(headers: &'a [(String, String)], body: &'a [u8]) -> Delivery<'a> {
    Delivery {
        method: "POST",
        url: "https://www.example.com/webhook_uri",
        headers,
        body,
    }
}

fn headers(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = pairs.iter().map(|(n, v)| (n.to_string(), v.to_string()));
    owned.collect()
}

#[test]
fn slack_is_known_by_its_published_vector_within_five_minutes() {
    let Some(body) = crate::testing::shared("slack/signature-body.txt") else {
        return;
    };
    let body = body.trim_end();
    let secret = "8f742231b10e8888abcd99yyyzzz85a5";
    let signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
    let at = 1_531_420_618;
    let sent = headers(&[
        ("x-slack-request-timestamp", "1531420618"),
        ("x-slack-signature", signature),
    ]);
    let is = |secret: &str, body: &[u8], after: i64| {
        slack(secret, &delivery(&sent, body), (at + after) * SECOND).is_ok()
    };
    assert!(is(secret, body.as_bytes(), 0));
    assert!(is(secret, body.as_bytes(), 300));
    assert!(!is(secret, body.as_bytes(), 301), "replayed later");
    assert!(!is(secret, body.as_bytes(), -301), "from the future");
    assert!(!is(secret, format!("{body}&").as_bytes(), 0), "changed");
    assert!(!is("another", body.as_bytes(), 0));
    assert!(!is("", body.as_bytes(), 0));
}

#[test]
fn github_and_facebook_are_known_by_the_published_vector() {
    let tag = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let sent = headers(&[("x-hub-signature-256", tag)]);
    let secret = "It's a Secret to Everybody";
    let is = |secret: &str, body: &[u8]| hub(secret, &delivery(&sent, body)).is_ok();
    assert!(is(secret, b"Hello, World!"));
    assert!(!is(secret, b"Hello, World"));
    assert!(!is("", b"Hello, World!"));
    let none = hub(secret, &delivery(&[], b"Hello, World!"));
    assert_eq!(none, Err(false_one()));
}

#[test]
fn hubspot_is_known_by_its_published_vector_within_five_minutes() {
    let secret = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy";
    let sent = headers(&[
        ("x-hubspot-request-timestamp", "1693657560000"),
        (
            "x-hubspot-signature-v3",
            "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y=",
        ),
    ]);
    let body = b"{'example_field':'example_value'}";
    let at = 1_693_657_560 * SECOND;
    let is = |body: &[u8], now| hubspot(secret, &delivery(&sent, body), now).is_ok();
    assert!(is(body, at + 300 * SECOND));
    assert!(!is(body, at + 301 * SECOND));
    assert!(!is(b"{}", at));
    let elsewhere = Delivery {
        url: "https://www.example.com/other",
        ..delivery(&sent, body)
    };
    assert!(hubspot(secret, &elsewhere, at).is_err());
}

#[test]
fn hubspot_signs_the_address_with_some_characters_decoded() {
    let written = as_hubspot_writes("https://a.example/x%2fy?z=%20%40");
    assert_eq!(written, "https://a.example/x/y?z=%20@");
}

#[test]
fn x_is_answered_and_its_deliveries_are_known_by_the_same_secret() {
    let answer = x_answer("secret", "token").unwrap();
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let tag = answer["response_token"].as_str().unwrap();
    // HMAC-SHA256 of "token" under "secret", reckoned elsewhere.
    assert_eq!(tag, "sha256=6UERDj0r/oJiHw4+FDRzDXMF0QbF9oyHFl0LJ6RhGko=");
    let sent = headers(&[("x-twitter-webhooks-signature", tag)]);
    assert!(x("secret", &delivery(&sent, b"token")).is_ok());
    assert!(x("secret", &delivery(&sent, b"token2")).is_err());
    assert!(x("", &delivery(&sent, b"token")).is_err());
    assert!(x_answer("", "token").is_err());
}

#[test]
fn a_token_is_the_same_or_it_is_not() {
    assert!(token("abc", "abc").is_ok());
    for given in ["", "ab", "abcd", "ABC"] {
        assert!(token("abc", given).is_err(), "{given}");
    }
    assert!(token("", "").is_err(), "no token was filled in");
}

#[test]
fn nonsense_in_headers_is_refused() {
    for stamp in ["", "x", "-1", "9223372036854775807", "99999999999999999999"] {
        let sent = headers(&[
            ("x-slack-request-timestamp", stamp),
            ("x-slack-signature", "v0=zz"),
            ("x-hubspot-request-timestamp", stamp),
            ("x-hubspot-signature-v3", "?"),
        ]);
        assert!(slack("secret", &delivery(&sent, b""), 0).is_err());
        assert!(hubspot("secret", &delivery(&sent, b""), 0).is_err());
    }
    for tag in ["", "sha256=", "sha256=é", "sha256=1", "sha256=+1"] {
        let sent = headers(&[("x-hub-signature-256", tag)]);
        assert!(hub("secret", &delivery(&sent, b"")).is_err(), "{tag}");
    }
}
