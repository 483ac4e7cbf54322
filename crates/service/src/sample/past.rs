//! What the company tried in its past, so that a new installation shows every kind of verdict. It is lived through, not
//! written down: each improvement is planned, drawn, started and decided by the functions that people use, on its day.

use super::Plan;
use super::advance::{Came, advance, found};
use super::kept::Kept;
use super::treated::{Effect, Rule};
use crate::improvements::{Cost, Decision, Improvements, Plug, monday};
use crate::processes::Problem;
use crate::processes::filter_query::show_day;
use base::clock::SetClock;
use mining::Micros;
use mining::time::{HOUR, WEEK};
use std::collections::BTreeMap;

/// Weeks that the past needs.
pub const WEEKS: u32 = 64;
/// Teams that it needs.
pub const TEAMS: usize = 8;
/// Cases that begin in them.
pub const CASES: u64 = 5_800;

/// Who does these things in the record.
const ACTOR: &str = "sample";
/// Week from which contracts need an approval.
const APPROVAL: i64 = 19;

/// An improvement of the past. Weeks are counted from the first day of the company.
struct Tried {
    tool: &'static str,
    name: &'static str,
    link: Option<&'static str>,
    step: usize,
    step_name: &'static str,
    measure: &'static str,
    goal: Option<usize>,
    planned: i64,
    first: i64,
    every: u32,
    never: usize,
    horizon: f64,
    zone: Option<f64>,
    /// The draw of its order.
    seed: u64,
    effect: Effect,
    used: f64,
    /// It never starts in this past.
    waits: bool,
    decided: Option<(i64, Decision, &'static str)>,
    cost: Option<Cost>,
}

const GOALS: [(&str, &str, f64); 2] = [
    ("Lead to contract in 38 days", "days", 38.0),
    ("One lead in four won", "won", 0.25),
];

const fn days(days: f64) -> Effect {
    Effect { days, goes_on: 0.0 }
}

const TRIED: [Tried; 6] = [
    Tried {
        tool: "room",
        name: "Signing room",
        link: None,
        step: 4,
        step_name: "Close",
        measure: "days-in-step",
        goal: Some(0),
        planned: 12,
        first: 14,
        every: 2,
        never: 2,
        horizon: 14.0,
        zone: None,
        seed: 11,
        effect: days(-0.1),
        used: 0.5,
        waits: false,
        decided: Some((
            30,
            Decision::Change,
            "Since the board approves contracts, weeks before and after no longer compare. We keep the room and measure it anew.",
        )),
        cost: None,
    },
    Tried {
        tool: "ask",
        name: "Ask the network",
        link: None,
        step: 1,
        step_name: "Identify need",
        measure: "days-in-step",
        goal: Some(0),
        planned: 25,
        first: 26,
        every: 2,
        never: 2,
        horizon: 21.0,
        zone: None,
        seed: 12,
        effect: days(-0.3),
        used: 0.72,
        waits: false,
        decided: Some((
            56,
            Decision::Keep,
            "Two days less for a few minutes of answering. The two teams that waited asked for it.",
        )),
        cost: Some(Cost {
            setup_hours: Some(12.0),
            weekly_hours: Some(1.5),
            minutes_a_case: Some(6.0),
        }),
    },
    Tried {
        tool: "lesson",
        name: "Lesson: first call",
        link: None,
        step: 0,
        step_name: "Establish trust",
        measure: "days-in-step",
        goal: Some(1),
        planned: 25,
        first: 27,
        every: 2,
        never: 2,
        horizon: 28.0,
        zone: Some(2.5),
        seed: 13,
        effect: days(0.0),
        used: 0.4,
        waits: false,
        decided: None,
        cost: Some(Cost {
            setup_hours: Some(30.0),
            weekly_hours: None,
            minutes_a_case: None,
        }),
    },
    Tried {
        tool: "own",
        name: "Discount ladder",
        link: Some("https://intranet.halden.example/discounts"),
        step: 3,
        step_name: "Negotiate",
        measure: "days-in-step",
        goal: Some(1),
        planned: 28,
        first: 30,
        every: 1,
        never: 2,
        horizon: 28.0,
        zone: None,
        seed: 14,
        effect: days(0.45),
        used: 0.8,
        waits: false,
        decided: Some((
            50,
            Decision::Unplug,
            "Customers wait for the next rung. It costs days and wins nothing.",
        )),
        cost: Some(Cost {
            setup_hours: Some(8.0),
            weekly_hours: Some(0.5),
            minutes_a_case: Some(2.0),
        }),
    },
    Tried {
        tool: "playbook",
        name: "Proposal checklist",
        link: None,
        step: 2,
        step_name: "Propose",
        measure: "days-in-step",
        goal: Some(0),
        planned: 50,
        first: 51,
        every: 2,
        never: 2,
        horizon: 21.0,
        zone: None,
        seed: 15,
        effect: days(-0.3),
        used: 0.65,
        waits: false,
        decided: None,
        cost: None,
    },
    Tried {
        tool: "ask",
        name: "Ask legal",
        link: None,
        step: 3,
        step_name: "Negotiate",
        measure: "days-in-step",
        goal: Some(0),
        planned: 63,
        first: 66,
        every: 2,
        never: 2,
        horizon: 28.0,
        zone: None,
        seed: 16,
        effect: days(-0.2),
        used: 0.6,
        waits: true,
        decided: None,
        cost: None,
    },
];

/// Weeks at which somebody looked, so that what was said then can be read back.
const LOOKS: [i64; 4] = [36, 43, 50, 57];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    Plan(usize),
    Look,
    Decide(usize),
}

/// The company before its first day.
pub fn before(plan: Plan, rules: Vec<Rule>) -> Kept {
    let approval = plan.from + APPROVAL * WEEK;
    let own = TRIED.iter().map(|t| Rule {
        step: t.step,
        tool: None,
        name: Some(t.name.into()),
        effect: t.effect,
        since: Micros::MIN,
    });
    Kept {
        approval: Some(approval),
        uses: BTreeMap::from(TRIED.map(|t| (t.name.to_string(), t.used))),
        ..Kept::new(plan, own.chain(rules).collect())
    }
}

/// Lives through the past up to a moment. `clock` is the one that `all` goes by.
pub async fn live(
    all: &Improvements,
    clock: &SetClock,
    name: &str,
    kept: &Kept,
    until: Micros,
) -> Result<Came, Problem> {
    let week = |number: i64| kept.from + number * WEEK;
    let mut acts: Vec<(i64, Act)> = LOOKS.iter().map(|w| (*w, Act::Look)).collect();
    for (at, tried) in TRIED.iter().enumerate() {
        acts.push((tried.planned, Act::Plan(at)));
        acts.extend(tried.decided.as_ref().map(|(w, ..)| (*w, Act::Decide(at))));
    }
    acts.sort();
    let mut company: Option<Came> = None;
    let mut ids: BTreeMap<usize, String> = BTreeMap::new();
    let mut done = 0;
    for (number, act) in acts {
        // People act in the morning.
        clock.set(week(number) + 9 * HOUR);
        company = Some(match company {
            None => {
                let came = found(all, name, kept, week(number), ACTOR).await?;
                for (name, measure, target) in GOALS {
                    all.put_goal(&came.process, name, measure, Some(target), ACTOR)
                        .await?;
                }
                came
            }
            Some(came) if number > done => advance(all, &came.process, week(number), ACTOR).await?,
            Some(came) => came,
        });
        done = number;
        let Some(came) = &company else { continue };
        match act {
            Act::Plan(at) => {
                let tried = &TRIED[at];
                let plug = tried.plug(monday(week(tried.first)));
                let imp = all.plug(&came.process, &plug, ACTOR).await?;
                if !tried.waits {
                    all.start(&imp.id, ACTOR).await?;
                }
                if let Some(cost) = tried.cost {
                    all.set_cost(&imp.id, cost, ACTOR).await?;
                }
                ids.insert(at, imp.id);
            }
            Act::Decide(at) => {
                if let (Some(id), Some((_, decision, why))) = (ids.get(&at), &TRIED[at].decided) {
                    all.refresh(&came.process).await?;
                    all.decide(id, *decision, why, ACTOR).await?;
                }
            }
            Act::Look => {
                all.refresh(&came.process).await?;
            }
        }
    }
    let Some(came) = company else {
        return Err(Problem::bad_request(
            "This company has no past.",
            "Try again.",
        ));
    };
    clock.set(until);
    let came = advance(all, &came.process, until, ACTOR).await?;
    all.refresh(&came.process).await?;
    Ok(came)
}

impl Tried {
    fn plug(&self, first: Micros) -> Plug {
        Plug {
            step: self.step_name.into(),
            tool: self.tool.into(),
            name: Some(self.name.into()),
            link: self.link.map(str::to_string),
            measure: self.measure.into(),
            goal: self.goal.map(|g| GOALS[g].0.to_string()),
            seed: Some(self.seed),
            first: Some(show_day(first)),
            every_weeks: Some(self.every),
            never: Some(self.never),
            at_once: Some(1),
            horizon_days: Some(self.horizon),
            zone: self.zone,
            ..Plug::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::improvements::Mark;
    use crate::processes::Library;
    use mining::time::DAY;
    use std::sync::Arc;

    #[tokio::test]
    async fn the_past_shows_every_kind_of_verdict() {
        let folder = store::testing::folder();
        // A Wednesday in November 2026.
        let until = 20_783 * DAY;
        let clock = Arc::new(SetClock::at(until));
        let library = Library::open(&folder, None, clock.clone()).await.unwrap();
        let all = Improvements::new(library);
        let plan = Plan {
            cases: CASES,
            from: until - Micros::from(WEEKS) * WEEK,
            weeks: WEEKS,
            teams: TEAMS,
            ..Plan::usual(until)
        };
        let came = live(
            &all,
            &clock,
            "New business",
            &before(plan, Vec::new()),
            until,
        )
        .await
        .unwrap();
        let ledger = all.ledger(&came.process).await.unwrap();
        let marks: Vec<(&str, Mark)> = ledger
            .all
            .iter()
            .map(|s| (s.imp.name.as_str(), s.mark))
            .collect();
        let expected = [
            ("Signing room", Mark::Void),
            ("Ask the network", Mark::Better),
            ("Lesson: first call", Mark::Same),
            ("Discount ladder", Mark::Worse),
            ("Proposal checklist", Mark::Open),
            ("Ask legal", Mark::Planned),
        ];
        assert_eq!(marks, expected);
        assert_eq!(came.cases, CASES);
        let network = &ledger.all[1].imp;
        assert!(
            all.said(&network.id).await.unwrap().len() >= 4,
            "verdicts of several days are kept"
        );
        assert!(!all.uses(&network.id).await.unwrap().is_empty());
        assert_eq!(all.goals(&came.process).await.unwrap().len(), GOALS.len());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
