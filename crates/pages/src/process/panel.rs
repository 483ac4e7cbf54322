//! The panel of the selected step: how long it takes, who does not go on, who waits, who works there.

use super::Scene;
use crate::chart;
use crate::error::PageError;
use crate::following::Following;
use crate::improvements::list::plug_address;
use crate::improvements::{brief, tabs};
use base::format;
use mining::figures::ReasonSource;
use service::improvements::{Ledger, Tool};

pub struct Panel {
    pub number: usize,
    pub of: usize,
    pub name: String,
    pub chart: String,
    pub censored: String,
    pub stopped: String,
    pub decided: String,
    pub reasons: Vec<(String, String)>,
    pub reasons_are_activities: bool,
    pub waiting: Vec<(String, String, String)>,
    pub people: Vec<(String, String, u32)>,
    pub others: String,
    pub entered_href: String,
    /// Plugged in here: name, address, symbol, mark, what is known.
    pub plugs: Vec<(String, String, &'static str, &'static str, String)>,
    pub plug_href: String,
    /// Where Listen is plugged in: what is listened to, and what it brings.
    pub listen: Option<(String, crate::listen::Part)>,
    pub previous: Option<String>,
    pub next: Option<String>,
    pub follow: Following,
    /// Posts that were shared here.
    pub shared: Option<crate::share::here::Here>,
}

impl Panel {
    pub fn of(scene: &Scene, selected: usize, ledger: &Ledger, follow: Following) -> Option<Panel> {
        let steps = &scene.view.figures.steps;
        let step = steps.get(selected)?;
        let stopped = step.lost + step.ended;
        let total: u64 = step.reasons.iter().map(|r| r.cases).sum();
        let share = |n: u64| format::percent(n as f64 / total.max(1) as f64);
        let slug = scene.slug();
        let case_link = |name: &str| format!("/p/{slug}/case/{}", urlencode(name));
        let now = scene.app.library.clock().now();
        let plugs = ledger.at_step(&step.name, now).into_iter().map(|s| {
            let href = tabs::address(slug, &s.imp.id);
            (
                s.imp.name.clone(),
                href,
                s.imp.tool.icon(),
                s.mark.word(),
                brief(s),
            )
        });
        Some(Panel {
            follow,
            shared: None,
            plugs: plugs.collect(),
            listen: None,
            plug_href: plug_address(slug, &step.name),
            number: selected + 1,
            of: steps.len(),
            name: step.name.clone(),
            chart: chart::time_in_step(&step.time),
            censored: match step.time.censored {
                0 => String::new(),
                n => format!(
                    "{} counted as far as they have come (Kaplan-Meier).",
                    format::many(n, "open case")
                ),
            },
            stopped: format::count(stopped as i64),
            decided: format::count((step.went_on + stopped + step.went_back) as i64),
            reasons: step
                .reasons
                .iter()
                .take(5)
                .map(|r| {
                    (
                        r.text
                            .clone()
                            .unwrap_or_else(|| "No reason recorded".into()),
                        share(r.cases),
                    )
                })
                .collect(),
            reasons_are_activities: step.reason_source == ReasonSource::LastActivity,
            waiting: step
                .waiting
                .iter()
                .take(5)
                .map(|w| (w.name.clone(), case_link(&w.name), format::days(w.days)))
                .collect(),
            people: people(step),
            others: match step.people_total.saturating_sub(5) {
                0 => String::new(),
                n => format!("and {}", format::many(n, "other")),
            },
            entered_href: scene.link("cases", &[("step", &step.name)]),
            previous: selected
                .checked_sub(1)
                .map(|i| scene.link("map", &[("panel", &steps[i].name)])),
            next: steps
                .get(selected + 1)
                .map(|s| scene.link("map", &[("panel", &s.name)])),
        })
    }
}

impl Scene {
    /// What listening brings at a step, where it is plugged in.
    pub(super) async fn listens_at(
        &self,
        ledger: &Ledger,
        step: &str,
    ) -> Result<Option<(String, crate::listen::Part)>, PageError> {
        let now = self.app.library.clock().now();
        let mut plugs = ledger.at_step(step, now).into_iter();
        if !plugs.any(|s| s.imp.tool == Tool::Listen) {
            return Ok(None);
        }
        let process = &self.view.process.row.id;
        let brought = self.app.desk.brought(process, step).await?;
        let address = crate::listen::address(self.slug(), step);
        Ok(Some((address, crate::listen::part(&brought))))
    }
}

pub use base::format::urlencode;

/// Some of those who work at a step, by name: an order by how much anybody does would rank them.
fn people(step: &mining::figures::StepFigures) -> Vec<(String, String, u32)> {
    let mut names: Vec<&str> = step.people.iter().map(|p| p.name.as_str()).collect();
    names.sort_unstable();
    names
        .into_iter()
        .take(5)
        .map(|name| (name.into(), format::initials(name), format::hue(name)))
        .collect()
}
