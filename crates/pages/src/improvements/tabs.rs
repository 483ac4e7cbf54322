//! Plugs on a strip: tabs below their step, and the beam of the pages that are about plugs.

use super::brief;
use mining::time::Micros;
use service::improvements::{Ledger, Mark, Summary};

/// One tab.
pub struct Tab {
    pub href: String,
    pub name: String,
    pub icon: &'static str,
    /// Class and meaning of its fill.
    pub mark: &'static str,
    pub meaning: String,
    /// Shown behind the name, or instead of it.
    pub extra: String,
    /// Without its name.
    pub at_rest: bool,
}

pub fn address(slug: &str, id: &str) -> String {
    format!("/p/{slug}/improvements/{id}")
}

impl Tab {
    pub fn of(slug: &str, one: &Summary) -> Tab {
        Tab {
            href: address(slug, &one.imp.id),
            name: one.imp.name.clone(),
            icon: one.imp.tool.icon(),
            mark: one.mark.word(),
            meaning: one.mark.meaning().into(),
            extra: String::new(),
            at_rest: false,
        }
    }
}

/// Tabs shown at one step; the others are behind the last.
const SHOWN: usize = 3;

/// The tabs of a step: what is plugged in or planned, and what was taken out lately because it did harm.
pub fn at(slug: &str, ledger: &Ledger, step: &str, now: Micros) -> (Vec<Tab>, usize) {
    let mut there = ledger.at_step(step, now);
    there.retain(|s| s.imp.ended.is_none() || s.mark == Mark::Worse);
    let shown = if there.len() > SHOWN {
        SHOWN - 1
    } else {
        there.len()
    };
    let more = there.len() - shown;
    (
        there
            .into_iter()
            .take(shown)
            .map(|s| Tab::of(slug, s))
            .collect(),
        more,
    )
}

/// A strip about plugs.
pub struct Beam {
    pub label: String,
    pub summary: String,
    pub class: &'static str,
    pub steps: Vec<BeamStep>,
    pub legend: bool,
}

#[derive(Default)]
pub struct BeamStep {
    pub name: String,
    pub href: String,
    pub selected: bool,
    /// Struck out before the figure.
    pub was: String,
    pub figure: String,
    pub unit: &'static str,
    pub beside: String,
    pub quiet: String,
    pub tabs: Vec<Tab>,
    pub more: usize,
    pub mortise: Option<String>,
}

impl Beam {
    /// With the effect, or the weeks that are left, on each tab.
    pub fn tabs_with_effect(
        slug: &str,
        ledger: &Ledger,
        step: &str,
        now: Micros,
    ) -> (Vec<Tab>, usize) {
        let (mut tabs, more) = at(slug, ledger, step, now);
        for tab in &mut tabs {
            if let Some(one) = ledger
                .all
                .iter()
                .find(|s| address(slug, &s.imp.id) == tab.href)
            {
                tab.extra = brief(one);
            }
        }
        (tabs, more)
    }
}
