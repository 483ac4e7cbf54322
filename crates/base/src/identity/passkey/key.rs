//! The public key of a passkey (COSE, RFC 9053 and RFC 8812), and whether it signed something.

use super::cbor::{self, Value};
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};

/// Which signatures are understood, as COSE numbers them, in the order they are preferred: EdDSA, ES256, RS256.
pub const UNDERSTOOD: [i64; 3] = [EDDSA, ES256, RS256];

const ES256: i64 = -7;
const EDDSA: i64 = -8;
const RS256: i64 = -257;

#[derive(Debug, Clone, PartialEq)]
pub enum Key {
    /// A point of P-256, not compressed.
    Es256(Vec<u8>),
    /// Of Ed25519.
    EdDsa(Vec<u8>),
    Rs256 {
        n: Vec<u8>,
        e: Vec<u8>,
    },
}

impl Key {
    /// `None` for a key that is malformed or of a kind that is not understood.
    pub fn of_cose(bytes: &[u8]) -> Option<Key> {
        match cbor::read(bytes) {
            Ok((value, [])) => Key::of(&value),
            _ => None,
        }
    }

    pub fn of(cose: &Value) -> Option<Key> {
        let part = |key: i64, length: usize| cose.bytes(key).filter(|b| b.len() == length);
        // Kind of key, signature, and curve.
        match (cose.number(1)?, cose.number(3)?, cose.number(-1)) {
            (2, ES256, Some(1)) => {
                let point = [&[4][..], part(-2, 32)?, part(-3, 32)?].concat();
                Some(Key::Es256(point))
            }
            (1, EDDSA, Some(6)) => Some(Key::EdDsa(part(-2, 32)?.to_vec())),
            (3, RS256, None) => {
                let (n, e) = (cose.bytes(-1)?.to_vec(), cose.bytes(-2)?.to_vec());
                let is_fit = (256..=1024).contains(&n.len()) && (1..=8).contains(&e.len());
                is_fit.then_some(Key::Rs256 { n, e })
            }
            _ => None,
        }
    }

    pub fn signed(&self, text: &[u8], sign: &[u8]) -> bool {
        let done = match self {
            Key::Es256(point) => {
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, point).verify(text, sign)
            }
            Key::EdDsa(x) => UnparsedPublicKey::new(&signature::ED25519, x).verify(text, sign),
            Key::Rs256 { n, e } => {
                let params = &signature::RSA_PKCS1_2048_8192_SHA256;
                RsaPublicKeyComponents { n, e }.verify(params, text, sign)
            }
        };
        done.is_ok()
    }
}
