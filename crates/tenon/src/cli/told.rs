//! What `tenon look` says to a person. Names come from files: each is put on one line and cut where it would fill the
//! screen. What programs read (`--json`) is exact.

use base::format::{self, short};
use mining::figures::{EdgeFigures, Figures, StepFigures};
use mining::fit::FitReport;
use mining::model::bpmn::Summary;
use std::fmt::Write;
use store::processes::ProcessRow;

/// Characters of a name, and of a line of several.
const NAME: usize = 60;
const LINE: usize = 200;

/// Names after each other, each cut, and all of them.
fn names(names: &[String], between: &str) -> String {
    // More than fit on the line need not be looked at.
    let first = names.iter().take(LINE).map(|n| short(n, NAME));
    short(&first.collect::<Vec<_>>().join(between), LINE)
}

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
            short(&r.name, NAME)
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
            short(&e.from, NAME),
            short(&e.to, NAME),
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

/// The way of a variant; of a long one the beginning.
fn listed(activities: &[String]) -> String {
    const MOST: usize = 40;
    let first = activities.iter().take(MOST);
    let mut names: Vec<String> = first.map(|a| short(a, NAME)).collect();
    if activities.len() > MOST {
        names.push(format!("… {} more", activities.len() - MOST));
    }
    names.join(" › ")
}

/// The beam in letters: figures above it, the steps on it, the share that goes on below.
fn strip(figures: &Figures, out: &mut String) {
    let width = figures.steps.len().max(1);
    let cell = (78 / width).clamp(12, 26);
    let fit = |text: &str| {
        let mut text = short(text, cell - 2);
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
        let _ = writeln!(out, "  Never seen: {}", names(&report.never_seen, ", "));
    }
    if !report.not_in_model.is_empty() {
        let _ = writeln!(
            out,
            "  Not in the model: {}",
            names(&report.not_in_model, ", ")
        );
    }
    let deviating = report.per_variant.iter().filter(|v| v.cost != Some(0));
    for v in deviating.take(5) {
        let _ = writeln!(
            out,
            "  {:>6}  {}",
            format::count(v.variant.cases as i64),
            short(&v.sentence, LINE)
        );
    }
    out
}

/// What a BPMN file has.
pub fn model(summary: &Summary) -> String {
    let mut out = String::new();
    let name = match summary.name.is_empty() {
        true => "A model without a name",
        false => &short(&summary.name, LINE),
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
                let item = match short(item, LINE) {
                    none if none.is_empty() => "(no name)".into(),
                    item => item,
                };
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
    use mining::figures::{Options, Selection, Steps};
    use mining::log::LogBuilder;

    #[test]
    fn names_of_any_length_and_with_line_breaks_keep_their_line() {
        let mut log = LogBuilder::new();
        let long = "x".repeat(1_000_000);
        for n in 0..3 {
            let case = log.case(&format!("c{n}"));
            for (at, name) in [long.as_str(), "two\nlines\r\n\u{1b}[31m", "plain"]
                .iter()
                .enumerate()
            {
                let time = at as i64 * mining::time::DAY;
                log.event(case, name, time, mining::time::MISSING);
            }
        }
        let log = log.finish();
        let steps = Steps::propose(&log, None, false);
        let all = Selection::all(&log);
        let text = figures(&Figures::of(&log, &steps, &all, &Options::default()).unwrap());
        assert!(text.lines().all(|l| l.chars().count() <= 240), "{text}");
        assert!(
            text.contains("two lines [31m → plain") && !text.contains('\u{1b}'),
            "{text}"
        );
    }

    #[test]
    fn names_and_ways_without_end_are_cut() {
        assert_eq!(short(&"ä".repeat(70), NAME).chars().count(), NAME);
        let way = listed(&vec!["a".to_string(); 50]);
        assert!(way.ends_with("a › … 10 more"), "{way}");
    }
}
