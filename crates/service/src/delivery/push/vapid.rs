//! Who pushes says so (RFC 8292): push services take for a browser only what is signed with the key it was switched on
//! with. So there is one key an installation, made once.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mining::Micros;
use mining::time::HOUR;
use ring::error::Unspecified;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;

/// So long a signature counts; push services refuse more than a day.
const LASTS: Micros = 12 * HOUR;

pub struct Key(EcdsaKeyPair);

impl Key {
    /// A new one, as it is kept.
    pub fn make() -> Result<String, Unspecified> {
        let alg = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let made = EcdsaKeyPair::generate_pkcs8(alg, &SystemRandom::new())?;
        Ok(URL_SAFE_NO_PAD.encode(made.as_ref()))
    }

    /// `None` when this is none that was kept.
    pub fn read(kept: &str) -> Option<Key> {
        let kept = URL_SAFE_NO_PAD.decode(kept).ok()?;
        let alg = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let key = EcdsaKeyPair::from_pkcs8(alg, &kept, &SystemRandom::new());
        Some(Key(key.ok()?))
    }

    /// What browsers are switched on with, base64url.
    pub fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.public_key().as_ref())
    }

    /// The header that says who pushes to an origin, and how to reach whoever runs it.
    pub fn signed(&self, origin: &str, contact: &str, now: Micros) -> Result<String, Unspecified> {
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let head = part(json!({ "typ": "JWT", "alg": "ES256" }));
        let ends = (now + LASTS) / 1_000_000;
        let body = part(json!({ "aud": origin, "exp": ends, "sub": contact }));
        let text = format!("{head}.{body}");
        let sign = self.0.sign(&SystemRandom::new(), text.as_bytes())?;
        let sign = URL_SAFE_NO_PAD.encode(sign.as_ref());
        Ok(format!("vapid t={text}.{sign}, k={}", self.public()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    #[test]
    fn a_key_that_was_kept_signs_for_one_origin_and_half_a_day() {
        let kept = Key::make().unwrap();
        let key = Key::read(&kept).unwrap();
        let header = key
            .signed("https://push.example", "mailto:a@b.example", 1_000_000)
            .unwrap();
        let (token, public) = header
            .strip_prefix("vapid t=")
            .and_then(|h| h.split_once(", k="))
            .unwrap();
        assert_eq!(public, Key::read(&kept).unwrap().public());
        let (text, sign) = token.rsplit_once('.').unwrap();
        let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, bytes(public))
            .verify(text.as_bytes(), &bytes(sign))
            .unwrap();
        let (_, body) = text.split_once('.').unwrap();
        let body: serde_json::Value = serde_json::from_slice(&bytes(body)).unwrap();
        let expected =
            json!({ "aud": "https://push.example", "exp": 43_201, "sub": "mailto:a@b.example" });
        assert_eq!(body, expected);
        assert!(Key::read("nothing").is_none());
    }
}
