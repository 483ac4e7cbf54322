//! What opens a door, and its digest, which is all that is kept.

use sha2::{Digest as _, Sha256};

/// How a token begins, so that one that was leaked can be found and told from a session.
pub const TOKEN: &str = "tenon_";

/// A random secret. Never printed by accident.
pub struct Secret([u8; 32]);

impl Secret {
    pub fn new(bytes: [u8; 32]) -> Secret {
        Secret(bytes)
    }

    /// What is handed over: 64 hexadecimal digits.
    pub fn text(&self) -> String {
        hex(&self.0)
    }

    pub fn digest(&self) -> Digest {
        Digest::of(&self.text())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// SHA-256 of what was handed over. Secrets are random, so no salt and no slow function is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    pub fn of(text: &str) -> Digest {
        Digest(Sha256::digest(text.as_bytes()).into())
    }

    pub fn text(&self) -> String {
        hex(&self.0)
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
