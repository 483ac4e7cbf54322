//! Where a case stands: each step with the time it spent there, beside the usual time, and the tools plugged in.

use crate::improvements::tabs::{self, Tab};
use base::format;
use mining::figures::CaseState;
use mining::time::{DAY, MISSING, days};
use service::improvements::Ledger;

pub struct Step {
    pub name: String,
    /// `is-done`, `is-now` or nothing.
    pub class: &'static str,
    pub spent: String,
    /// Longer than is usual.
    pub is_late: bool,
    /// Said where no time was spent.
    pub unseen: &'static str,
    pub usual: String,
    pub href: String,
    pub tabs: Vec<Tab>,
}

/// Each step with the time this case spent there, beside the usual time.
pub fn strip(
    view: &service::processes::View,
    place: &[Option<usize>],
    case: usize,
    row: &mining::figures::CaseRow,
    as_of: i64,
    ledger: &Ledger,
    now: i64,
) -> Vec<Step> {
    let log = &view.process.log;
    let mut spent = vec![0i64; view.figures.steps.len()];
    let mut seen = vec![false; spent.len()];
    let mut here: Option<(usize, i64)> = None;
    for event in log.case(case) {
        let time = log.time[event];
        let Some(step) = place[log.activity[event] as usize] else {
            if row.state != CaseState::Open
                && let Some((at, since)) = here.take()
                && time != MISSING
            {
                spent[at] += time - since;
            }
            continue;
        };
        seen[step] = true;
        if time == MISSING || here.is_some_and(|(at, _)| at == step) {
            continue;
        }
        if let Some((at, since)) = here.replace((step, time)) {
            spent[at] += time - since;
        }
    }
    if let (Some((at, since)), CaseState::Open, true) = (here, row.state, as_of != MISSING) {
        spent[at] += as_of - since;
    }
    let furthest = seen.iter().rposition(|&s| s);
    let steps = view.figures.steps.iter().enumerate().map(|(i, s)| {
        let now_here = row.state == CaseState::Open && row.step == Some(i);
        Step {
            name: s.name.clone(),
            class: if now_here {
                "is-now"
            } else if seen[i] {
                "is-done"
            } else {
                ""
            },
            spent: if now_here && spent[i] >= DAY {
                format!("Day {}", days(spent[i]).ceil())
            } else if seen[i] {
                format::days(days(spent[i]))
            } else {
                String::new()
            },
            unseen: if furthest.is_some_and(|f| i < f) {
                "skipped"
            } else if row.state == CaseState::Open {
                "not yet"
            } else {
                "not reached"
            },
            usual: s
                .time
                .median_days
                .map(|d| format!("usually {}", format::days(d)))
                .unwrap_or_default(),
            is_late: now_here && s.time.median_days.is_some_and(|m| days(spent[i]) > m),
            tabs: tabs::at(&view.process.row.slug, ledger, &s.name, now).0,
            href: format!(
                "/p/{}/map?{}",
                view.process.row.slug,
                service::processes::filter_query::encode(&[("panel".into(), s.name.clone())])
            ),
        }
    });
    steps.collect()
}
