//! What does not go to the queue by itself, and why. Nothing is thrown away: it is held, with its reason, for a person to look at.

use connectors::{Account, Incoming};
use store::listen::{ALLOWED, BLOCKED, OURS};

/// What is known of whoever said something.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// She was answered before in this thread.
    pub is_known: bool,
    /// What a colleague said of her account: [`store::listen::ALLOWED`], `BLOCKED` or `OURS`.
    pub mark: Option<&'a str>,
    /// It is another account of ours that is connected.
    pub is_our_other: bool,
    /// Languages that are read here; all where there are none.
    pub languages: &'a [String],
}

/// Why something is held, if it is.
pub fn held(item: &Incoming, account: &Account, known: &Known<'_>) -> Option<&'static str> {
    match known.mark {
        Some(ALLOWED) => return None,
        Some(BLOCKED) => return Some("this account is blocked here"),
        Some(OURS) => return Some("one of us"),
        _ => {}
    }
    if known.is_our_other {
        return Some("our own account");
    }
    if is_look_alike(&item.author.handle, &account.handle) && item.author.id != account.id {
        return Some("look-alike account");
    }
    // Who was answered before is not taken for a machine.
    if known.is_known {
        return None;
    }
    // What is said to us is never held for its language.
    if !item.is_for_us && is_not_read(item.language.as_deref(), known.languages) {
        return Some("a language nobody here reads");
    }
    let links = item.text.matches("http://").count() + item.text.matches("https://").count();
    let words = item.text.split_whitespace().count();
    if (links >= 3 && words <= links * 20) || (links > 0 && words <= links * 2) {
        return Some("mostly links");
    }
    if item.text.matches('@').count() >= 8 {
        return Some("calls many people at once");
    }
    if item.tags.len() >= 10 {
        return Some("many tags");
    }
    None
}

/// Whether it is said to be in a language that is none of these; `en` is meant by `en-GB`, too.
fn is_not_read(language: Option<&str>, read: &[String]) -> bool {
    let language = language.unwrap_or_default().to_lowercase();
    let main = language.split(['-', '_']).next().unwrap_or_default();
    !main.is_empty() && !read.is_empty() && !read.iter().any(|l| l == main || *l == language)
}

/// Letters that are taken for one another, as one.
fn folded(handle: &str) -> String {
    let name = handle
        .trim_start_matches('@')
        .split('@')
        .next()
        .unwrap_or_default();
    folded_word(name)
}

fn folded_word(word: &str) -> String {
    let mut out = String::new();
    for c in word.to_lowercase().chars() {
        match c {
            'i' | 'l' | '1' | '|' | 'ı' | 'і' | 'ӏ' => out.push('l'),
            '0' | 'о' | 'ο' => out.push('o'),
            'а' | 'α' => out.push('a'),
            'е' | 'ε' => out.push('e'),
            'с' => out.push('c'),
            'р' => out.push('p'),
            '5' => out.push('s'),
            '_' | '-' | '.' => {}
            c => out.push(c),
        }
    }
    out.replace("rn", "m").replace("vv", "w")
}

/// Whether a handle looks like ours without being it: the same when read quickly, or ours with a word of service behind it.
pub fn is_look_alike(handle: &str, ours: &str) -> bool {
    if let (Some(theirs), Some(own)) = (address(handle), address(ours)) {
        return is_look_alike_address(theirs, own);
    }
    let (theirs, own) = (folded(handle), folded(ours));
    if own.chars().count() < 4 || theirs.is_empty() {
        return false;
    }
    let service = [
        "support", "help", "helpdesk", "service", "official", "team", "care",
    ]
    .map(folded);
    let rest = theirs.strip_prefix(&own);
    theirs == own && !handle.eq_ignore_ascii_case(ours)
        || rest.is_some_and(|rest| service.iter().any(|s| s == rest))
        || is_one_off(&theirs, &own)
}

/// The two halves of an e-mail address.
fn address(handle: &str) -> Option<(&str, &str)> {
    let (local, domain) = handle.split_once('@')?;
    (!local.is_empty() && domain.contains('.')).then_some((local, domain))
}

/// Many write from "support@" and "info@" of their own: what pretends to be ours is a domain that is read as ours.
fn is_look_alike_address(theirs: (&str, &str), own: (&str, &str)) -> bool {
    let domains = (folded_word(theirs.1), folded_word(own.1));
    !theirs.1.eq_ignore_ascii_case(own.1)
        && (domains.0 == domains.1
            || theirs.0.eq_ignore_ascii_case(own.0) && is_one_off(&domains.0, &domains.1))
}

/// Whether two words differ by one letter that is put in, left out or changed.
fn is_one_off(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let (short, long) = if a.len() <= b.len() {
        (&a, &b)
    } else {
        (&b, &a)
    };
    // In short names one letter makes another name.
    if long.len() < 6 || long.len() - short.len() > 1 {
        return false;
    }
    let same = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    let (rest, other) = (&short[same..], &long[same..]);
    match long.len() == short.len() {
        true => !rest.is_empty() && rest[1..] == other[1..],
        false => *rest == other[1..],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_of_a_colleague_goes_before_the_filter_and_languages_are_for_finds_alone() {
        let item = |text: &str, language: &str, is_for_us: bool| Incoming {
            text: text.into(),
            language: Some(language.into()),
            is_for_us,
            what: connectors::channel::What::Said,
            ..Incoming::deleted("1", 0)
        };
        let account = Account::default();
        let links = item(
            "https://a.example https://b.example https://c.example",
            "en",
            true,
        );
        let marked = |mark| Known {
            mark,
            ..Known::default()
        };
        let of = |mark| held(&links, &account, &marked(mark));
        assert_eq!(of(None), Some("mostly links"));
        assert_eq!(of(Some(ALLOWED)), None);
        assert_eq!(of(Some(BLOCKED)), Some("this account is blocked here"));
        assert_eq!(of(Some(OURS)), Some("one of us"));
        let languages = ["en".to_string(), "pt-br".to_string()];
        let read = Known {
            languages: &languages,
            ..Known::default()
        };
        let of = |language: &str, is_for_us| {
            held(&item("hello there", language, is_for_us), &account, &read).is_some()
        };
        assert!(of("ja", false) && of("pt", false));
        assert!(!of("ja", true) && !of("en-GB", false) && !of("pt-BR", false) && !of("", false));
    }

    #[test]
    fn a_handle_that_is_read_as_ours_is_a_look_alike_and_others_are_not() {
        for fake in [
            "@haiden@evil.example",
            "@halden_support",
            "@hаlden",
            "@halden-help@x",
            "@HALDEN0",
            "@haldenn",
        ] {
            assert!(is_look_alike(fake, "@halden@mastodon.example"), "{fake}");
        }
        for other in [
            "@brewer_aino",
            "@hal",
            "@haldenberg",
            "@torvbrew",
            "@walden_pond",
            "",
        ] {
            assert!(!is_look_alike(other, "@halden@mastodon.example"), "{other}");
        }
        let ours = "support@halden.example";
        for fake in [
            "support@ha1den.example",
            "boss@haIden.example",
            "support@haldenn.example",
        ] {
            assert!(is_look_alike(fake, ours), "{fake}");
        }
        for other in [
            "support@kestrel.example",
            "aino@walden.example",
            "sales@halden.example",
        ] {
            assert!(!is_look_alike(other, ours), "{other}");
        }
        assert!(
            !is_look_alike("@bob", "@rob"),
            "short names are near one another"
        );
    }
}
