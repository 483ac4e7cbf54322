use super::*;

/// Traces as words of one-letter activities.
fn mined(words: &[(&str, u64)], noise: f64) -> String {
    let mut names = Dict::new();
    let variants: Vec<(Vec<u32>, u64)> = words
        .iter()
        .map(|(word, n)| {
            (
                word.chars().map(|c| names.intern(&c.to_string())).collect(),
                *n,
            )
        })
        .collect();
    mine(&variants, &names, Options { noise }).to_string()
}

#[test]
fn textbook_logs_give_their_textbook_trees() {
    // Logs L1 and others of van der Aalst, "Process Mining: Data Science in Action" (2016), chapters 6 and 7.
    let table: &[(&[(&str, u64)], &str)] = &[
        (
            &[("abcd", 3), ("acbd", 2), ("aed", 1)],
            "->('a', X(+('b', 'c'), 'e'), 'd')",
        ),
        (&[("a", 1)], "'a'"),
        (&[("", 1)], "tau"),
        (&[("a", 3), ("", 1)], "X('a', tau)"),
        (&[("ab", 1), ("cd", 1)], "X(->('a', 'b'), ->('c', 'd'))"),
        (
            &[("ab", 1), ("abcab", 1), ("abcabcab", 1)],
            "*(->('a', 'b'), 'c')",
        ),
        (&[("a", 1), ("aa", 1), ("aaa", 1)], "*('a', tau)"),
        (&[("ab", 1), ("ba", 1)], "+('a', 'b')"),
        (
            &[("acd", 45), ("bcd", 42), ("ace", 38), ("bce", 22)],
            "->(X('a', 'b'), 'c', X('d', 'e'))",
        ),
        (
            &[
                ("abef", 2),
                ("abecdbf", 3),
                ("abcedbf", 2),
                ("abcdebf", 4),
                ("aebcdbf", 3),
            ],
            "->('a', +(*('b', ->('c', 'd')), 'e'), 'f')",
        ),
    ];
    for (log, tree) in table {
        assert_eq!(mined(log, 0.0), *tree, "{log:?}");
    }
}

#[test]
fn what_is_rare_is_left_out_when_noise_is_allowed() {
    let log = [("abc", 100), ("cab", 2)];
    assert_eq!(mined(&log, 0.2), "->('a', 'b', 'c')");
    assert_eq!(mined(&log, 0.0), "+('a', 'b', 'c')");
}

#[test]
fn a_log_without_cases_or_events_is_silent() {
    assert_eq!(mined(&[], 0.2), "tau");
    assert_eq!(mined(&[("", 5)], 0.2), "tau");
}

#[test]
fn the_order_of_the_variants_does_not_matter() {
    let mut names = Dict::new();
    let mut variants: Vec<(Vec<u32>, u64)> = ["abdce", "acdbe", "ade", "abbce"]
        .iter()
        .map(|w| (w.chars().map(|c| names.intern(&c.to_string())).collect(), 1))
        .collect();
    let tree = mine(&variants, &names, Options::default());
    variants.reverse();
    assert_eq!(mine(&variants, &names, Options::default()), tree);
}
