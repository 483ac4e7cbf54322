//! Whether a text holds words of somebody.

use std::collections::HashSet;

/// So many words in a row are nobody's by chance.
const RUN: usize = 6;

fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric());
    words.filter(|w| !w.is_empty()).map(String::from).collect()
}

/// Whether words of `said` stand in a text: six in a row, or all of them where there are three to five.
pub fn holds(text: &str, said: &str) -> bool {
    let (text, said) = (words(text), words(said));
    let run = said.len().min(RUN);
    if run < 3 || text.len() < run {
        return false;
    }
    let runs: HashSet<&[String]> = said.windows(run).collect();
    text.windows(run).any(|w| runs.contains(w))
}

/// Whether a text names somebody.
pub fn names(text: &str, who: &str) -> bool {
    let (text, who) = (words(text), words(who));
    !who.is_empty() && text.windows(who.len()).any(|w| w == who)
}

#[test]
fn words_of_somebody_are_found_whatever_stands_between_them() {
    let said = "Your meter paid for itself within the first year, and we ordered ten more!";
    assert!(holds(
        "\"paid for itself, within the FIRST year\" (a customer)",
        said
    ));
    assert!(!holds("It paid for itself within a year.", said));
    assert!(holds("They say: best meter ever!", "Best meter ever."));
    assert!(
        !holds("Thank you all", "Thank you"),
        "two words are anybody's"
    );
    assert!(!holds("", said) && !holds(said, ""));
}

#[test]
fn who_is_named_is_named_whole() {
    assert!(names("(Aino Saari, Saari Brewing)", "Aino Saari"));
    assert!(names(
        "thanks to @aino@saari.example!",
        "@aino@saari.example"
    ));
    assert!(!names("Aino and Saari", "Aino Saari"));
    assert!(!names("anything", " "));
}
