//! Keys of others, sealed: AES-256-GCM with a key that is not in the database.
//!
//! What is sealed is bound to the connection it belongs to, so that it opens nowhere else. Several keys may be given: the first seals, all
//! of them open, so that a key can be replaced without asking anybody to sign in again.

use base::clock::Clock;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use sha2::{Digest, Sha256};
use std::path::Path;

/// Where the key is kept when none is given, beside the database.
pub const FILE: &str = "connections.key";

pub struct Seal {
    /// Each with its name, which tells which one opens what; the first one seals.
    keys: Vec<(String, LessSafeKey)>,
}

impl Seal {
    /// Keys of 64 hexadecimal digits, with commas or lines between them.
    pub fn of(given: &str) -> anyhow::Result<Seal> {
        let texts = given.split([',', '\n', '\r', ' ']).map(str::trim);
        let mut keys = Vec::new();
        for text in texts.filter(|t| !t.is_empty()) {
            let bytes = crate::delivery::sign::unhex(text).ok_or_else(|| {
                anyhow::anyhow!("the key for connections is not 64 hexadecimal digits; make one with openssl rand -hex 32")
            })?;
            let name = base::identity::secret::hex(&Sha256::digest(bytes)[..4]);
            let key = UnboundKey::new(&AES_256_GCM, &bytes)
                .map_err(|_| anyhow::anyhow!("the key for connections has a wrong length"))?;
            keys.push((name, LessSafeKey::new(key)));
        }
        anyhow::ensure!(!keys.is_empty(), "no key for connections is given");
        Ok(Seal { keys })
    }

    /// The key of an installation that gives none: kept in a file that only who runs Tenon reads.
    pub fn kept(folder: &Path, clock: &dyn Clock) -> anyhow::Result<Seal> {
        use anyhow::Context;
        let path = folder.join(FILE);
        let told = || format!("cannot keep the key for connections in {}", path.display());
        if !path.exists() {
            std::fs::create_dir_all(folder).with_context(told)?;
            let text = base::identity::secret::hex(&clock.secret()?);
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            match options.open(&path) {
                Ok(mut file) => {
                    std::io::Write::write_all(&mut file, text.as_bytes()).with_context(told)?;
                    file.sync_all().with_context(told)?;
                }
                // Another node made it at the same moment.
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(e).with_context(told),
            }
        }
        Seal::of(&std::fs::read_to_string(&path).with_context(told)?)
            .with_context(|| format!("the key in {}", path.display()))
    }

    pub fn seal(&self, clock: &dyn Clock, of: &str, plain: &str) -> anyhow::Result<String> {
        let (name, key) = &self.keys[0];
        let random = clock.secret()?;
        let mut nonce = [0; 12];
        nonce.copy_from_slice(&random[..12]);
        let mut held = plain.as_bytes().to_vec();
        let sealed = key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(of.as_bytes()),
            &mut held,
        );
        sealed.map_err(|_| anyhow::anyhow!("nothing could be sealed"))?;
        let all = [&nonce[..], &held[..]].concat();
        Ok(format!("1:{name}:{}", BASE64_STANDARD.encode(all)))
    }

    pub fn open(&self, of: &str, sealed: &str) -> anyhow::Result<String> {
        let broken = || {
            anyhow::anyhow!(
                "what is kept of this connection was sealed with a key that is not given any more; give it with TENON_KEY, or connect anew"
            )
        };
        let mut parts = sealed.splitn(3, ':');
        let (Some("1"), Some(name), Some(held)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(broken());
        };
        let key = self
            .keys
            .iter()
            .find(|(n, _)| n == name)
            .ok_or_else(broken)?;
        let mut held = BASE64_STANDARD.decode(held).map_err(|_| broken())?;
        let (nonce, rest) = held.split_at_mut_checked(12).ok_or_else(broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken())?;
        let plain = key.1.open_in_place(nonce, Aad::from(of.as_bytes()), rest);
        Ok(String::from_utf8(plain.map_err(|_| broken())?.to_vec())?)
    }

    /// Whether a value was sealed with the key that seals now.
    pub fn is_current(&self, sealed: &str) -> bool {
        sealed.split(':').nth(1) == Some(&self.keys[0].0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::clock::SystemClock;

    #[test]
    fn what_is_sealed_opens_for_its_own_connection_with_old_keys_too_and_shows_nothing() {
        let (old, new) = ("a1".repeat(32), "b2".repeat(32));
        let before = Seal::of(&old).unwrap();
        let sealed = before.seal(&SystemClock, "con_1", "hunter2").unwrap();
        assert!(!sealed.contains("hunter2"));
        assert_eq!(before.open("con_1", &sealed).unwrap(), "hunter2");
        assert!(
            before.open("con_2", &sealed).is_err(),
            "another connection's"
        );
        let both = Seal::of(&format!("{new},{old}")).unwrap();
        assert_eq!(both.open("con_1", &sealed).unwrap(), "hunter2");
        assert!(!both.is_current(&sealed));
        assert!(both.is_current(&both.seal(&SystemClock, "con_1", "x").unwrap()));
        assert!(Seal::of(&new).unwrap().open("con_1", &sealed).is_err());
        let mut broken = sealed.clone();
        broken.truncate(sealed.len() - 6);
        assert!(both.open("con_1", &broken).is_err());
        for wrong in ["", "abc", "1:", "zz".repeat(32).as_str()] {
            assert!(Seal::of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_key_is_made_once_and_for_nobody_else_to_read() {
        let folder = store::testing::folder();
        let sealed = Seal::kept(&folder, &SystemClock)
            .unwrap()
            .seal(&SystemClock, "c", "x")
            .unwrap();
        assert_eq!(
            Seal::kept(&folder, &SystemClock)
                .unwrap()
                .open("c", &sealed)
                .unwrap(),
            "x"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(folder.join(FILE))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
