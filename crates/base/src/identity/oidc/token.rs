//! Whether an ID token is genuine and for us (OpenID Connect Core 1.0, section 3.1.3.7).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::Value;

/// Clocks may differ by so many seconds.
const LEEWAY: i64 = 120;

/// Keys of the provider (RFC 7517); those of kinds we do not know are left alone.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Keys {
    keys: Vec<Key>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Key {
    kty: String,
    kid: Option<String>,
    r#use: Option<String>,
    crv: String,
    n: String,
    e: String,
    x: String,
    y: String,
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    kid: Option<String>,
}

/// For whom, from whom, and when a token has to be.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    pub issuer: &'a str,
    pub client: &'a str,
    pub nonce: &'a str,
    /// Whether a token without a nonce is refused.
    pub needs_nonce: bool,
    /// Seconds since 1970.
    pub now: i64,
}

/// Why a token is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("it is no signed token")]
    Form,
    #[error("it is signed with a key the provider does not name")]
    UnknownKey,
    #[error("its signature is wrong")]
    Signature,
    #[error("it is from another provider")]
    Issuer,
    #[error("it is for another program")]
    Audience,
    #[error("it is too old, or from the future")]
    Time,
    #[error("it belongs to another sign-in")]
    Nonce,
}

/// The claims of a token that is genuine and for us.
pub fn verified(token: &str, keys: &Keys, expected: Expected) -> Result<Value, Refused> {
    let mut parts = token.split('.');
    let (Some(head), Some(body), Some(sign), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Refused::Form);
    };
    let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Refused::Form);
    let parsed: Head = serde_json::from_slice(&bytes(head)?).map_err(|_| Refused::Form)?;
    let signed = &token.as_bytes()[..head.len() + 1 + body.len()];
    let sign = bytes(sign)?;
    let mut fitting = keys.keys.iter().filter(|k| k.fits(&parsed)).peekable();
    if fitting.peek().is_none() {
        return Err(Refused::UnknownKey);
    }
    if !fitting.any(|k| k.signed(&parsed.alg, signed, &sign)) {
        return Err(Refused::Signature);
    }
    let claims: Value = serde_json::from_slice(&bytes(body)?).map_err(|_| Refused::Form)?;
    expected.check(&claims)?;
    Ok(claims)
}

impl Key {
    fn fits(&self, head: &Head) -> bool {
        let kind = match head.alg.as_str() {
            "RS256" | "PS256" => self.kty == "RSA",
            "ES256" => self.kty == "EC" && self.crv == "P-256",
            "EdDSA" => self.kty == "OKP" && self.crv == "Ed25519",
            // Above all not "none", and nothing that is signed with what others know.
            _ => false,
        };
        let named = head.kid.is_none() || self.kid.is_none() || head.kid == self.kid;
        kind && named && self.r#use.as_deref().is_none_or(|u| u == "sig")
    }

    fn signed(&self, alg: &str, text: &[u8], sign: &[u8]) -> bool {
        let part = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
        let rsa = |params| {
            let (n, e) = (part(&self.n), part(&self.e));
            RsaPublicKeyComponents { n, e }.verify(params, text, sign)
        };
        let done = match alg {
            "RS256" => rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
            "PS256" => rsa(&signature::RSA_PSS_2048_8192_SHA256),
            "ES256" => {
                let point = [&[4][..], &part(&self.x), &part(&self.y)].concat();
                let key = UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point);
                key.verify(text, sign)
            }
            _ => UnparsedPublicKey::new(&signature::ED25519, part(&self.x)).verify(text, sign),
        };
        done.is_ok()
    }
}

impl Expected<'_> {
    fn check(&self, claims: &Value) -> Result<(), Refused> {
        if claims["iss"].as_str() != Some(self.issuer) {
            return Err(Refused::Issuer);
        }
        let client = Some(self.client);
        let is_for_us = match &claims["aud"] {
            Value::Array(many) => many.iter().any(|a| a.as_str() == client),
            one => one.as_str() == client,
        };
        let azp = &claims["azp"];
        if !is_for_us || !azp.is_null() && azp.as_str() != client {
            return Err(Refused::Audience);
        }
        let seconds = |name: &str| claims[name].as_f64().map(|s| s as i64);
        let ends = seconds("exp").ok_or(Refused::Time)?;
        // What is there and is no number is not what is not there.
        let is_early = |name: &str| match seconds(name) {
            Some(begun) => begun > self.now + LEEWAY,
            None => !claims[name].is_null(),
        };
        if ends + LEEWAY < self.now || is_early("iat") || is_early("nbf") {
            return Err(Refused::Time);
        }
        let nonce = &claims["nonce"];
        let is_left_out = nonce.is_null() && !self.needs_nonce;
        if nonce.as_str() != Some(self.nonce) && !is_left_out {
            return Err(Refused::Nonce);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    use serde_json::json;

    struct Signer(EcdsaKeyPair);

    impl Signer {
        fn new() -> Signer {
            let (alg, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
            let key = EcdsaKeyPair::generate_pkcs8(alg, &random).unwrap();
            Signer(EcdsaKeyPair::from_pkcs8(alg, key.as_ref(), &random).unwrap())
        }

        fn keys(&self) -> Keys {
            let point = self.0.public_key().as_ref();
            let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
            let (x, y) = (text(&point[1..33]), text(&point[33..]));
            let key = json!({"kty": "EC", "crv": "P-256", "kid": "a", "x": x, "y": y});
            serde_json::from_value(json!({ "keys": [key] })).unwrap()
        }

        fn token(&self, head: Value, claims: &Value) -> String {
            let part = |v: &Value| URL_SAFE_NO_PAD.encode(v.to_string());
            let text = format!("{}.{}", part(&head), part(claims));
            let sign = self.0.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
            format!("{text}.{}", URL_SAFE_NO_PAD.encode(sign.as_ref()))
        }
    }

    const EXPECTED: Expected = Expected {
        issuer: "https://a.example",
        client: "tenon",
        nonce: "n",
        needs_nonce: true,
        now: 1_000_000,
    };

    fn claims() -> Value {
        json!({"iss": "https://a.example", "aud": "tenon", "sub": "1", "exp": 1_000_300, "iat": 1_000_000, "nonce": "n"})
    }

    #[test]
    fn only_what_is_genuine_and_for_us_and_of_now_is_taken() {
        let (signer, other) = (Signer::new(), Signer::new());
        let head = json!({"alg": "ES256", "kid": "a"});
        let good = signer.token(head.clone(), &claims());
        assert_eq!(verified(&good, &signer.keys(), EXPECTED), Ok(claims()));
        let with = |key: &str, value: Value| {
            let mut claims = claims();
            claims[key] = value;
            signer.token(head.clone(), &claims)
        };
        let none = signer.token(json!({"alg": "none"}), &claims());
        let hmac = signer.token(json!({"alg": "HS256", "kid": "a"}), &claims());
        let rotated = signer.token(json!({"alg": "ES256", "kid": "b"}), &claims());
        for (token, why) in [
            (other.token(head.clone(), &claims()), Refused::Signature),
            (none, Refused::UnknownKey),
            (hmac, Refused::UnknownKey),
            (rotated, Refused::UnknownKey),
            (with("iss", json!("https://b.example")), Refused::Issuer),
            (with("aud", json!("other")), Refused::Audience),
            (with("aud", json!(["other"])), Refused::Audience),
            (with("azp", json!("other")), Refused::Audience),
            (with("exp", json!(999_000)), Refused::Time),
            (with("exp", json!("1000300")), Refused::Time),
            (with("iat", json!(1_001_000)), Refused::Time),
            (with("nbf", json!(1_001_000)), Refused::Time),
            (with("nbf", json!("1001000")), Refused::Time),
            (with("nonce", json!("m")), Refused::Nonce),
            (with("nonce", Value::Null), Refused::Nonce),
            (good.replacen('.', "", 1), Refused::Form),
            (format!("{good}."), Refused::Form),
        ] {
            assert_eq!(verified(&token, &signer.keys(), EXPECTED), Err(why));
        }
        // Where none is told, a wrong one is still wrong.
        let old = Expected {
            needs_nonce: false,
            ..EXPECTED
        };
        let none = with("nonce", Value::Null);
        assert!(verified(&none, &signer.keys(), old).is_ok());
        let wrong = verified(&with("nonce", json!("m")), &signer.keys(), old);
        assert_eq!(wrong, Err(Refused::Nonce));
        let changed = with("sub", json!("2"));
        let parts: Vec<&str> = changed.split('.').collect();
        let sign = good.rsplit('.').next().unwrap();
        let forged = format!("{}.{}.{sign}", parts[0], parts[1]);
        let forged = verified(&forged, &signer.keys(), EXPECTED);
        assert_eq!(forged, Err(Refused::Signature));
    }
}
