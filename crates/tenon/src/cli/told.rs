//! What `tenon look` says to a person.

use crate::format;
use crate::store::processes::ProcessRow;
use mining::figures::{EdgeFigures, Figures, StepFigures};
use mining::fit::FitReport;
use mining::model::bpmn::Summary;
use std::borrow::Cow;
use std::fmt::Write;

/// What was imported here.
pub fn list(rows: &[ProcessRow]) -> String {
    if rows.is_empty() {
        return "Nothing was imported here yet. Try `tenon import FILE`, or `tenon look FILE`."
            .into();
    }
    let wide = rows
        .iter()
        .map(|r| r.slug.chars().count())
        .max()
        .unwrap_or(0);
    let mut out = String::new();
    for r in rows {
        let pad = " ".repeat(wide - r.slug.chars().count());
        let _ = writeln!(
            out,
            "{}{pad}  {:>10} cases  {:>12} events  {}",
            r.slug,
            format::count(r.cases),
            format::count(r.events),
            r.name
        );
    }
    out + "\nLook at one with `tenon look --process NAME`."
}

/// Strip, steps and figures.
pub fn figures(figures: &Figures) -> String {
    let c = &figures.counts;
    let mut out = format!(
        "{} cases, {} events, {} activities, {} open",
        format::count(c.cases as i64),
        format::count(c.events as i64),
        c.activities,
        format::count(c.open as i64)
    );
    if figures.on_calendar {
        out += "; spans are working time, a day is 24 working hours";
    }
    out += "\n\n";
    strip(figures, &mut out);
    out += "\nLongest waits\n";
    let mut edges: Vec<_> = figures.edges.iter().filter(|e| e.wait.is_some()).collect();
    let cost = |e: &EdgeFigures| {
        e.wait
            .as_ref()
            .map_or(0.0, |w| w.mean_seconds * e.count as f64)
    };
    edges.sort_by(|a, b| cost(b).total_cmp(&cost(a)));
    for e in edges.iter().take(5) {
        let wait = e.wait.as_ref().map(|w| format::span_text(w.median_seconds));
        let _ = writeln!(
            out,
            "  {:>8}  {} → {}  {}",
            wait.unwrap_or_default(),
            clipped(&e.from),
            clipped(&e.to),
            format::count(e.count as i64)
        );
    }
    let _ = writeln!(
        out,
        "\nVariants: {}",
        format::count(figures.variants.total as i64)
    );
    for v in figures.variants.shown.iter().take(5) {
        let _ = writeln!(
            out,
            "  {:>6}  {:>5}  {}",
            format::count(v.cases as i64),
            format::percent(v.share),
            listed(&v.activities)
        );
    }
    out
}

/// A name as long as a line can take.
fn clipped(name: &str) -> Cow<'_, str> {
    const LONGEST: usize = 60;
    match name.char_indices().nth(LONGEST) {
        Some((at, _)) => Cow::Owned(format!("{}…", &name[..at])),
        None => Cow::Borrowed(name),
    }
}

/// The way of a variant; of a long one the beginning.
fn listed(activities: &[String]) -> String {
    const MOST: usize = 40;
    let mut names: Vec<_> = activities.iter().take(MOST).map(|a| clipped(a)).collect();
    if activities.len() > MOST {
        names.push(format!("… {} more", activities.len() - MOST).into());
    }
    names.join(" › ")
}

/// The beam in letters: figures above it, the steps on it, the share that goes on below.
fn strip(figures: &Figures, out: &mut String) {
    let width = figures.steps.len().max(1);
    let cell = (78 / width).clamp(12, 26);
    let fit = |text: &str| {
        let mut text: String = if text.chars().count() > cell - 2 {
            text.chars().take(cell - 3).chain(['…']).collect()
        } else {
            text.into()
        };
        text.extend(std::iter::repeat_n(' ', cell - 1 - text.chars().count()));
        text
    };
    let line = |f: &dyn Fn(&StepFigures) -> String| {
        figures.steps.iter().map(|s| fit(&f(s))).collect::<Vec<_>>()
    };
    let median = line(&|s| s.time.median_days.map_or("–".into(), format::days));
    let cases = line(&|s| format!("{} cases", format::count(s.cases as i64)));
    let names = line(&|s| s.name.clone());
    let on = line(&|s| {
        s.conversion
            .map(|c| format!("{} go on", format::percent(c)))
            .unwrap_or_default()
    });
    let beam = vec!["━".repeat(cell - 1); width];
    let _ = writeln!(out, " {}", median.join(" "));
    let _ = writeln!(out, " {}", cases.join(" "));
    let _ = writeln!(out, "┏{}┓", beam.join("┳"));
    let _ = writeln!(out, "┃{}┃", names.join("┃"));
    let _ = writeln!(out, "┗{}┛", beam.join("┻"));
    let _ = writeln!(out, " {}", on.join(" "));
}

/// How the cases of a log fit a model.
pub fn fit(report: &FitReport) -> String {
    let share = |s: Option<f64>| s.map_or("not told".into(), format::percent);
    let mut out = format!(
        "\nAgainst the model\n  {} of cases run exactly as the model says\n  {} fitness, {} precision (read the two together)\n",
        share(report.fitting),
        share(report.log_fitness),
        share(report.precision)
    );
    if report.not_within_limit > 0 {
        let _ = writeln!(
            out,
            "  {} variants were not aligned within the limit and are left out",
            report.not_within_limit
        );
    }
    if !report.never_seen.is_empty() {
        let _ = writeln!(out, "  Never seen: {}", report.never_seen.join(", "));
    }
    if !report.not_in_model.is_empty() {
        let _ = writeln!(
            out,
            "  Not in the model: {}",
            report.not_in_model.join(", ")
        );
    }
    let deviating = report.per_variant.iter().filter(|v| v.cost != Some(0));
    for v in deviating.take(5) {
        let _ = writeln!(
            out,
            "  {:>6}  {}",
            format::count(v.variant.cases as i64),
            v.sentence
        );
    }
    out
}

/// What a BPMN file has.
pub fn model(summary: &Summary) -> String {
    let mut out = String::new();
    let name = match summary.name.is_empty() {
        true => "A model without a name",
        false => &summary.name,
    };
    let plural = |n: usize, one: &str| match n {
        1 => format!("1 {one}"),
        n => format!("{n} {one}s"),
    };
    let _ = writeln!(
        out,
        "{name}: {}, {}, {}, {}",
        plural(summary.activities.len(), "activity").replace("activitys", "activities"),
        plural(summary.gateways.values().sum(), "gateway"),
        plural(summary.events, "event"),
        plural(summary.flows, "flow")
    );
    let mut line = |label: &str, items: &[String]| {
        if !items.is_empty() {
            let _ = writeln!(out, "\n{label}");
            for item in items {
                let item = if item.is_empty() { "(no name)" } else { item };
                let _ = writeln!(out, "  {item}");
            }
        }
    };
    let counted: Vec<String> = summary
        .gateways
        .iter()
        .map(|(kind, n)| format!("{n} {kind}"))
        .collect();
    let ignored: Vec<String> = summary
        .ignored
        .iter()
        .map(|i| format!("{} {} (first in line {})", i.count, i.element, i.line))
        .collect();
    let notes: Vec<String> = summary.notes.iter().map(|n| n.text.clone()).collect();
    line("Activities", &summary.activities);
    line("Gateways", &counted);
    line("Pools", &summary.pools);
    line("Lanes", &summary.lanes);
    line(
        "Read past, since they do not change how cases run",
        &ignored,
    );
    line("Notes", &notes);
    if !summary.drawn {
        out += "\nThe file has no drawing.\n";
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ways_without_end_are_cut() {
        assert_eq!(clipped("Asked"), "Asked");
        assert_eq!(clipped(&"ä".repeat(70)).chars().count(), 61);
        let way = listed(&vec!["a".to_string(); 50]);
        assert!(way.ends_with("a › … 10 more"), "{way}");
    }
}
