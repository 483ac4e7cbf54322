//! What is followed on a channel beside what is said to us: accounts, tags and phrases that somebody wishes for.

use crate::Micros;

/// What can be wished for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    Account,
    Tag,
    Phrase,
}

impl Wanted {
    /// As it is kept.
    pub fn word(self) -> &'static str {
        match self {
            Wanted::Account => "account",
            Wanted::Tag => "tag",
            Wanted::Phrase => "phrase",
        }
    }

    pub fn parse(word: &str) -> Option<Wanted> {
        [Wanted::Account, Wanted::Tag, Wanted::Phrase]
            .into_iter()
            .find(|w| w.word() == word)
    }
}

/// Something to follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    pub what: Wanted,
    /// Without `#` or `@` before it.
    pub words: String,
}

impl Wish {
    pub fn of(what: Wanted, words: &str) -> Wish {
        let words = words.trim().trim_start_matches(['#', '@']).trim();
        Wish {
            what,
            words: words.into(),
        }
    }

    /// What it is known by in a cursor: letters of either case are the same.
    pub fn key(&self) -> String {
        format!("{} {}", self.what.word(), self.words.to_lowercase())
    }

    /// As people write it.
    pub fn shown(&self) -> String {
        match self.what {
            Wanted::Account => format!("@{}", self.words),
            Wanted::Tag => format!("#{}", self.words),
            Wanted::Phrase => format!("\"{}\"", self.words),
        }
    }
}

/// What a channel can follow. What is said to us it always tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Follows {
    pub accounts: bool,
    pub tags: bool,
    pub phrases: bool,
    /// What has to be known of it, in a sentence or two.
    pub note: &'static str,
}

impl Follows {
    pub const NOTHING: Follows = Follows {
        accounts: false,
        tags: false,
        phrases: false,
        note: "It tells what is said to us there, and nothing else can be followed.",
    };

    pub fn can(&self, what: Wanted) -> bool {
        match what {
            Wanted::Account => self.accounts,
            Wanted::Tag => self.tags,
            Wanted::Phrase => self.phrases,
        }
    }

    pub fn is_any(&self) -> bool {
        self.accounts || self.tags || self.phrases
    }
}

/// What reading has cost, where a service bills what is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// Such as `2026-11`, in UTC.
    pub month: String,
    /// Posts that were read in it, and how many of them by what is followed.
    pub read: u64,
    pub found: u64,
    /// How many what is followed may cost in a month.
    pub most: u64,
}

/// The month of a moment in UTC, such as `2026-11`.
pub fn month(at: Micros) -> String {
    let at = jiff::Timestamp::from_microsecond(at).unwrap_or_default();
    at.strftime("%Y-%m").to_string()
}

/// What a comma stands between, as wishes.
pub fn listed(what: Wanted, setting: &str) -> impl Iterator<Item = Wish> {
    let words = setting.split(',').map(move |w| Wish::of(what, w));
    words.filter(|w| !w.words.is_empty()).take(10)
}

/// Each wish once.
pub fn each_once(wishes: impl Iterator<Item = Wish>) -> Vec<Wish> {
    let mut all: Vec<Wish> = Vec::new();
    for wish in wishes {
        if !wish.words.is_empty() && all.iter().all(|w| w.key() != wish.key()) {
            all.push(wish);
        }
    }
    all
}

/// The wishes whose turn it is, up to a number; all have their turn one after another, so that many do not ask too often.
pub fn in_turn(all: &[Wish], turn: &mut usize, most: usize) -> Vec<Wish> {
    if all.len() <= most {
        *turn = 0;
        return all.to_vec();
    }
    let from = *turn % all.len();
    *turn = (from + most) % all.len();
    let round = all.iter().cycle().skip(from).take(most);
    round.cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_wishes_have_their_turn() {
        let all = each_once(listed(Wanted::Tag, "a, #b, B, ,c"));
        let names = |w: Vec<Wish>| w.into_iter().map(|w| w.words).collect::<Vec<_>>();
        assert_eq!(names(all.clone()), ["a", "b", "c"]);
        let mut turn = 0;
        assert_eq!(names(in_turn(&all, &mut turn, 2)), ["a", "b"]);
        assert_eq!(names(in_turn(&all, &mut turn, 2)), ["c", "a"]);
        assert_eq!(names(in_turn(&all, &mut turn, 2)), ["b", "c"]);
        assert_eq!(names(in_turn(&all, &mut turn, 3)), ["a", "b", "c"]);
    }

    #[test]
    fn a_wish_is_shown_as_people_write_it() {
        let shown = |what, words| Wish::of(what, words).shown();
        assert_eq!(
            shown(Wanted::Account, " @ada@far.example"),
            "@ada@far.example"
        );
        assert_eq!(shown(Wanted::Tag, "##Brewing"), "#Brewing");
        assert_eq!(shown(Wanted::Phrase, "our shop"), "\"our shop\"");
        assert_eq!(month(1_790_000_000_000_000), "2026-09");
    }
}
