//! Before anything starts: who would start when, and what could be known after how long.

use super::cells::{self, Scope};
use super::{Measure, Plan};
use crate::processes::Loaded;
use base::format;
use mining::figures::Stays;
use mining::time::{DAY, Micros, WEEK};
use serde::Serialize;
use stats::claim::{Claim, Order};
use stats::planning::{Forecast, Proposal, Waves, forecast};

/// What a roll-out can find out.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Outlook {
    /// For a person, before anything starts.
    pub sentence: String,
    /// Whether a verdict is possible at all.
    pub possible: bool,
    pub cases_a_week: f64,
    /// The smallest effect that would be found by the end, four times in five; in days or as a share.
    pub detectable: Option<f64>,
    /// Weeks from the first start until that much is known.
    pub weeks: Option<f64>,
    /// The smallest zone in which "no meaningful difference" could be certified at the end.
    pub certifiable: Option<f64>,
    /// Look by look: weeks from the first start, and the effect that would be found by then.
    pub looks: Vec<(f64, Option<f64>)>,
    pub orders: Option<u64>,
}

/// Draws which team starts when. The same seed, teams and dates give the same draw.
pub fn draw(
    teams: &[String],
    never: Option<usize>,
    at_once: Option<usize>,
    first: Micros,
    every_weeks: u32,
    seed: u64,
) -> Vec<(String, Option<Micros>)> {
    let usual = Waves::propose(teams.len());
    let never = never.unwrap_or(usual.never).min(teams.len());
    let starting = teams.len() - never;
    let sizes = match at_once {
        None if starting == usual.sizes.iter().sum::<usize>() => usual.sizes,
        other => {
            let size = other.unwrap_or(1).max(1);
            let full = starting / size;
            let rest = starting % size;
            std::iter::repeat_n(size, full)
                .chain((rest > 0).then_some(rest))
                .collect()
        }
    };
    let waves = Waves { sizes, never };
    let every = Micros::from(every_weeks) * WEEK;
    let starts = stats::planning::draw(&waves, first, every, seed);
    let mut drawn: Vec<(String, Option<Micros>)> = teams.iter().cloned().zip(starts).collect();
    drawn.sort_by_key(|(_, start)| start.unwrap_or(Micros::MAX));
    drawn
}

impl Outlook {
    /// Looks ahead from the history of a step.
    pub fn of(
        process: &Loaded,
        stays: &Stays,
        measure: Measure,
        plan: &Plan,
        starts: &[(String, Option<Micros>)],
        now: Micros,
    ) -> Outlook {
        let names: Vec<String> = starts.iter().map(|(team, _)| team.clone()).collect();
        let last = process.log.span().map_or(now, |(_, last)| last);
        let as_of = match measure.is_of_conversations() {
            true => last.max(now),
            false => last,
        };
        let scope = Scope {
            teams: &names,
            horizon: (plan.horizon_days * DAY as f64) as Micros,
            as_of,
            begin: cells::begin([stays]),
        };
        let history = cells::of(stays, &scope, |stay| measure.of(stay, scope.horizon));
        let proposal = Proposal {
            starts: starts.iter().map(|(_, start)| *start).collect(),
            horizon: scope.horizon,
            washout: (plan.washout_days * DAY as f64) as Micros,
            ends: plan.ends,
            order: if plan.drawn {
                Order::DrawnByLot
            } else {
                Order::Chosen
            },
            alpha: 0.05,
        };
        match forecast(&history, &proposal) {
            None => Outlook {
                sentence: "There is too little history at this step to say how long it would take: four weeks and two teams are the least.".into(),
                possible: false,
                cases_a_week: 0.0,
                detectable: None,
                weeks: None,
                certifiable: None,
                looks: Vec::new(),
                orders: None,
            },
            Some(forecast) => told(measure, plan, starts, &forecast),
        }
    }
}

fn told(
    measure: Measure,
    plan: &Plan,
    starts: &[(String, Option<Micros>)],
    forecast: &Forecast,
) -> Outlook {
    let weeks = |on: Micros| (on - plan.first) as f64 / WEEK as f64;
    let at_end = forecast.looks.last();
    // The first look by which most of what can be found at all would be found.
    let enough = at_end
        .and_then(|l| l.detectable)
        .and_then(|d| forecast.known_after(d * 1.15));
    let possible = !matches!(forecast.claim, Claim::CannotBeAnswered)
        && enough.is_some_and(|l| l.detectable.is_some());
    let judged = measure.judged();
    let amount = |effect: f64| judged.with_unit(effect, judged.decimals(effect));
    let (teams, cases) = (
        format::count(starts.len() as i64),
        format::count(forecast.cases_a_period.round() as i64),
    );
    let given = format!("With {teams} teams and about {cases} cases a week");
    let sentence = match (forecast.claim, enough) {
        (Claim::CannotBeAnswered, _) => format!(
            "{given}, this roll-out can never give an answer: too few orders of teams could be drawn. Take more teams, or let them start one after the other."
        ),
        (Claim::ConsistentWith, _) => format!(
            "{given}, nobody is left to compare with: the most that could be said is \"consistent with an effect\". Let at least two teams start later or not at all."
        ),
        (_, Some(look)) if possible => {
            let found = look.detectable.unwrap_or_default();
            let claim = match forecast.claim {
                Claim::Indicative => " With so few teams it could only be indicative.",
                Claim::Observational => {
                    " The order was chosen, so the verdict will be called observational."
                }
                _ => "",
            };
            format!(
                "{given} you will likely know after {:.0} weeks whether it changes this by more than {}.{claim}",
                weeks(look.on).ceil(),
                amount(found)
            )
        }
        _ => format!(
            "{given}, hardly any effect would be seen by the planned end. Plan a later end, or more teams."
        ),
    };
    Outlook {
        sentence,
        possible,
        cases_a_week: forecast.cases_a_period,
        detectable: at_end.and_then(|l| l.detectable),
        weeks: enough.map(|l| weeks(l.on)),
        certifiable: forecast.certifiable,
        looks: forecast
            .looks
            .iter()
            .map(|l| (weeks(l.on), l.detectable))
            .collect(),
        orders: forecast.orders,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn teams(n: usize) -> Vec<String> {
        (0..n).map(|i| format!("T{i}")).collect()
    }

    #[test]
    fn the_same_seed_draws_the_same_order_and_another_one_another() {
        let all = |seed| draw(&teams(8), None, None, 0, 2, seed);
        assert_eq!(all(7), all(7));
        assert_ne!(all(7), all(8));
    }

    #[test]
    fn every_team_is_drawn_once_and_the_waiting_come_last() {
        let drawn = draw(&teams(7), Some(2), Some(1), WEEK, 3, 1);
        let starts: Vec<Option<Micros>> = drawn.iter().map(|(_, s)| *s).collect();
        let planned = (0..5).map(|i| Some(WEEK + i * 3 * WEEK));
        assert_eq!(starts, planned.chain([None, None]).collect::<Vec<_>>());
        let mut names: Vec<&String> = drawn.iter().map(|(t, _)| t).collect();
        names.sort();
        assert_eq!(names, teams(7).iter().collect::<Vec<_>>());
    }
}
