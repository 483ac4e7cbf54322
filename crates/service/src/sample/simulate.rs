//! Cases, one after another in the order they begin.

use super::company::*;
use super::random::Random;
use super::treated::Treated;
use super::{Plan, calendar};
use mining::Micros;
use mining::time::{DAY, HOUR, WEEK};

/// A stay in a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub step: usize,
    pub entered: Micros,
    /// When it left, if that was before the end.
    pub left: Option<Micros>,
    pub went_on: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub time: Micros,
    /// Index into [`ACTIVITIES`].
    pub activity: usize,
    pub who: String,
}

/// A simulated case, as far as it had come by the end.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// From 0, in the order they begin.
    pub number: u64,
    pub name: String,
    pub account: String,
    pub team: usize,
    pub owner: String,
    pub source: &'static str,
    pub segment: &'static str,
    pub amount: f64,
    pub reason: Option<&'static str>,
    pub events: Vec<Event>,
    pub entries: Vec<Entry>,
}

/// All cases of a plan.
pub struct Simulation {
    plan: Plan,
    /// Leads up to the start of each day, in usual days.
    days: Vec<f64>,
    /// Cases for one usual day of leads.
    rate: f64,
    /// Logarithm of each team's own pace.
    pace: Vec<f64>,
    /// Logarithm of each team's luck in each week: AR(1), 0.6 from one week to the next, 0.10 wide.
    shock: Vec<Vec<f64>>,
    starts: Vec<Vec<Option<Micros>>>,
    next: u64,
}

/// Weeks after the last day for which luck is drawn: cases under way go on until they end.
const MARGIN: i64 = 60;

/// The step in which contracts are approved, and how much longer that takes.
const CLOSE: usize = 4;
const APPROVAL_TAKES: f64 = 1.35;

impl Simulation {
    pub fn new(plan: Plan) -> Self {
        let mut random = Random::new(plan.seed, u64::MAX / 2);
        let counted = i64::from(plan.weeks) * 7;
        let last = (plan.until - plan.from + DAY - 1)
            .div_euclid(DAY)
            .max(counted);
        let mut days = vec![0.0];
        for day in 0..last {
            let before = days[days.len() - 1];
            days.push(
                before + calendar::leads((plan.from + day * DAY).div_euclid(DAY) * DAY).max(1e-9),
            );
        }
        let rate = plan.cases as f64 / days[counted as usize];
        let pace = (0..plan.teams).map(|_| 0.12 * random.normal()).collect();
        let (rho, width) = (0.6, 0.10);
        let weeks_drawn = last / 7 + MARGIN;
        // A stream a team, so that its luck stays what it was when more weeks are drawn.
        let shock = (0..plan.teams)
            .map(|team| {
                let mut random = Random::new(plan.seed, u64::MAX / 2 - 1 - team as u64);
                let mut level = width * random.normal();
                let mut weeks = Vec::with_capacity(weeks_drawn as usize);
                for _ in 0..weeks_drawn {
                    weeks.push(level);
                    level = rho * level + width * (1.0f64 - rho * rho).sqrt() * random.normal();
                }
                weeks
            })
            .collect();
        let starts = plan.improvements.iter().map(|i| i.starts(&plan)).collect();
        Simulation {
            plan,
            days,
            rate,
            pace,
            shock,
            starts,
            next: 0,
        }
    }

    /// When the n-th case begins: even over the leads of all days, at an hour people work.
    fn begins(&self, number: u64, random: &mut Random) -> Micros {
        let at = (number as f64 + random.share()) / self.rate;
        // One whose day is not among those known begins after them, and has no event yet.
        let day = self.days.partition_point(|&d| d <= at).max(1) - 1;
        let midnight = (self.plan.from + day as i64 * DAY).div_euclid(DAY) * DAY;
        midnight + 8 * HOUR + (random.share() * 10.0 * HOUR as f64) as Micros
    }

    /// Days in a step for a case of a team that enters it now.
    fn days_in(&self, step: usize, team: usize, entered: Micros, random: &mut Random) -> f64 {
        let last = self.shock[team].len() as i64 - 1;
        let week = ((entered - self.plan.from).div_euclid(WEEK)).clamp(0, last) as usize;
        let year = entered as f64 / (365.25 * DAY as f64) * std::f64::consts::TAU;
        let mut log = self.pace[team]
            + self.shock[team][week]
            + 0.05 * year.sin()
            + STEPS[step].sigma * random.normal();
        for (improvement, starts) in self.plan.improvements.iter().zip(&self.starts) {
            if improvement.step == step && starts[team].is_some_and(|start| entered >= start) {
                log += (1.0 + improvement.effect).ln();
            }
        }
        for tool in self.tools(step) {
            log += tool.at(team, entered).map_or(0.0, |e| (1.0 + e.days).ln());
        }
        if step == CLOSE && self.is_approved(entered) {
            log += APPROVAL_TAKES.ln();
        }
        STEPS[step].median_days * log.exp()
    }

    fn goes_on(&self, step: usize, team: usize, entered: Micros, random: &mut Random) -> bool {
        let mut share = STEPS[step].goes_on;
        for (improvement, starts) in self.plan.improvements.iter().zip(&self.starts) {
            if improvement.step == step && starts[team].is_some_and(|start| entered >= start) {
                share += improvement.goes_on;
            }
        }
        for tool in self.tools(step) {
            share += tool.at(team, entered).map_or(0.0, |e| e.goes_on);
        }
        random.chance(share)
    }

    fn tools(&self, step: usize) -> impl Iterator<Item = &Treated> {
        self.plan.tools.iter().filter(move |t| t.step == step)
    }

    /// Whether a contract that is sent now needs an approval.
    fn is_approved(&self, entered: Micros) -> bool {
        self.plan.approval.is_some_and(|from| entered >= from)
    }

    fn case(&self, number: u64) -> Case {
        let mut random = Random::new(self.plan.seed, number);
        let team = random.below(self.plan.teams);
        let owner = person(team, random.below(PEOPLE));
        let account = account(&mut random);
        let begun = self.begins(number, &mut random);
        let weights =
            |list: &[(&'static str, f64)]| list.iter().map(|(_, w)| *w).collect::<Vec<_>>();
        let mut case = Case {
            number,
            name: format!("{account} {:04}", number + 1),
            account,
            team,
            source: SOURCES[random.pick(&weights(&SOURCES))].0,
            segment: SEGMENTS[random.pick(&weights(&SEGMENTS))].0,
            amount: ((60_000.0 * (0.9 * random.normal()).exp()) / 100.0).round() * 100.0,
            reason: None,
            owner,
            events: Vec::new(),
            entries: Vec::new(),
        };
        let mut at = begun;
        let mut step = 0;
        let mut backs = 0;
        loop {
            let on = self.goes_on(step, team, at, &mut random);
            let days = self.days_in(step, team, at, &mut random);
            let leaves =
                calendar::working(at + (days * DAY as f64) as Micros, &mut random).max(at + HOUR);
            self.inside(&mut case, step, at, leaves, on, &mut random);
            case.entries.push(Entry {
                step,
                entered: at,
                left: (leaves <= self.plan.until).then_some(leaves),
                went_on: on,
            });
            at = leaves;
            if !on || step == STEPS.len() - 1 {
                let last = if on { WON } else { LOST };
                let reasons = REASONS[step];
                let reason =
                    reasons[random.pick(&reasons.iter().map(|(_, w)| *w).collect::<Vec<_>>())].0;
                if !on && at <= self.plan.until {
                    case.reason = Some(reason).filter(|r| !r.is_empty());
                }
                let who = case.owner.clone();
                case.events.push(Event {
                    time: at,
                    activity: last,
                    who,
                });
                break;
            }
            // One case in eight goes back from the terms to the proposal, twice at most; one in twenty-five knows its need already.
            step = match step {
                3 if backs < 2 && random.chance(0.12) => {
                    backs += 1;
                    2
                }
                0 if random.chance(0.04) => 2,
                _ => step + 1,
            };
        }
        case.events.retain(|e| e.time <= self.plan.until);
        case.entries.retain(|e| e.entered <= self.plan.until);
        case
    }

    /// What happens in a step between entering and leaving it.
    fn inside(
        &self,
        case: &mut Case,
        step: usize,
        entered: Micros,
        leaves: Micros,
        on: bool,
        random: &mut Random,
    ) {
        let span = (leaves - entered).max(0) as f64;
        let mut put = |share: f64, activity: usize, who: &str, random: &mut Random| {
            let wanted = if share <= 0.0 {
                entered
            } else {
                calendar::working(entered + (span * share) as Micros, random)
            };
            let last = case.events.last().map_or(entered, |e| e.time);
            let time = wanted.clamp(last.min(leaves - 1), leaves - 1);
            case.events.push(Event {
                time,
                activity,
                who: who.to_string(),
            });
        };
        let owner = case.owner.clone();
        match step {
            0 => {
                put(0.0, LEAD, &owner, random);
                if on || random.chance(0.72) {
                    put(0.2, CONTACT, &owner, random);
                    let mut share = 0.32;
                    while random.chance(0.21) && share < 0.5 {
                        put(share, CONTACT, &owner, random);
                        share += 0.09;
                    }
                    if random.chance(if on { 0.82 } else { 0.4 }) {
                        put(0.6, MEETING, &owner, random);
                    }
                }
            }
            1 => {
                put(0.0, NEED, &owner, random);
                if random.chance(0.44) {
                    put(
                        0.62,
                        SURVEY,
                        SURVEYORS[random.below(SURVEYORS.len())],
                        random,
                    );
                    if random.chance(0.11) {
                        put(0.8, NEED, &owner, random);
                    }
                }
            }
            2 => {
                put(0.0, SENT, &owner, random);
                if random.chance(0.36) {
                    put(0.4, REVISED, &owner, random);
                    if random.chance(0.5) {
                        put(0.7, SENT, &owner, random);
                    }
                }
            }
            3 => {
                put(0.0, TERMS, &owner, random);
                if random.chance(0.45) {
                    put(0.72, LEGAL, LAWYER, random);
                    if random.chance(0.4) {
                        put(0.9, TERMS, &owner, random);
                    }
                }
            }
            _ => {
                put(0.0, CONTRACT, &owner, random);
                if self.is_approved(entered) {
                    put(0.5, APPROVAL, BOARD, random);
                }
            }
        }
    }
}

impl Iterator for Simulation {
    type Item = Case;

    fn next(&mut self) -> Option<Case> {
        // The last days may hold no lead at all; cases that come later than `until` have no event yet.
        let all = self.days[self.days.len() - 1] * self.rate;
        while (self.next as f64) < all - 1e-6 {
            self.next += 1;
            let case = self.case(self.next - 1);
            if !case.events.is_empty() {
                return Some(case);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Improvement;
    use stats::survival::kaplan_meier;

    fn until() -> Micros {
        20_000 * DAY
    }

    fn median(cases: &[Case], step: usize, keep: impl Fn(&Case, &Entry) -> bool) -> f64 {
        let (mut days, mut ended) = (Vec::new(), Vec::new());
        for case in cases {
            for entry in case
                .entries
                .iter()
                .filter(|e| e.step == step && keep(case, e))
            {
                days.push((entry.left.unwrap_or(until()) - entry.entered) as f64 / DAY as f64);
                ended.push(entry.left.is_some());
            }
        }
        kaplan_meier(&days, &ended).median().unwrap()
    }

    #[test]
    fn the_same_plan_gives_the_same_cases_as_many_as_asked() {
        let plan = Plan {
            cases: 300,
            ..Plan::usual(until())
        };
        let once: Vec<Case> = Simulation::new(plan.clone()).collect();
        assert_eq!(once.len(), 300);
        assert_eq!(once, Simulation::new(plan.clone()).collect::<Vec<_>>());
        assert_ne!(
            once,
            Simulation::new(Plan { seed: 2, ..plan }).collect::<Vec<_>>()
        );
    }

    #[test]
    fn medians_and_shares_are_those_of_the_process() {
        let cases: Vec<Case> = Simulation::new(Plan {
            cases: 20_000,
            teams: 40,
            from: until() - 60 * WEEK,
            weeks: 60,
            ..Plan::usual(until())
        })
        .collect();
        for (i, step) in STEPS.iter().enumerate() {
            let got = median(&cases, i, |_, _| true);
            assert!(
                (got / step.median_days - 1.0).abs() < 0.15,
                "{}: {got} for {}",
                step.name,
                step.median_days
            );
            let left: Vec<&Entry> = cases
                .iter()
                .flat_map(|c| &c.entries)
                .filter(|e| e.step == i && e.left.is_some())
                .collect();
            let on = left.iter().filter(|e| e.went_on).count() as f64 / left.len() as f64;
            assert!((on - step.goes_on).abs() < 0.03, "{}: {on}", step.name);
        }
    }

    #[test]
    fn events_are_in_order_and_none_is_after_the_end() {
        for case in Simulation::new(Plan {
            cases: 2_000,
            ..Plan::usual(until())
        }) {
            assert!(
                case.events.windows(2).all(|w| w[0].time <= w[1].time),
                "{case:?}"
            );
            assert!(case.events.iter().all(|e| e.time <= until()));
            assert!(!case.events.is_empty());
        }
    }

    #[test]
    fn an_improvement_shortens_its_step_where_a_team_has_it_and_nowhere_else() {
        let improvement = Improvement {
            step: 2,
            tool: "playbook".into(),
            effect: -0.4,
            goes_on: 0.0,
            first: until() - 30 * WEEK,
            every: 2,
            never: 10,
        };
        let plan = Plan {
            cases: 20_000,
            teams: 20,
            from: until() - 60 * WEEK,
            weeks: 60,
            improvements: vec![improvement.clone()],
            ..Plan::usual(until())
        };
        let starts = improvement.starts(&plan);
        let cases: Vec<Case> = Simulation::new(plan).collect();
        let treated = |c: &Case, e: &Entry| starts[c.team].is_some_and(|s| e.entered >= s);
        let ratio =
            |step| median(&cases, step, treated) / median(&cases, step, |c, e| !treated(c, e));
        assert!((ratio(2) - 0.6).abs() < 0.12, "{}", ratio(2));
        assert!((ratio(1) - 1.0).abs() < 0.15, "{}", ratio(1));
    }

    #[test]
    fn a_company_that_goes_on_has_the_same_past() {
        let short = Plan {
            approval: Some(until() - 3 * WEEK),
            ..Plan::usual(until())
        };
        let long = Plan {
            until: until() + 40 * WEEK,
            ..short.clone()
        };
        let upto = |plan: Plan| {
            Simulation::new(plan)
                .map(|mut case| {
                    case.events.retain(|e| e.time <= until());
                    (case.name, case.team, case.events)
                })
                .filter(|(_, _, events)| !events.is_empty())
                .collect::<Vec<_>>()
        };
        assert_eq!(upto(short), upto(long.clone()));
        assert!(Simulation::new(long).count() > 2 * 1_284);
    }
}
