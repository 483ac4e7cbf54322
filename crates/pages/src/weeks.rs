//! What happened week by week, as a chart and as the table behind it.

use base::format;
use mining::figures::{Week, WeeklyShares};
use mining::time::Micros;
use service::map::escape;
use std::fmt::Write;

/// A chart of lines over weeks, with its figures for those who read tables.
pub struct Weeks {
    pub svg: String,
    /// Names of the lines, in the order of the columns.
    pub names: Vec<&'static str>,
    /// Monday, then a cell a line; latest first.
    pub rows: Vec<(String, Vec<String>)>,
}

struct Line {
    name: &'static str,
    /// One a week, `None` where nothing can be said.
    values: Vec<Option<f64>>,
}

/// Cases that started, ended and were won. `None` where fewer than two weeks are known.
pub fn throughput(weeks: &[Week]) -> Option<Weeks> {
    let line = |name, of: &dyn Fn(&Week) -> u64| Line {
        name,
        values: weeks.iter().map(|w| Some(of(w) as f64)).collect(),
    };
    let mut lines = vec![line("started", &|w| w.started), line("ended", &|w| w.ended)];
    if weeks.iter().any(|w| w.won > 0) {
        lines.push(line("won", &|w| w.won));
    }
    let days: Vec<Micros> = weeks.iter().map(|w| w.week).collect();
    chart("Cases a week", &days, &lines, 2.0, |n| {
        format::count(n as i64)
    })
}

/// Of the moves between steps in a week: those that skip a step, and those that go back.
pub fn detours(shares: &WeeklyShares) -> Option<Weeks> {
    let share = |of: &[u64]| {
        of.iter()
            .zip(&shares.step_moves)
            .map(|(&n, &all)| (all > 0).then(|| n as f64 / all as f64))
            .collect()
    };
    let lines = [
        Line {
            name: "skip a step",
            values: share(&shares.skips),
        },
        Line {
            name: "go back",
            values: share(&shares.step_backs),
        },
    ];
    chart(
        "Share of the moves between steps",
        &shares.weeks,
        &lines,
        0.0,
        format::percent,
    )
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 150.0;
/// Room for the figures at the left.
const LEFT: f64 = 44.0;
const TOP: f64 = 12.0;

/// `least`: where the scale ends at least.
fn chart(
    title: &str,
    weeks: &[Micros],
    lines: &[Line],
    least: f64,
    show: impl Fn(f64) -> String,
) -> Option<Weeks> {
    let (first, last) = (*weeks.first()?, *weeks.last()?);
    if weeks.len() < 2 {
        return None;
    }
    let values = || {
        lines
            .iter()
            .flat_map(|l| l.values.iter().flatten().copied())
    };
    let top = round_up(values().fold(least, f64::max));
    let x = |i: usize| LEFT + (WIDTH - LEFT) * i as f64 / (weeks.len() - 1) as f64;
    let y = |value: f64| TOP + HEIGHT * (1.0 - value / top);
    let usual: Vec<String> = lines
        .iter()
        .filter_map(|l| Some(format!("{} {}", show(median(l)?), l.name)))
        .collect();
    let mut svg = format!(
        "<svg class=\"chart is-wide\" viewBox=\"0 0 {WIDTH} {:.0}\" role=\"img\"><title>{}, {} to {}. In the middle week: {}.</title>",
        HEIGHT + TOP + 24.0,
        escape(title),
        format::date(first),
        format::date(last),
        escape(&usual.join(", "))
    );
    for share in [0.0, 0.5, 1.0] {
        let at = y(top * share);
        let class = if share == 0.0 { "axis" } else { "grid" };
        let _ = write!(
            svg,
            "<path class=\"{class}\" d=\"M{LEFT} {at:.1}H{WIDTH}\"/><text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 8.0,
            at + 4.0,
            show(top * share)
        );
    }
    for (i, line) in lines.iter().enumerate() {
        let _ = write!(
            svg,
            "<path class=\"line is-{}\" d=\"{}\"/>",
            i + 1,
            path(&line.values, x, y)
        );
    }
    let middle = weeks.len() / 2;
    for (i, anchor) in [(0, "start"), (middle, "middle"), (weeks.len() - 1, "end")] {
        let _ = write!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.0}\" text-anchor=\"{anchor}\">{}</text>",
            x(i),
            HEIGHT + TOP + 18.0,
            format::date(weeks[i])
        );
    }
    svg.push_str("</svg>");
    let cell = |value: &Option<f64>| value.map_or("–".into(), &show);
    let row = |(i, &week): (usize, &Micros)| {
        let cells = lines.iter().map(|l| cell(&l.values[i])).collect();
        (format::date(week), cells)
    };
    Some(Weeks {
        svg,
        names: lines.iter().map(|l| l.name).collect(),
        rows: weeks.iter().enumerate().rev().map(row).collect(),
    })
}

/// A line through the weeks, broken where nothing can be said; a week alone between two such is a dot.
fn path(values: &[Option<f64>], x: impl Fn(usize) -> f64, y: impl Fn(f64) -> f64) -> String {
    let mut out = String::new();
    let mut is_on = false;
    for (i, value) in values.iter().enumerate() {
        if let Some(value) = value {
            let pen = if is_on { 'L' } else { 'M' };
            let _ = write!(out, "{pen}{:.1} {:.1}", x(i), y(*value));
            let is_alone = !is_on && values.get(i + 1).is_none_or(Option::is_none);
            if is_alone {
                out.push_str("h0.1");
            }
        }
        is_on = value.is_some();
    }
    out
}

fn median(line: &Line) -> Option<f64> {
    let mut values: Vec<f64> = line.values.iter().flatten().copied().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// The next of 1, 2, 4, 6, 8, 10, 20 and so on, whose half can be read as well.
fn round_up(most: f64) -> f64 {
    if most <= 0.0 {
        return 1.0;
    }
    let ten = 10f64.powf(most.log10().floor());
    let steps = [1.0, 2.0, 4.0, 6.0, 8.0, 10.0];
    let up = steps.iter().map(|s| s * ten).find(|&s| s >= most - 1e-12);
    up.unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mining::time::WEEK;

    #[test]
    fn weeks_are_drawn_and_told_latest_first() {
        let week = |i: i64, started, ended| Week {
            week: i * WEEK + 4 * mining::time::DAY,
            started,
            ended,
            won: 0,
            lost: 0,
        };
        assert!(throughput(&[week(0, 1, 1)]).is_none());
        let shown = throughput(&[week(0, 3, 0), week(1, 5, 2)]).unwrap();
        assert_eq!(shown.names, ["started", "ended"]);
        assert_eq!(
            shown.rows[0],
            ("12 Jan 1970".to_string(), vec!["5".into(), "2".into()])
        );
        assert_eq!(shown.svg.matches("class=\"line").count(), 2);
    }

    #[test]
    fn a_week_without_moves_breaks_the_line() {
        let x = |i: usize| i as f64;
        let drawn = path(&[Some(1.0), Some(2.0), None, Some(3.0)], x, |v| v);
        assert_eq!(drawn, "M0.0 1.0L1.0 2.0M3.0 3.0h0.1");
    }

    #[test]
    fn the_scale_ends_at_a_number_that_can_be_halved() {
        assert_eq!(
            [0.0, 0.07, 3.0, 41.0, 100.0].map(round_up),
            [1.0, 0.08, 4.0, 60.0, 100.0]
        );
    }
}
