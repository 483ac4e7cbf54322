//! At which moments to look. What a record was is read "as of a moment", for as many records as one likes at once. A state holds from
//! one revision to the next, so one moment shows a state of every record that was not changed around then: what is wanted
//! is the fewest moments such that every state is seen at one of them. Taking the earliest end each time gives them.

use crate::Micros;

/// A state that one record had: from its revision until just before the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub record: i64,
    pub from: Micros,
    /// Not included.
    pub until: Micros,
}

/// The moments, and which spans each of them shows.
pub fn points(mut spans: Vec<Span>) -> Vec<(Micros, Vec<Span>)> {
    spans.sort_by_key(|s| (s.until, s.record, s.from));
    let mut points: Vec<(Micros, Vec<Span>)> = Vec::new();
    for span in spans {
        match points.last_mut() {
            // By their ends in order, a span that begins after the last moment is shown by no earlier one either.
            Some((at, shown)) if span.from <= *at => shown.push(span),
            _ => points.push((span.until - 1, vec![span])),
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(record: i64, from: Micros, until: Micros) -> Span {
        Span {
            record,
            from,
            until,
        }
    }

    #[test]
    fn one_moment_shows_all_that_held_then() {
        let spans = vec![
            span(1, 0, 10),
            span(2, 5, 20),
            span(3, 9, 11),
            span(1, 10, 15),
        ];
        let found: Vec<_> = points(spans)
            .into_iter()
            .map(|(at, s)| (at, s.len()))
            .collect();
        assert_eq!(found, [(9, 2), (14, 2)]);
    }

    #[test]
    fn every_span_is_shown_while_it_holds_and_no_record_twice_at_a_moment() {
        // Lengths and starts from a fixed rule, so that a failure can be repeated.
        let mut spans = Vec::new();
        for record in 0..50 {
            let mut at = record * 7 % 40;
            for step in 0..4 {
                let length = 1 + (record * 13 + step * 29) % 37;
                spans.push(span(record, at, at + length));
                at += length;
            }
        }
        let total = spans.len();
        let found = points(spans);
        assert_eq!(found.iter().map(|(_, s)| s.len()).sum::<usize>(), total);
        for (at, shown) in &found {
            assert!(shown.iter().all(|s| s.from <= *at && *at < s.until), "{at}");
            let mut records: Vec<_> = shown.iter().map(|s| s.record).collect();
            records.sort_unstable();
            records.dedup();
            assert_eq!(records.len(), shown.len(), "{at}");
        }
        assert!(found.len() < total / 4, "{} moments", found.len());
    }
}
