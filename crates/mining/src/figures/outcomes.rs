//! Names that say a case was won or lost, in several languages.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Won,
    Lost,
}

/// Beginnings of words. Lost is looked for first, so that "not won" and "deal lost to winner" read right.
const LOST: &[&str] = &[
    "lost",
    "lose",
    "declined",
    "denied",
    "rejected",
    "reject",
    "cancelled",
    "canceled",
    "abandoned",
    "disqualified",
    "withdrawn",
    "verloren",
    "abgelehnt",
    "storniert",
    "abgebrochen",
    "perdu",
    "perdue",
    "refus",
    "annul",
    "perdid",
    "rechazad",
    "cancelad",
    "perso",
    "persa",
    "rifiutat",
    "annullat",
    "geannuleerd",
    "afgewezen",
    "przegran",
    "odrzucon",
    "verlies",
    "dead",
];
const WON: &[&str] = &[
    "won",
    "win",
    "gewonnen",
    "gagné",
    "gagne",
    "ganad",
    "ganho",
    "vinto",
    "vinta",
    "signed",
    "wygran",
    "activated",
    "vunnet",
    "vunnen",
];
const NOT: &[&str] = &["not", "nicht", "non", "niet", "no"];

/// What a stage or activity name says. Words are split at anything that is no letter.
pub(crate) fn outcome(name: &str) -> Option<Outcome> {
    let lower = name.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphabetic())
        .filter(|w| !w.is_empty())
        .collect();
    let lost = |w: &&str| LOST.iter().any(|l| w.starts_with(l));
    // Short beginnings would catch "wonder" or "window": these are whole words.
    let won = |w: &&str| {
        WON.iter().any(|l| {
            if l.len() <= 3 {
                w == l
            } else {
                w.starts_with(l)
            }
        })
    };
    if words.iter().any(|w| lost(&w)) {
        return Some(Outcome::Lost);
    }
    if words.iter().any(|w| won(&w)) {
        let negated = words.iter().any(|w| NOT.contains(w));
        return Some(if negated { Outcome::Lost } else { Outcome::Won });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::Outcome::{Lost, Won};
    use super::*;

    #[test]
    fn names_are_read_in_several_languages() {
        for (name, expected) in [
            ("Closed Won", Some(Won)),
            ("closed_lost", Some(Lost)),
            ("Gewonnen", Some(Won)),
            ("Verloren an Mitbewerb", Some(Lost)),
            ("A_DECLINED", Some(Lost)),
            ("Refusé", Some(Lost)),
            ("Not won", Some(Lost)),
            ("Open window", None),
            ("Negotiation", None),
        ] {
            assert_eq!(outcome(name), expected, "{name}");
        }
    }
}
