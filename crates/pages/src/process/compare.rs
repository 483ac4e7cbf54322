//! Two periods side by side: what the steps were and are.

use super::Scene;
use super::strip::FEW;
use base::format;
use mining::figures::{Pair, compare};

pub struct Compared {
    pub now: String,
    pub then: String,
    /// What is compared, now, then, and the difference; steps under their names.
    pub rows: Vec<(String, Vec<Line>)>,
    /// Said when one side is too small for medians.
    pub few: bool,
}

pub struct Line {
    pub what: &'static str,
    pub now: String,
    pub then: String,
    pub change: String,
}

impl Compared {
    pub fn of(scene: &Scene) -> Option<Compared> {
        let versus = scene.versus.as_ref()?;
        let (a, b) = (&scene.view.figures, &versus.figures);
        let few = a.counts.cases < FEW || b.counts.cases < FEW;
        let both = compare(a, b);
        let median = |days: Pair| if few { Pair::default() } else { days };
        let seconds = |p: Pair| Pair {
            a: p.a.map(|s| s / 86_400.0),
            b: p.b.map(|s| s / 86_400.0),
        };
        let mut rows = vec![(
            "All cases".to_string(),
            vec![
                line("Cases", both.cases, Unit::Count),
                line(
                    "First to last event, median",
                    median(seconds(both.median_case_seconds)),
                    Unit::Days,
                ),
                line("Not straight through", both.rework_share, Unit::Share),
            ],
        )];
        rows.extend(both.steps.iter().map(|s| {
            let lines = vec![
                line("Cases", s.cases, Unit::Count),
                line("Median time", median(s.median_days), Unit::Days),
                line("Go on", s.conversion, Unit::Share),
            ];
            (s.name.clone(), lines)
        }));
        let period = |from: &str, to: &str| match (scene.asked(from), scene.asked(to)) {
            (None, None) => "all time".to_string(),
            (Some(f), None) => format!("since {}", format::day(f)),
            (None, Some(t)) => format!("until {}", format::day(t)),
            (Some(f), Some(t)) => format!("{} to {}", format::day(f), format::day(t)),
        };
        Some(Compared {
            now: period("from", "to"),
            then: period("vs_from", "vs_to"),
            rows,
            few,
        })
    }
}

enum Unit {
    Count,
    Days,
    Share,
}

fn line(what: &'static str, pair: Pair, unit: Unit) -> Line {
    let show = |v: Option<f64>| match (v, &unit) {
        (None, _) => "–".to_string(),
        (Some(v), Unit::Count) => format::count(v as i64),
        (Some(v), Unit::Days) => format::days(v),
        (Some(v), Unit::Share) => format::percent(v),
    };
    let change = match (pair.a, pair.b) {
        (Some(a), Some(b)) => {
            let by = a - b;
            let sign = if by < 0.0 { "−" } else { "+" };
            match unit {
                Unit::Count => format!("{sign}{}", format::count(by.abs() as i64)),
                Unit::Days if by == 0.0 => "the same".into(),
                Unit::Days => format!(
                    "{} {}",
                    format::days(by.abs()),
                    if by < 0.0 { "shorter" } else { "longer" }
                ),
                Unit::Share => format!("{sign}{:.1} points", by.abs() * 100.0),
            }
        }
        _ => String::new(),
    };
    Line {
        what,
        now: show(pair.a),
        then: show(pair.b),
        change,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_says_its_direction_in_words_or_by_a_sign() {
        let pair = |a, b| Pair {
            a: Some(a),
            b: Some(b),
        };
        assert_eq!(
            line("x", pair(2.0, 3.5), Unit::Days).change,
            "36 h shorter".replace("36 h", &format::days(1.5))
        );
        assert_eq!(
            line("x", pair(0.75, 0.5), Unit::Share).change,
            "+25.0 points"
        );
        assert_eq!(line("x", pair(10.0, 1010.0), Unit::Count).change, "−1,000");
        assert_eq!(
            line(
                "x",
                Pair {
                    a: None,
                    b: Some(1.0)
                },
                Unit::Days
            )
            .change,
            ""
        );
    }
}
