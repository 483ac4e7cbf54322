//! Signatures and the codes made of them.

use base::clock::Clock;
use base::problem::Problem;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use store::{Db, events, settings};

/// HMAC-SHA256.
pub fn mac(key: &[u8], text: &[u8]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

/// What signs codes. Made once an installation, and kept with its settings.
pub async fn kept(db: &Db, clock: &dyn Clock) -> Result<[u8; 32], Problem> {
    const NAME: &str = "delivery-key";
    let mut tx = db.begin().await?;
    // Two nodes that start at once agree on one.
    events::in_order(&mut tx).await?;
    let kept = settings::get(&mut tx, NAME).await?;
    if let Some(key) = kept.as_deref().and_then(unhex) {
        return Ok(key);
    }
    let key = clock.secret()?;
    settings::put(&mut tx, NAME, &base::identity::secret::hex(&key)).await?;
    tx.commit().await?;
    Ok(key)
}

/// What a code is for; one for one thing is none for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Reply,
    Unsubscribe,
}

impl Purpose {
    fn word(self) -> &'static str {
        match self {
            Purpose::Reply => "reply",
            Purpose::Unsubscribe => "unsubscribe",
        }
    }
}

/// A code that says something and that only we can have made. Small letters, digits and hyphens: mail servers keep
/// those as they are, and some lower the rest.
pub fn code(key: &[u8], purpose: Purpose, parts: &[&str]) -> String {
    let said = parts.join("-");
    let text = format!("{} {said}", purpose.word());
    let mac = mac(key, text.as_bytes());
    // 80 bits: guessing one means sending as many mails.
    format!("{said}-{}", base::identity::secret::hex(&mac[..10]))
}

/// What a code says, if we made it for that.
pub fn read(key: &[u8], purpose: Purpose, given: &str) -> Option<Vec<String>> {
    let given = given.to_ascii_lowercase();
    let (said, _) = given.rsplit_once('-')?;
    let parts: Vec<&str> = said.split('-').collect();
    let made = code(key, purpose, &parts);
    // The time of comparing says nothing: it is their digests that are compared.
    let same = mac(key, made.as_bytes()) == mac(key, given.as_bytes());
    same.then(|| parts.into_iter().map(String::from).collect())
}

pub fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_by_who_made_it_for_what_it_was_made_for() {
        let made = code(b"key", Purpose::Reply, &["per_1", "room_2"]);
        let said = Some(vec!["per_1".to_string(), "room_2".to_string()]);
        assert_eq!(read(b"key", Purpose::Reply, &made), said);
        assert_eq!(read(b"key", Purpose::Reply, &made.to_uppercase()), said);
        assert_eq!(read(b"key", Purpose::Unsubscribe, &made), None);
        assert_eq!(read(b"other", Purpose::Reply, &made), None);
        let other = made.replace("room_2", "room_3");
        assert_eq!(read(b"key", Purpose::Reply, &other), None);
        assert_eq!(read(b"key", Purpose::Reply, ""), None);
    }

    #[test]
    fn hexadecimal_digits_come_back() {
        let bytes = [7; 32];
        assert_eq!(unhex(&base::identity::secret::hex(&bytes)), Some(bytes));
        assert_eq!(unhex("zz"), None);
    }
}
