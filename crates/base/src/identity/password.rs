//! Passwords: argon2id, never kept plain.

use crate::problem::Problem;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};

/// Shorter ones are guessed; longer ones only cost time.
const LENGTH: std::ops::RangeInclusive<usize> = 12..=500;

/// The hash of a new password, in PHC form.
pub async fn hashed(plain: &str) -> Result<String, Problem> {
    if !LENGTH.contains(&plain.chars().count()) {
        return Err(Problem::bad_request(
            "The password is too short or too long.",
            "Use 12 to 500 characters; a few words in a row are good.",
        ));
    }
    let plain = plain.to_string();
    let hashed = tokio::task::spawn_blocking(move || {
        let hash = Argon2::default().hash_password(plain.as_bytes());
        hash.map(|h| h.to_string()).map_err(|e| e.to_string())
    });
    let hashed = hashed.await.map_err(anyhow::Error::from)?;
    Ok(hashed.map_err(|e| anyhow::anyhow!("argon2: {e}"))?)
}

/// Whether a password fits what is kept. Works as long when nothing is kept, so that nobody learns who is here.
pub async fn fits(plain: &str, kept: Option<String>) -> Result<bool, Problem> {
    let plain: String = plain.chars().take(*LENGTH.end()).collect();
    let done = tokio::task::spawn_blocking(move || {
        let is_kept = kept.is_some();
        let kept = kept.unwrap_or_else(|| NOBODY.into());
        let fits = PasswordHash::new(&kept).is_ok_and(|hash| {
            Argon2::default()
                .verify_password(plain.as_bytes(), &hash)
                .is_ok()
        });
        fits && is_kept
    });
    Ok(done.await.map_err(anyhow::Error::from)?)
}

/// The hash of a password nobody has, with the same cost.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$Dz6mLkSWzYZ0fwdFZTGyh8lIYXWbD4zDIKGlmMOyOek";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_right_password_fits_and_no_other() {
        let kept = hashed("correct horse battery").await.unwrap();
        assert!(
            fits("correct horse battery", Some(kept.clone()))
                .await
                .unwrap()
        );
        assert!(!fits("correct horse batterz", Some(kept)).await.unwrap());
        assert!(!fits("correct horse battery", None).await.unwrap());
        assert!(PasswordHash::new(NOBODY).is_ok());
        assert_eq!(hashed("short").await.unwrap_err().status, 400);
    }
}
