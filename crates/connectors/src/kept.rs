//! What signing in gave, kept in memory for the next call: a session, an access token. Lost at a restart, and then fetched again.

use crate::Settings;
use std::collections::BTreeMap;
use std::sync::Mutex;

type Key = Vec<u8>;

/// By a digest of what was filled in, so that a changed password is another entry, and none of it is kept in clear.
pub struct Kept(Mutex<BTreeMap<Key, String>>);

/// More connections than anybody has; beyond, all of them sign in again.
const MOST: usize = 1000;

impl Kept {
    pub const fn new() -> Kept {
        Kept(Mutex::new(BTreeMap::new()))
    }

    pub fn get(&self, settings: &Settings) -> Option<String> {
        self.lock().get(&key(settings)).cloned()
    }

    pub fn put(&self, settings: &Settings, value: String) {
        let mut kept = self.lock();
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(key(settings), value);
    }

    pub fn drop(&self, settings: &Settings) {
        self.lock().remove(&key(settings));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Key, String>> {
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }
}

impl Default for Kept {
    fn default() -> Kept {
        Kept::new()
    }
}

fn key(settings: &Settings) -> Key {
    let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
    for (name, value) in &settings.0 {
        for part in [name, value] {
            // With their lengths, so that two parts never read as another two.
            digest.update(&(part.len() as u64).to_be_bytes());
            digest.update(part.as_bytes());
        }
    }
    digest.finish().as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_for_one_set_of_settings_is_not_given_to_another() {
        let kept = Kept::new();
        let one = Settings::of([("user", "ab"), ("password", "c")]);
        let other = Settings::of([("user", "a"), ("password", "bc")]);
        kept.put(&one, "token".into());
        assert_eq!(kept.get(&one).as_deref(), Some("token"));
        assert_eq!(kept.get(&other), None);
        kept.drop(&one);
        assert_eq!(kept.get(&one), None);
    }
}
