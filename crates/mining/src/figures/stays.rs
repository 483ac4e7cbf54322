//! Stays in one step, as what an improvement of that step is judged by: when a case came, and when what happened next.

use super::team::team_codes;
use super::walk::{Leave, Visit, Walker};
use super::{CalendarError, Options, Steps, TeamColumn};
use crate::EventLog;
use crate::log::{Dict, NONE};
use crate::time::{MISSING, Micros};

/// The first stay of a case in the step, with the moments of what followed; `None` for what has not happened.
///
/// Moments rather than outcomes, so that any horizon can be held against them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stay {
    pub case: u32,
    /// Index into the teams of [`Stays`]: the case's team when it entered.
    pub team: u32,
    pub entered: Micros,
    /// To any other step or to an outcome.
    pub left: Option<Micros>,
    /// To a later step, or won; at any later visit.
    pub went_on: Option<Micros>,
    /// To an earlier step, straight from this stay or a later one here.
    pub went_back: Option<Micros>,
    /// Into this step once more.
    pub came_back: Option<Micros>,
    /// Over a later step that the case had not been in.
    pub skipped: Option<Micros>,
    pub won: Option<Micros>,
    pub lost: Option<Micros>,
    /// The first event after the one that entered.
    pub next_event: Option<Micros>,
    /// The case's own first event.
    pub began: Micros,
    /// Its end, where it has ended.
    pub ended: Option<Micros>,
}

/// All stays in one step.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stays {
    pub teams: Vec<String>,
    /// In case order.
    pub stays: Vec<Stay>,
    /// Stays left out because the log does not say when they began, or which team had them.
    pub without_time: u64,
    pub without_team: u64,
}

impl Stays {
    /// Collects the stays of all cases in the step at index `step`. Without a team column every case is of one team
    /// that has no name.
    pub fn of(
        log: &EventLog,
        steps: &Steps,
        options: &Options,
        step: usize,
    ) -> Result<Stays, CalendarError> {
        let walker = Walker::new(log, steps, options)?;
        let codes = options.team.as_ref().and_then(|t| team_codes(log, t));
        // Where teams stand at events, a case may change its team on the way: the one it entered with counts.
        let moving = match &options.team {
            Some(TeamColumn::Event(name)) => log.event_column(name).and_then(|c| c.codes()),
            _ => None,
        };
        let mut out = Stays {
            teams: codes.as_ref().map_or_else(
                || vec![String::new()],
                |(_, dict)| dict.iter().map(str::to_string).collect(),
            ),
            ..Stays::default()
        };
        let (mut visits, mut visited) = (Vec::new(), Vec::new());
        for case in 0..log.cases() {
            visits.clear();
            let facts = walker.case(case, &mut visits, &mut visited);
            let Some(at) = visits.iter().position(|v| v.step as usize == step) else {
                continue;
            };
            let first = visits[at];
            let entered = first.entered;
            if entered == MISSING {
                out.without_time += 1;
                continue;
            }
            let team = match &codes {
                None => 0,
                Some((codes, _)) => match now_of(log, moving, case, entered) {
                    Some(team) => team,
                    None => codes[case],
                },
            };
            if team == NONE {
                out.without_team += 1;
                continue;
            }
            let mut stay = Stay {
                case: case as u32,
                team,
                entered,
                left: known(first.left).filter(|_| first.leave() != Leave::Open),
                went_on: None,
                went_back: None,
                came_back: None,
                skipped: None,
                won: None,
                lost: None,
                next_event: next_event(log, case, entered),
                began: facts.first,
                ended: known(facts.last).filter(|_| facts.state != super::CaseState::Open),
            };
            follow(&mut stay, &visits[..at], &visits[at..], step);
            out.stays.push(stay);
        }
        Ok(out)
    }
}

fn known(moment: Micros) -> Option<Micros> {
    Some(moment).filter(|&m| m != MISSING)
}

/// Reads what happened from the first visit to the step on.
fn follow(stay: &mut Stay, before: &[Visit], visits: &[Visit], step: usize) {
    let mut seen: Vec<usize> = before.iter().map(|v| v.step as usize).collect();
    for (i, visit) in visits.iter().enumerate() {
        let here = visit.step as usize;
        let left = known(visit.left);
        if here == step && i > 0 {
            stay.came_back = stay.came_back.or(known(visit.entered));
        }
        seen.push(here);
        match visit.leave() {
            Leave::Step(to) => {
                let to = to as usize;
                if here <= step && to > step {
                    stay.went_on = stay.went_on.or(left);
                }
                if here == step && to < step {
                    stay.went_back = stay.went_back.or(left);
                }
                if to > here + 1 && (here + 1..to).any(|s| !seen.contains(&s)) {
                    stay.skipped = stay.skipped.or(left);
                }
            }
            Leave::Won => {
                stay.won = left;
                stay.went_on = stay.went_on.or(left);
            }
            Leave::Lost => stay.lost = left,
            Leave::Open | Leave::Ended => {}
        }
    }
}

/// The team of the last event up to a moment that names one.
fn now_of(log: &EventLog, teams: Option<(&[u32], &Dict)>, case: usize, at: Micros) -> Option<u32> {
    let (codes, _) = teams?;
    log.case(case)
        .filter(|&row| codes[row] != NONE && (log.time[row] == MISSING || log.time[row] <= at))
        .map(|row| codes[row])
        .next_back()
}

/// The first moment after the one the case entered at.
fn next_event(log: &EventLog, case: usize, entered: Micros) -> Option<Micros> {
    log.case(case)
        .map(|row| log.time[row])
        .find(|&t| t != MISSING && t > entered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Step;
    use crate::log::{Cell, LogBuilder};
    use crate::time::DAY;

    fn steps() -> Steps {
        let step = |name: &str| Step {
            name: name.into(),
            activities: vec![name.into()],
        };
        Steps {
            steps: vec![step("a"), step("b"), step("c"), step("d")],
            won: vec!["won".into()],
            lost: vec!["lost".into()],
            ..Steps::default()
        }
    }

    /// One case a text: an activity a day, a point for a day without one; on the fifth day it changes its team.
    fn log(cases: &[&str]) -> EventLog {
        let mut builder = LogBuilder::new();
        for (i, text) in cases.iter().enumerate() {
            let case = builder.case(&format!("c{i}"));
            for (day, activity) in text.split(' ').enumerate().filter(|(_, a)| *a != ".") {
                let row = builder.event(case, activity, day as i64 * DAY, MISSING);
                let team = ["North", "South"][(i + day / 4) % 2];
                builder.event_attribute(row, "team", Cell::Text(team.into()));
            }
        }
        builder.finish()
    }

    fn stays(cases: &[&str], step: usize) -> Stays {
        let log = log(cases);
        let options = Options {
            team: Some(super::super::TeamColumn::Event("team".into())),
            ..Options::default()
        };
        Stays::of(&log, &steps(), &options, step).unwrap()
    }

    #[test]
    fn a_case_that_goes_on_is_told_with_its_moments() {
        let all = stays(&["a b . b c d won", "a lost"], 1);
        assert_eq!(all.teams, ["North", "South"]);
        let s = all.stays[0];
        assert_eq!(all.stays.len(), 1, "the second case never was in b");
        assert_eq!(
            (s.entered, s.left, s.went_on),
            (DAY, Some(4 * DAY), Some(4 * DAY))
        );
        assert_eq!(
            (s.next_event, s.won, s.ended),
            (Some(3 * DAY), Some(6 * DAY), Some(6 * DAY))
        );
        assert_eq!(
            (s.went_back, s.came_back, s.skipped, s.lost),
            (None, None, None, None)
        );
    }

    #[test]
    fn ways_back_and_skips_are_told() {
        let s = stays(&["a b a b d lost"], 1).stays[0];
        assert_eq!(
            (s.left, s.went_back, s.came_back),
            (Some(2 * DAY), Some(2 * DAY), Some(3 * DAY))
        );
        assert_eq!(
            (s.went_on, s.skipped, s.lost),
            (Some(4 * DAY), Some(4 * DAY), Some(5 * DAY))
        );
    }

    #[test]
    fn the_team_is_the_one_the_case_entered_with() {
        let all = stays(&["a b . . . c"], 1);
        assert_eq!(all.stays[0].team, 0);
        assert_eq!(stays(&["a . . . . b c"], 1).stays[0].team, 1);
    }

    #[test]
    fn an_open_case_has_left_nothing() {
        let s = stays(&["a b"], 1).stays[0];
        assert_eq!(
            (s.left, s.went_on, s.next_event, s.ended),
            (None, None, None, None)
        );
    }
}
