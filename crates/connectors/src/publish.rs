//! Posts of our own: what a channel takes of them, and what came of them.

/// What a channel takes as a post of our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publishes {
    /// The longest text, as the service counts.
    pub longest: usize,
    pub counts: Counts,
}

/// How a service counts a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// Each character is one.
    Characters,
    /// A link is as long as 23 characters, and of who is mentioned only the name counts.
    Mastodon,
    /// A link is as long as 23 characters; what is neither Latin nor near it, and each emoji, counts twice.
    X,
}

/// What a link counts for where it does not count as it is.
const LINK: usize = 23;

impl Counts {
    /// In data of pages and in the API.
    pub fn word(self) -> &'static str {
        match self {
            Counts::Characters => "characters",
            Counts::Mastodon => "mastodon",
            Counts::X => "x",
        }
    }
}

impl Publishes {
    /// How long the service will find a text.
    pub fn length(&self, text: &str) -> usize {
        let pieces = text.split_inclusive(char::is_whitespace);
        pieces.map(|piece| self.of_piece(piece)).sum()
    }

    pub fn takes(&self, text: &str) -> bool {
        self.length(text) <= self.longest
    }

    /// A word with the space behind it.
    fn of_piece(&self, piece: &str) -> usize {
        let word = piece.trim_end();
        let rest = piece[word.len()..].chars().count();
        let is_link = ["https://", "http://"]
            .iter()
            .any(|s| word.len() > s.len() && word.starts_with(s));
        let word = match self.counts {
            Counts::Mastodon | Counts::X if is_link => LINK,
            Counts::Mastodon => name_of(word).chars().count(),
            Counts::X => word.chars().map(weight).sum(),
            Counts::Characters => word.chars().count(),
        };
        word + rest
    }
}

/// `@ada@a.example` is as long as `@ada`.
fn name_of(word: &str) -> &str {
    let host = word.strip_prefix('@').and_then(|rest| rest.find('@'));
    host.map_or(word, |at| &word[..at + 1])
}

/// As X publishes it: Latin, Greek, Cyrillic and their like, and marks of writing, count once.
fn weight(c: char) -> usize {
    match c as u32 {
        0..=4351 | 8192..=8205 | 8208..=8223 | 8242..=8247 => 1,
        _ => 2,
    }
}

/// What came of a post, as far as the service tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Echo {
    /// The service's id of the post.
    pub id: String,
    pub likes: Option<u64>,
    /// Passed on to others, with words or without.
    pub reposts: Option<u64>,
    pub replies: Option<u64>,
    /// How often it was seen.
    pub views: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(counts: Counts, text: &str) -> usize {
        let publishes = Publishes {
            longest: 280,
            counts,
        };
        publishes.length(text)
    }

    #[test]
    fn a_text_is_as_long_as_its_service_finds_it() {
        let text = "See https://halden.example/a/very/long/address/of/a/page\n@ada@a.example 水";
        assert_eq!(length(Counts::Characters, text), text.chars().count());
        assert_eq!(length(Counts::Mastodon, text), 4 + 23 + 1 + 4 + 1 + 1);
        assert_eq!(length(Counts::X, text), 4 + 23 + 1 + 14 + 1 + 2);
        assert_eq!(length(Counts::X, "https://"), 8, "no link yet");
        assert_eq!(length(Counts::X, ""), 0);
        assert_eq!(length(Counts::X, "  a \n"), 5, "spaces count");
    }

    #[test]
    fn the_last_character_that_fits_fits() {
        let publishes = Publishes {
            longest: 3,
            counts: Counts::X,
        };
        assert!(publishes.takes("abc") && !publishes.takes("abcd"));
        assert!(publishes.takes("a🦀") && !publishes.takes("🦀🦀"));
    }
}
