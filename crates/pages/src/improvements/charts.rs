//! Charts of estimates: before and after, the roll-out, the sum, and use. Each says in words what it shows.

use base::format;
use mining::time::{DAY, Micros, WEEK};
use service::improvements::adoption::Adoption;
use service::improvements::{Adding, Improvement, Measure, Report, Unit};
use service::map::{clip, escape};
use std::fmt::Write;
use store::uses::UseRow;

/// A scale of round steps that holds all values and zero.
struct Axis {
    low: f64,
    high: f64,
    step: f64,
}

impl Axis {
    fn over(values: impl Iterator<Item = f64>) -> Axis {
        let (mut low, mut high) = (0.0f64, 0.0f64);
        for v in values.filter(|v| v.is_finite()) {
            low = low.min(v);
            high = high.max(v);
        }
        let span = (high - low).max(1e-6);
        let rough = span / 6.0;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|m| m * power)
            .find(|s| *s >= rough)
            .unwrap_or(10.0 * power);
        Axis {
            low: (low / step).floor() * step,
            high: (high / step).ceil() * step,
            step,
        }
    }

    fn ticks(&self) -> impl Iterator<Item = f64> + '_ {
        let n = ((self.high - self.low) / self.step).round() as i64;
        (0..=n).map(move |i| {
            let v = self.low + i as f64 * self.step;
            if v.abs() < self.step * 1e-9 { 0.0 } else { v }
        })
    }
}

/// `+1.8`, `−0.4`, `0`, in the unit that is shown: days, or points for shares.
pub fn signed(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    match value {
        v if text.trim_matches(['0', '.']).is_empty() => {
            let _ = v;
            "0".into()
        }
        v if v < 0.0 => format!("−{text}"),
        _ => format!("+{text}"),
    }
}

fn tick(value: f64, step: f64) -> String {
    signed(
        value,
        if step < 0.1 {
            2
        } else {
            usize::from(step < 1.0)
        },
    )
}

/// In days and hours as it is, shares in points.
pub fn scale(measure: Measure) -> f64 {
    measure.unit().scale()
}

/// Effect by weeks since each team's start, with the weeks before it.
pub fn event_study(report: &Report, measure: Measure) -> String {
    let points: Vec<_> = report
        .verdict
        .event_study
        .iter()
        .filter(|p| p.interval.low.is_finite() && p.interval.high.is_finite())
        .collect();
    if points.len() < 2 {
        return String::new();
    }
    let k = scale(measure);
    let (left, top, bottom, right) = (46.0, 18.0, 268.0, 770.0);
    // One wide interval at the end would flatten all the rest.
    let mut widths: Vec<f64> = points
        .iter()
        .map(|p| p.interval.high - p.interval.low)
        .collect();
    widths.sort_by(f64::total_cmp);
    let usual = widths[widths.len() / 2] * 2.5;
    let clipped = |p: &&stats::event_study::Point| {
        let half = usual / 2.0;
        [
            p.interval.low.max(p.effect - half) * k,
            p.interval.high.min(p.effect + half) * k,
            p.effect * k,
        ]
    };
    let axis = Axis::over(points.iter().flat_map(clipped));
    let y = |v: f64| {
        bottom - (v.clamp(axis.low, axis.high) - axis.low) / (axis.high - axis.low) * (bottom - top)
    };
    let (first, last) = (
        points[0].from as f64,
        points[points.len() - 1].to as f64 + 1.0,
    );
    let x =
        |week: f64| left + 12.0 + (week - first) / (last - first).max(1.0) * (right - left - 24.0);
    let middle = |p: &stats::event_study::Point| (p.from + p.to + 1) as f64 / 2.0;
    let judged = measure.judged();
    let after: Vec<_> = points.iter().filter(|p| p.from >= 0).collect();
    let mut title = String::from("Effect by weeks from each team's start.");
    if let Some(p) = after.last() {
        let _ = write!(
            title,
            " In the last weeks seen: {} {}.",
            judged.with_unit(p.effect, 1),
            judged.direction(p.effect)
        );
    }
    let mut svg = format!(
        "<svg class=\"chart plot\" viewBox=\"0 0 780 316\" role=\"img\" aria-labelledby=\"es-t\"><title id=\"es-t\">{}</title>",
        escape(&title)
    );
    let start = x(0.0);
    let _ = write!(
        svg,
        "<rect class=\"after\" x=\"{start:.1}\" y=\"{top}\" width=\"{:.1}\" height=\"{}\"/>",
        (right - start).max(0.0),
        bottom - top
    );
    for v in axis.ticks() {
        let class = if v == 0.0 { "zero" } else { "grid" };
        let _ = write!(
            svg,
            "<path class=\"{class}\" d=\"M{left} {0:.1}H{right}\"/><text x=\"38\" y=\"{1:.1}\" text-anchor=\"end\">{2}</text>",
            y(v),
            y(v) + 4.0,
            tick(v, axis.step)
        );
    }
    for (class, side) in [("ci pre", false), ("ci", true)] {
        let part: Vec<_> = points.iter().filter(|p| (p.from >= 0) == side).collect();
        if part.len() < 2 {
            continue;
        }
        let edge = |high: bool| {
            let at = move |p: &&&stats::event_study::Point| {
                if high {
                    p.interval.high
                } else {
                    p.interval.low
                }
            };
            part.iter()
                .map(move |p| (middle(p), at(p) * k))
                .collect::<Vec<_>>()
        };
        let upper = edge(true);
        let mut lower = edge(false);
        lower.reverse();
        let path: Vec<String> = upper
            .into_iter()
            .chain(lower)
            .map(|(w, v)| format!("{:.1},{:.1}", x(w), y(v)))
            .collect();
        let _ = write!(
            svg,
            "<polygon class=\"{class}\" points=\"{}\"/>",
            path.join(" ")
        );
    }
    if let Some(effect) = report.verdict.estimate {
        let _ = write!(
            svg,
            "<path class=\"avg\" d=\"M{start:.1} {:.1}H{right}\"/>",
            y(effect * k)
        );
    }
    let line: Vec<String> = after
        .iter()
        .map(|p| format!("{:.1},{:.1}", x(middle(p)), y(p.effect * k)))
        .collect();
    let _ = write!(
        svg,
        "<polyline class=\"line\" points=\"{}\"/>",
        line.join(" ")
    );
    for p in &points {
        let pre = if p.from < 0 { " pre" } else { "" };
        let at = x(middle(p));
        let _ = write!(
            svg,
            "<path class=\"whisk{pre}\" d=\"M{at:.1} {:.1}V{:.1}\"/><circle class=\"pt{pre}\" cx=\"{at:.1}\" cy=\"{:.1}\" r=\"4.5\"/>",
            y(p.interval.high * k),
            y(p.interval.low * k),
            y(p.effect * k)
        );
    }
    let _ = write!(
        svg,
        "<path class=\"mark-line\" d=\"M{start:.1} {top}V{bottom}\"/><text class=\"mark-text\" x=\"{:.1}\" y=\"32\">plugged in</text><text x=\"{:.1}\" y=\"32\" text-anchor=\"end\">before</text>",
        start + 8.0,
        start - 8.0
    );
    if let Some(effect) = report.verdict.estimate {
        let said = format!(
            "average after: {} {}",
            judged.with_unit(effect, 1),
            judged.direction(effect)
        );
        // In the corner that the line leaves free.
        let at = if effect < 0.0 {
            bottom - 10.0
        } else {
            top + 34.0
        };
        let _ = write!(
            svg,
            "<text class=\"mark-text halo\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            right - 4.0,
            at,
            escape(&said)
        );
    }
    let every = (((last - first) / 10.0 / 2.0).ceil() * 2.0).max(2.0) as i64;
    let mut week = (first as i64).div_euclid(every) * every;
    while (week as f64) < last {
        if week as f64 >= first {
            let _ = write!(
                svg,
                "<text x=\"{:.1}\" y=\"286\" text-anchor=\"middle\">{}</text>",
                x(week as f64),
                signed(week as f64, 0)
            );
        }
        week += every;
    }
    let _ = write!(
        svg,
        "<text x=\"408\" y=\"308\" text-anchor=\"middle\">weeks from the day each team plugged it in</text></svg>"
    );
    svg
}

/// When each team has had the tool, and what its cases showed before and since.
pub fn roll_out(imp: &Improvement, report: Option<&Report>, now: Micros) -> String {
    let Some(since) = imp.since() else {
        return String::new();
    };
    let rows = imp.teams.len() as f64;
    let from = (since - 8 * WEEK).min(now - 8 * WEEK);
    let planned = imp
        .teams
        .iter()
        .filter_map(|t| t.start())
        .max()
        .unwrap_or(since);
    let to = imp.ended.unwrap_or(now).max(planned + 4 * WEEK).max(now);
    let (left, right) = (132.0, 452.0);
    let x = |t: Micros| left + (t - from) as f64 / (to - from).max(1) as f64 * (right - left);
    let height = 26.0 + rows * 32.0 + 8.0;
    let first = imp
        .teams
        .iter()
        .filter(|t| t.start() == Some(since))
        .map(|t| t.team.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    let waiting = imp
        .teams
        .iter()
        .filter(|t| t.start().is_none_or(|s| s > now))
        .count();
    let mut svg = format!(
        "<svg class=\"chart plot\" viewBox=\"0 0 560 {height:.0}\" role=\"img\" aria-label=\"Roll-out by team, from {} on {}. {waiting} of {rows} teams do not have it.\">",
        escape(&first),
        format::date(since)
    );
    for (at, name) in months(from, to) {
        let _ = write!(
            svg,
            "<text x=\"{:.1}\" y=\"14\">{name}</text><path class=\"grid\" d=\"M{:.1} 4V{:.0}\"/>",
            x(at) + 4.0,
            x(at),
            height - 8.0
        );
    }
    let unit = match imp.measure.unit() {
        Unit::Share => "share",
        unit => unit.name(),
    };
    let _ = write!(
        svg,
        "<text x=\"560\" y=\"14\" text-anchor=\"end\">{unit}, then now</text>"
    );
    for (i, team) in imp.teams.iter().enumerate() {
        let y = 34.0 + i as f64 * 32.0;
        let _ = write!(
            svg,
            "<text class=\"strong\" x=\"0\" y=\"{:.0}\"><title>{}</title>{}</text>",
            y + 12.0,
            escape(&team.team),
            escape(&clip(&team.team, 122.0))
        );
        let end = imp.ended.unwrap_or(to);
        let start = team.start().filter(|&s| s < end);
        let begun = start.unwrap_or(end);
        let _ = write!(
            svg,
            "<rect class=\"roll-before\" x=\"{left}\" y=\"{y:.0}\" width=\"{:.1}\" height=\"16\" rx=\"2\"/>",
            (x(begun) - left - 1.5).max(0.0)
        );
        match start {
            Some(start) => {
                let class = if team.moved.is_some() {
                    "roll-after roll-moved"
                } else {
                    "roll-after"
                };
                let future = if start > now {
                    " style=\"opacity:.35\""
                } else {
                    ""
                };
                let _ = write!(
                    svg,
                    "<rect class=\"{class}\" x=\"{:.1}\" y=\"{y:.0}\" width=\"{:.1}\" height=\"16\" rx=\"2\"{future}/>",
                    x(start),
                    (x(end) - x(start)).max(2.0)
                );
                let label = format::day_month(start);
                let (at, anchor, class) = if x(end) - x(start) > 56.0 && start <= now {
                    (x(start) + 6.5, "start", "roll-on")
                } else {
                    (x(start) - 6.0, "end", "soft")
                };
                let _ = write!(
                    svg,
                    "<text class=\"{class}\" x=\"{at:.1}\" y=\"{:.0}\" text-anchor=\"{anchor}\">{label}</text>",
                    y + 12.0
                );
            }
            None => {
                let _ = write!(
                    svg,
                    "<text x=\"{:.1}\" y=\"{:.0}\">not yet, serves as comparison</text>",
                    left + 8.0,
                    y + 12.0
                );
            }
        }
        let shown = |v: Option<f64>| match v {
            None => "–".to_string(),
            Some(v) if imp.measure.unit() == Unit::Share => format::percent(v),
            Some(v) => format!("{v:.1}"),
        };
        if let Some(team) = report.and_then(|r| r.teams.iter().find(|t| t.team == team.team)) {
            let _ = write!(
                svg,
                "<text x=\"560\" y=\"{:.0}\" text-anchor=\"end\">{} → <tspan class=\"strong\">{}</tspan></text>",
                y + 12.0,
                shown(team.before),
                shown(team.now)
            );
        }
    }
    svg.push_str("</svg>");
    svg
}

/// The first days of months within a span, with their names; every second or third one when there are many.
fn months(from: Micros, to: Micros) -> Vec<(Micros, String)> {
    let day = |t: Micros| {
        jiff::Timestamp::from_microsecond(t)
            .map(|t| t.to_zoned_datetime(jiff::tz::TimeZone::UTC).date())
            .ok()
    };
    let (Some(first), Some(last)) = (day(from), day(to)) else {
        return Vec::new();
    };
    let every = (((to - from) / (30 * DAY) + 7) / 8).max(1) as usize;
    let mut at = first.first_of_month();
    let mut found = Vec::new();
    while at <= last {
        if let Ok(zoned) = at.to_zoned_datetime(jiff::tz::TimeZone::UTC) {
            let moment = zoned.timestamp().as_microsecond();
            if moment >= from {
                found.push((moment, at.strftime("%b").to_string()));
            }
        }
        match at.checked_add(jiff::Span::new().months(1)) {
            Ok(next) => at = next,
            Err(_) => break,
        }
    }
    found.into_iter().step_by(every).collect()
}

/// The sum of what the plugs in place do, over time, with its interval and the goal if there is one.
pub fn adding(steps: &[Adding], goal: Option<(&str, f64)>, now: Micros) -> String {
    let (Some(first), Some(last)) = (steps.first(), steps.last()) else {
        return String::new();
    };
    let (left, top, bottom, right) = (44.0, 22.0, 246.0, 640.0);
    let from = first.at - 4 * WEEK;
    let to = now.max(last.at + 2 * WEEK);
    let x = |t: Micros| left + (t - from) as f64 / (to - from).max(1) as f64 * (right - left);
    let values = steps.iter().flat_map(|s| [s.sum.low, s.sum.high]);
    let axis = Axis::over(values.chain(goal.map(|(_, g)| g)));
    let y = |v: f64| bottom - (v - axis.low) / (axis.high - axis.low) * (bottom - top);
    let title = format!(
        "Days of a case, added up: {} days on {}, 95% interval {} to {}.",
        signed(last.sum.days, 1),
        format::date(now),
        signed(last.sum.low, 1),
        signed(last.sum.high, 1)
    );
    let mut svg = format!(
        "<svg class=\"chart plot\" viewBox=\"0 0 820 292\" role=\"img\" aria-labelledby=\"cu-t\"><title id=\"cu-t\">{}</title>",
        escape(&title)
    );
    for v in axis.ticks() {
        let class = if v == 0.0 { "zero" } else { "grid" };
        let _ = write!(
            svg,
            "<path class=\"{class}\" d=\"M{left} {0:.1}H{right}\"/><text x=\"36\" y=\"{1:.1}\" text-anchor=\"end\">{2}</text>",
            y(v),
            y(v) + 4.0,
            tick(v, axis.step)
        );
    }
    if let Some((name, target)) = goal {
        let _ = write!(
            svg,
            "<path class=\"goal-line\" d=\"M{left} {0:.1}H{right}\"/><text class=\"strong\" x=\"{1}\" y=\"{2:.1}\">{3}</text>",
            y(target),
            right + 8.0,
            y(target) + 4.0,
            escape(&clip(name, 160.0))
        );
    }
    let mut line = vec![(left, y(0.0))];
    let (mut upper, mut lower) = (vec![(left, y(0.0))], vec![(left, y(0.0))]);
    for (i, s) in steps.iter().enumerate() {
        let at = x(s.at);
        let before = if i == 0 {
            service::improvements::Sum::default()
        } else {
            steps[i - 1].sum
        };
        for (path, then, now) in [
            (&mut line, before.days, s.sum.days),
            (&mut upper, before.high, s.sum.high),
            (&mut lower, before.low, s.sum.low),
        ] {
            path.push((at, y(then)));
            path.push((at, y(now)));
        }
    }
    for (path, v) in [
        (&mut line, last.sum.days),
        (&mut upper, last.sum.high),
        (&mut lower, last.sum.low),
    ] {
        path.push((right, y(v)));
    }
    lower.reverse();
    let text = |p: &[(f64, f64)]| {
        p.iter()
            .map(|(x, y)| format!("{x:.1},{y:.1}"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    upper.extend(lower);
    let _ = write!(
        svg,
        "<polygon class=\"ci\" points=\"{}\"/><polyline class=\"line\" points=\"{}\"/>",
        text(&upper),
        text(&line)
    );
    let mut taken: Vec<(f64, f64)> = Vec::new();
    for s in steps {
        let (at, level) = (x(s.at), y(s.sum.days));
        let worse = if s.worse || s.unplugged {
            " is-worse"
        } else {
            ""
        };
        let (anchor, dx) = if at > 330.0 {
            ("end", -8.0)
        } else {
            ("start", 8.0)
        };
        // Below the point, and further down while another name is there.
        let mut down = level + 18.0;
        while taken
            .iter()
            .any(|(tx, ty)| (tx - at).abs() < 150.0 && (ty - down).abs() < 14.0)
        {
            down += 14.0;
        }
        taken.push((at, down));
        let said = if s.unplugged {
            format!("{} unplugged", s.name)
        } else {
            format!("{} {}", s.name, signed(s.days, 1))
        };
        let class = if worse.is_empty() { "strong" } else { "is-bad" };
        let _ = write!(
            svg,
            "<circle class=\"pt{worse}\" cx=\"{at:.1}\" cy=\"{level:.1}\" r=\"4\"/><text class=\"halo {class}\" x=\"{:.1}\" y=\"{down:.1}\" text-anchor=\"{anchor}\">{}</text>",
            at + dx,
            escape(&clip(&said, 180.0))
        );
    }
    let level = y(last.sum.days);
    let _ = write!(
        svg,
        "<circle class=\"pt\" cx=\"{right}\" cy=\"{level:.1}\" r=\"5\"/><text class=\"big\" x=\"{0}\" y=\"{1:.1}\">{2} d</text><text x=\"{0}\" y=\"{3:.1}\">95% interval</text><text x=\"{0}\" y=\"{4:.1}\">{5} to {6}</text>",
        right + 10.0,
        level + 2.0,
        signed(last.sum.days, 1),
        level + 20.0,
        level + 36.0,
        signed(last.sum.low, 1),
        signed(last.sum.high, 1)
    );
    for (at, name) in months(from, to) {
        let _ = write!(svg, "<text x=\"{:.1}\" y=\"270\">{name}</text>", x(at));
    }
    svg.push_str("</svg>");
    svg
}

/// Uses a week, all teams together.
pub fn use_by_week(uses: &[UseRow]) -> String {
    let (Some(first), Some(last)) = (uses.first(), uses.last()) else {
        return String::new();
    };
    let weeks = ((last.day - first.day) / WEEK + 1) as usize;
    let mut counts = vec![0i64; weeks];
    for row in uses {
        counts[((row.day - first.day) / WEEK) as usize] += row.uses;
    }
    let most = counts.iter().max().copied().unwrap_or(0).max(1) as f64;
    let x = |i: usize| i as f64 / (weeks.max(2) - 1) as f64 * 330.0;
    let y = |n: i64| 72.5 - n as f64 / most * 64.5;
    let points: Vec<String> = counts
        .iter()
        .enumerate()
        .map(|(i, n)| format!("{:.1},{:.1}", x(i), y(*n)))
        .collect();
    let end = counts.last().copied().unwrap_or(0);
    format!(
        "<svg class=\"chart\" viewBox=\"0 0 372 94\" role=\"img\" aria-label=\"Uses a week: {} in the last week, {most:.0} at most\"><path class=\"grid\" d=\"M0 8H330M0 72.5H330\"/>\
         <polygon class=\"ci\" points=\"0,72.5 {1} {2:.1},72.5\"/><polyline class=\"line\" points=\"{1}\"/><circle class=\"pt\" cx=\"{2:.1}\" cy=\"{3:.1}\" r=\"4\"/>\
         <text class=\"mark-text\" x=\"340\" y=\"{4:.1}\">{0}</text><text x=\"0\" y=\"90\">{5}</text><text x=\"330\" y=\"90\" text-anchor=\"end\">last week</text></svg>",
        format::count(end),
        points.join(" "),
        x(weeks - 1),
        y(end),
        y(end) + 4.0,
        format::day_month(first.day)
    )
}

/// The share of people who have used a tool at least once, week by week.
pub fn taken_up(found: &Adoption) -> String {
    if found.people == 0 || found.ever.len() < 2 {
        return String::new();
    }
    let (weeks, people) = (found.ever.len(), found.people as f64);
    let x = |i: usize| i as f64 / (weeks - 1) as f64 * 320.0;
    let y = |n: u64| 72.5 - (n as f64 / people).min(1.0) * 64.5;
    let points: Vec<String> = found
        .ever
        .iter()
        .enumerate()
        .map(|(i, &n)| format!("{:.1},{:.1}", x(i), y(n)))
        .collect();
    let end = found.ever[weeks - 1];
    let share = format::percent(end as f64 / people);
    format!(
        "<svg class=\"chart\" viewBox=\"0 0 372 94\" role=\"img\" aria-label=\"Have used it at least once: {share} of people after {0}\"><path class=\"grid\" d=\"M0 8H320M0 72.5H320\"/>\
         <polyline class=\"line\" points=\"{1}\"/><circle class=\"pt\" cx=\"{2:.1}\" cy=\"{3:.1}\" r=\"4\"/>\
         <text class=\"mark-text\" x=\"328\" y=\"{4:.1}\">{share}</text><text x=\"0\" y=\"90\">first week</text><text x=\"320\" y=\"90\" text-anchor=\"end\">week {weeks}</text></svg>",
        format::many(weeks as u64, "week"),
        points.join(" "),
        x(weeks - 1),
        y(end),
        y(end) + 4.0,
    )
}

/// The custom properties of an interval drawn by its styles, with a scale that holds it.
pub struct Bar {
    pub style: String,
    pub label: String,
    pub ticks: Vec<String>,
}

impl Bar {
    /// `low`, `est`, `high` in days or as shares; `reach` is how far the scale goes either way.
    pub fn of(measure: Measure, (est, low, high): (f64, f64, f64), reach: Option<f64>) -> Bar {
        let k = scale(measure);
        let (est, low, high) = (est * k, low * k, high * k);
        let unit = measure.unit().name();
        let far = reach.unwrap_or_else(|| {
            let axis = Axis::over([low.abs().max(high.abs()).max(est.abs())].into_iter());
            axis.high
        });
        let inside = |v: f64| v.clamp(-far, far);
        let step = far / 2.0;
        let shown = |v: f64| signed(v, usize::from(step < 1.0 || step.fract() > 0.0));
        Bar {
            style: format!(
                "--min:{:.4};--max:{far:.4};--lo:{:.4};--est:{:.4};--hi:{:.4}",
                -far,
                inside(low),
                inside(est),
                inside(high)
            ),
            label: format!(
                "{} {unit}, 95% interval {} to {}",
                signed(est, 1),
                signed(low, 1),
                signed(high, 1)
            ),
            ticks: [-2.0, -1.0, 0.0, 1.0, 2.0]
                .map(|i| shown(i * step))
                .to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_take_round_steps_and_hold_zero() {
        let axis = Axis::over([-3.7, 0.4].into_iter());
        assert_eq!(
            axis.ticks().collect::<Vec<_>>(),
            [-4.0, -3.0, -2.0, -1.0, 0.0, 1.0]
        );
    }

    #[test]
    fn signs_are_real_minus_signs_and_nothing_is_plain() {
        assert_eq!(
            [signed(-1.84, 1), signed(0.04, 1), signed(2.0, 0)],
            ["−1.8", "0", "+2"]
        );
    }
}
