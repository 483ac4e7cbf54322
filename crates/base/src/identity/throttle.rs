//! How often somebody may try to sign in. In memory: a restart forgives, and each node counts for itself.

use crate::problem::Problem;
use mining::Micros;
use mining::time::MINUTE;
use std::collections::HashMap;
use std::sync::Mutex;

/// Tries are counted this far back.
const WINDOW: Micros = 15 * MINUTE;
/// Tries for one e-mail address.
const BY_EMAIL: usize = 10;
/// Tries from one place; a whole office may sit behind one address.
const BY_PLACE: usize = 100;
/// So many addresses and places are remembered.
const REMEMBERED: usize = 20_000;

#[derive(Debug, Default)]
pub struct Throttle {
    tries: Mutex<HashMap<String, Vec<Micros>>>,
}

impl Throttle {
    /// Counts a try before anything is looked at, so that tries at the same moment count too.
    pub fn count(&self, email: &str, place: &str, now: Micros) -> Result<(), Problem> {
        self.count_all(
            &[
                (format!("email {}", short(email)), BY_EMAIL),
                (format!("place {}", short(place)), BY_PLACE),
            ],
            now,
        )
    }

    /// Counts a sign-in that is begun and of which something has to be kept, so that nobody fills the database by beginning.
    pub fn begun(&self, place: &str, now: Micros) -> Result<(), Problem> {
        let begun = format!("begun {}", short(place));
        self.count_all(&[(begun, BY_PLACE)], now)
    }

    fn count_all(&self, keys: &[(String, usize)], now: Micros) -> Result<(), Problem> {
        let mut tries = self.tries.lock().unwrap_or_else(|e| e.into_inner());
        if tries.len() > REMEMBERED {
            tries.retain(|_, at| at.last().is_some_and(|t| now - t < WINDOW));
        }
        for (key, most) in keys {
            let at = tries.entry(key.clone()).or_default();
            at.retain(|t| now - t < WINDOW);
            if at.len() >= *most {
                return Err(too_many(at.first().map_or(WINDOW, |t| WINDOW - (now - t))));
            }
            at.push(now);
        }
        Ok(())
    }

    /// Who got in starts anew. Her place does not: others there may still be guessing.
    pub fn forgive(&self, email: &str) {
        let mut tries = self.tries.lock().unwrap_or_else(|e| e.into_inner());
        tries.remove(&format!("email {}", short(email)));
    }
}

/// What was typed may be long; what is remembered is not.
fn short(text: &str) -> String {
    text.trim().to_lowercase().chars().take(100).collect()
}

fn too_many(wait: Micros) -> Problem {
    let seconds = wait.div_euclid(1_000_000) + 1;
    let minutes = crate::format::many(seconds.div_euclid(60) + 1, "minute");
    Problem::new(
        429,
        "too_many_tries",
        "Too many tries to sign in.",
        format!("Wait {minutes}, or ask an owner for a link that signs you in."),
    )
    .after(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eleventh_try_waits_until_the_first_is_a_quarter_of_an_hour_old() {
        let all = Throttle::default();
        for n in 0..10 {
            all.count("Ann@x.example", "a", n * MINUTE).unwrap();
        }
        let refused = all.count(" ann@x.example", "b", 10 * MINUTE).unwrap_err();
        assert_eq!((refused.status, refused.wait), (429, Some(301)));
        all.count("bea@x.example", "b", 10 * MINUTE).unwrap();
        all.count("ann@x.example", "b", 15 * MINUTE).unwrap();
    }

    #[test]
    fn beginning_is_counted_apart_from_trying() {
        let all = Throttle::default();
        for _ in 0..BY_PLACE {
            all.begun("a", 0).unwrap();
        }
        assert_eq!(all.begun("a", 1).unwrap_err().status, 429);
        all.begun("b", 1).unwrap();
        all.count("ann@x.example", "a", 1).unwrap();
    }

    #[test]
    fn who_got_in_is_forgiven_and_a_place_that_guesses_is_not() {
        let all = Throttle::default();
        for n in 0..100 {
            all.count(&format!("{n}@x.example"), "a", 0).unwrap();
        }
        assert_eq!(all.count("new@x.example", "a", 1).unwrap_err().status, 429);
        all.forgive("new@x.example");
        assert_eq!(all.count("new@x.example", "a", 1).unwrap_err().status, 429);
        all.count("new@x.example", "b", 1).unwrap();
    }
}
