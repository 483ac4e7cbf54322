//! The strip: one beam of steps, with figures above it.

use super::Scene;
use crate::improvements::list::plug_address;
use crate::improvements::tabs::{self, Tab};
use base::format;
use service::improvements::Ledger;

/// With fewer cases no median is told.
pub const FEW: u64 = 20;

pub struct Strip {
    pub steps: Vec<Step>,
    pub summary: String,
    /// The zone of the working hours that alone count.
    pub working: Option<String>,
}

pub struct Step {
    pub name: String,
    pub href: String,
    pub selected: bool,
    /// Median time in step: number and unit.
    pub median: Option<(String, &'static str)>,
    /// Number of cases, and the word for them.
    pub cases: (String, &'static str),
    pub open: String,
    /// Of the longest median, in percent.
    pub len: u32,
    /// Of this median: waiting, in percent; `None` where the log has no start times.
    pub wait: Option<u32>,
    /// The median of the period it is compared with.
    pub was: Option<String>,
    pub peg: Option<String>,
    pub last: bool,
    pub tabs: Vec<Tab>,
    pub more_tabs: usize,
    /// Where a tool is plugged in, while the step has none.
    pub mortise: Option<String>,
}

impl Step {
    /// The name in the parts between which a line may end.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.name.split_inclusive(['_', '/', '.'])
    }
}

impl Strip {
    /// How long the longest word is, in small letters: narrow strips give it room and scroll.
    pub fn word(&self) -> usize {
        let long = |word: &str| {
            let capitals = word.chars().filter(|c| c.is_uppercase()).count();
            word.chars().count() + capitals / 5
        };
        let names = self.steps.iter().map(|s| s.name.as_str());
        let words = names.flat_map(|n| n.split([' ', '_', '/', '.', '-']).map(long));
        words.max().unwrap_or(0).min(20)
    }

    pub fn of(scene: &Scene, tab: &str, selected: usize, ledger: &Ledger) -> Strip {
        let now = scene.app.library.clock().now();
        let figures = &scene.view.figures;
        let longest = figures
            .steps
            .iter()
            .filter_map(|s| s.time.median_days)
            .fold(0.0, f64::max);
        let last = figures.steps.len().saturating_sub(1);
        let wins = figures.counts.won > 0;
        let few = figures.counts.cases < FEW;
        let steps: Vec<Step> = figures
            .steps
            .iter()
            .enumerate()
            .map(|(i, s)| {
                let median = s.time.median_days.filter(|_| !few);
                let (plugs, more_tabs) = tabs::at(scene.slug(), ledger, &s.name, now);
                Step {
                    mortise: (plugs.len() < 2).then(|| plug_address(scene.slug(), &s.name)),
                    tabs: plugs,
                    more_tabs,
                    name: s.name.clone(),
                    href: scene.link(tab, &[("panel", &s.name)]),
                    selected: i == selected,
                    median: median.map(|d| format::span(d * 86_400.0)),
                    cases: (
                        format::count(s.cases),
                        if s.cases == 1 { "case" } else { "cases" },
                    ),
                    open: format::count(s.open as i64),
                    len: median.map_or(0, |d| {
                        if longest > 0.0 {
                            (d / longest * 90.0) as u32
                        } else {
                            0
                        }
                    }),
                    wait: s.time.working_share.map(|w| ((1.0 - w) * 100.0) as u32),
                    was: scene.versus.as_ref().map(|v| {
                        let then = v
                            .figures
                            .steps
                            .get(i)
                            .and_then(|s| s.time.median_days)
                            .filter(|_| v.figures.counts.cases >= FEW);
                        then.map_or_else(|| "no median".into(), format::days)
                    }),
                    peg: s
                        .conversion
                        .filter(|_| i < last || wins)
                        .map(|c| match i == last {
                            true => format!("{} won", format::percent(c)),
                            false => format::percent(c),
                        }),
                    last: i == last,
                }
            })
            .collect();
        let told = steps.iter().map(|s| {
            let median = s
                .median
                .as_ref()
                .map_or("no median yet".into(), |(n, u)| format!("median {n} {u}"));
            format!(
                "{}: {median}, {}{}.",
                s.name,
                [s.cases.0.as_str(), s.cases.1].join(" "),
                s.peg
                    .as_ref()
                    .map(|p| format!(", {p} go on"))
                    .unwrap_or_default()
            )
        });
        Strip {
            summary: told.collect::<Vec<_>>().join(" "),
            working: figures
                .on_calendar
                .then(|| scene.view.asked.calendar.as_ref().map(|c| c.zone.clone()))
                .flatten(),
            steps,
        }
    }

    pub fn has_plugs(&self) -> bool {
        self.steps.iter().any(|s| !s.tabs.is_empty())
    }

    /// Whether any step tells waiting from working.
    pub fn works(&self) -> bool {
        self.steps.iter().any(|s| s.wait.is_some())
    }
}
