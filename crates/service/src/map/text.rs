//! How much room words take in the map, near enough to cut them before they run over.

/// Width of a text at 12.5 px in a usual system font.
pub fn width(text: &str) -> f64 {
    text.chars().map(letter).sum()
}

fn letter(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | 'I' => 3.4,
        'f' | 't' | 'r' | ' ' | '(' | ')' | '-' | '/' => 4.4,
        'm' | 'w' | 'M' | 'W' | '@' => 10.6,
        'A'..='Z' => 8.4,
        c if c.is_ascii() => 7.0,
        // Han, Kana and the like are square; other scripts are near Latin capitals.
        c if ('\u{2e80}'..='\u{ffef}').contains(&c) => 12.5,
        _ => 8.0,
    }
}

/// Cut with an ellipsis to fit a width; on one line.
pub fn clip(text: &str, room: f64) -> String {
    // Nothing is narrower than three pixels, so more letters than that never fit.
    let text = &base::format::short(text, (room / 3.0) as usize + 1);
    if width(text) <= room {
        return text.to_string();
    }
    let mut used = 9.0;
    let fits = text.chars().take_while(|c| {
        used += letter(*c);
        used <= room
    });
    let mut out: String = fits.collect();
    out.truncate(out.trim_end().len());
    out.push('…');
    out
}

/// At most two lines, broken at spaces, and at underscores where one word is too long.
pub fn lines(text: &str, room: f64) -> Vec<String> {
    // No name of several lines, and none too long to be measured, is broken in two.
    let text = &base::format::short(text, 400);
    if width(text) <= room {
        return vec![text.to_string()];
    }
    let mut breaks = text
        .char_indices()
        .filter(|(_, c)| matches!(c, ' ' | '_' | '-' | '/'))
        .map(|(i, c)| i + c.len_utf8());
    let at = breaks.rfind(|&i| {
        i < text.len() && width(text[..i].trim_end()) <= room && width(&text[..i]) * 3.0 > room
    });
    match at {
        Some(at) => vec![text[..at].trim_end().to_string(), clip(&text[at..], room)],
        None => vec![clip(text, room)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_break_at_words_and_end_in_an_ellipsis() {
        assert_eq!(lines("Offer", 110.0), ["Offer"]);
        let two = lines("Determine confirmation of receipt", 110.0);
        assert_eq!((two.len(), two[0].as_str()), (2, "Determine"));
        assert!(
            two[1].starts_with("confirmation") && two[1].ends_with('…') && width(&two[1]) <= 112.0
        );
    }

    #[test]
    fn a_name_of_any_length_is_measured_and_cut() {
        let long = "word ".repeat(200_000);
        assert!(lines(&long, 110.0).iter().all(|l| width(l) <= 112.0));
        assert!(width(&clip(&"i".repeat(1_000_000), 148.0)) <= 150.0);
        assert_eq!(clip("two\nlines", 148.0), "two lines");
    }

    #[test]
    fn one_long_word_is_cut_rather_than_broken_after_two_letters() {
        let one = lines("A_PARTLYSUBMITTED", 110.0);
        assert_eq!(one.len(), 1);
        assert!(one[0].starts_with("A_PARTLY") && one[0].ends_with('…'));
    }
}
