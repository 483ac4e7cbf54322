//! How one case moves through the steps, and how it ended.

use super::calendar::Table;
use super::steps::Slot;
use super::{CalendarError, CaseState, EndRule, Options, Steps, variant};
use crate::EventLog;
use crate::time::{DAY, MISSING, Micros, WEEK};

/// One stay of a case in a step: from its first event there until its first event in another step, or an outcome.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Visit {
    pub case: u32,
    pub step: u16,
    /// [`Leave`] in two bytes: there are as many of these as half a log has events.
    leave: u16,
    /// When it began; [`MISSING`] where the log has no time for it.
    pub entered: Micros,
    /// When it ended; [`MISSING`] while it goes on and where the log has no time for it.
    pub left: Micros,
}

impl Visit {
    pub fn leave(&self) -> Leave {
        match self.leave {
            0 => Leave::Open,
            1 => Leave::Won,
            2 => Leave::Lost,
            3 => Leave::Ended,
            step => Leave::Step(step - 4),
        }
    }

    fn set_leave(&mut self, leave: Leave) {
        self.leave = match leave {
            Leave::Open => 0,
            Leave::Won => 1,
            Leave::Lost => 2,
            Leave::Ended => 3,
            Leave::Step(step) => step.saturating_add(4),
        };
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leave {
    Open,
    Step(u16),
    Won,
    Lost,
    Ended,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct CaseFacts {
    pub case: u32,
    pub state: CaseState,
    pub backs: u32,
    pub skips: u32,
    pub variant: u64,
    pub first: Micros,
    pub last: Micros,
}

/// What all cases of a log are walked by.
pub(crate) struct Walker<'a> {
    pub log: &'a EventLog,
    pub slots: Vec<Slot>,
    pub steps: usize,
    pub as_of: Option<Micros>,
    pub calendar: Option<Table>,
    /// Monday of the first week of the log, and how many weeks it spans.
    pub first_week: Micros,
    pub weeks: usize,
    finals: Vec<bool>,
    silence: Option<Micros>,
    always: bool,
    names: Vec<u64>,
}

/// Monday 00:00 UTC of the week of a moment.
pub(crate) fn week_of(t: Micros) -> Micros {
    // 1970-01-01 was a Thursday, three days after a Monday.
    (t + 3 * DAY).div_euclid(WEEK) * WEEK - 3 * DAY
}

impl<'a> Walker<'a> {
    pub fn new(log: &'a EventLog, steps: &Steps, options: &Options) -> Result<Self, CalendarError> {
        let span = log.span();
        let as_of = span.map(|(_, last)| options.as_of.unwrap_or(last));
        let calendar = match (&options.calendar, span, as_of) {
            (Some(c), Some((a, b)), Some(now)) => Some(Table::new(c, a.min(now), b.max(now))?),
            _ => None,
        };
        let mut finals = vec![false; log.activities.len()];
        if let EndRule::FinalActivities { activities } = &options.end {
            let codes = activities.iter().filter_map(|a| log.activities.code(a));
            codes.for_each(|code| finals[code as usize] = true);
        }
        let first_week = span.map_or(0, |(a, _)| week_of(a));
        Ok(Walker {
            log,
            slots: steps.slots(log),
            steps: steps.steps.len(),
            as_of,
            calendar,
            first_week,
            weeks: span.map_or(1, |(_, b)| ((week_of(b) - first_week) / WEEK) as usize + 1),
            finals,
            silence: match options.end {
                EndRule::Silence { days } => Some((days * DAY as f64) as Micros),
                _ => None,
            },
            always: options.end == EndRule::Always,
            names: variant::name_hashes(log),
        })
    }

    /// From one moment to a later one, on the clock or the calendar; never negative.
    pub fn span(&self, from: Micros, to: Micros) -> Micros {
        match &self.calendar {
            Some(table) => table.span(from, to).max(0),
            None => (to - from).max(0),
        }
    }

    pub fn week(&self, t: Micros) -> usize {
        (((t - self.first_week) / WEEK) as usize).min(self.weeks - 1)
    }

    /// When work on an event began, where known; else its moment.
    pub fn begin(&self, event: usize) -> Micros {
        match self.log.start.get(event) {
            Some(&start) if start != MISSING => start,
            _ => self.log.time[event],
        }
    }

    /// Walks a case, appending its visits. `visited` is scratch of one entry a step.
    pub fn case(&self, case: usize, visits: &mut Vec<Visit>, visited: &mut Vec<bool>) -> CaseFacts {
        let events = self.log.case(case);
        let from = visits.len();
        visited.clear();
        visited.resize(self.steps, false);
        let (mut hash, mut first, mut last) = (variant::START, MISSING, MISSING);
        let (mut backs, mut skips) = (0, 0);
        let mut outcome: Option<Slot> = None;
        for event in events.clone() {
            let activity = self.log.activity[event] as usize;
            hash = variant::mix(hash, self.names[activity]);
            let time = self.log.time[event];
            if time != MISSING {
                first = if first == MISSING {
                    time
                } else {
                    first.min(time)
                };
                last = last.max(time);
            }
            let slot = self.slots[activity];
            let here = visits[from..]
                .last()
                .filter(|v| v.leave() == Leave::Open)
                .map(|v| v.step);
            match slot {
                Slot::Nowhere => continue,
                Slot::Step(step) => {
                    outcome = None;
                    if here == Some(step) {
                        continue;
                    }
                    let before = visits[from..].last().map(|v| v.step);
                    if before.is_some_and(|b| step < b) {
                        backs += 1;
                    }
                    let passed = before.map_or(0, |b| b as usize + 1)..step as usize;
                    // A case may begin at any step; only what it jumps over afterwards is a skip.
                    if before.is_some() && passed.into_iter().any(|s| !visited[s]) {
                        skips += 1;
                    }
                    self.leave(visits, from, Leave::Step(step), event);
                    visited[step as usize] = true;
                    visits.push(Visit {
                        case: case as u32,
                        step,
                        leave: 0,
                        entered: self.begin(event),
                        left: MISSING,
                    });
                }
                Slot::Won => {
                    outcome = Some(slot);
                    self.leave(visits, from, Leave::Won, event);
                }
                Slot::Lost => {
                    outcome = Some(slot);
                    self.leave(visits, from, Leave::Lost, event);
                }
            }
        }
        let state = match outcome {
            Some(Slot::Won) => CaseState::Won,
            Some(Slot::Lost) => CaseState::Lost,
            _ if self.ended(
                events.end.checked_sub(1).filter(|e| events.contains(e)),
                last,
            ) =>
            {
                CaseState::Ended
            }
            _ => CaseState::Open,
        };
        if state == CaseState::Ended
            && let Some(v) = visits[from..]
                .last_mut()
                .filter(|v| v.leave() == Leave::Open)
        {
            v.set_leave(Leave::Ended);
            v.left = last;
        }
        CaseFacts {
            case: case as u32,
            state,
            backs,
            skips,
            variant: hash,
            first,
            last,
        }
    }

    fn leave(&self, visits: &mut [Visit], from: usize, to: Leave, event: usize) {
        if let Some(v) = visits[from..]
            .last_mut()
            .filter(|v| v.leave() == Leave::Open)
        {
            v.set_leave(to);
            v.left = self.begin(event);
        }
    }

    fn ended(&self, last_event: Option<usize>, last: Micros) -> bool {
        if self.always {
            return true;
        }
        match (self.silence, self.as_of, last_event) {
            // Without a time silence cannot be told, and nobody can still be waiting for it either.
            (Some(_), _, _) if last == MISSING => true,
            (Some(silence), Some(as_of), _) => as_of - last >= silence,
            (None, _, Some(event)) => self.finals[self.log.activity[event] as usize],
            _ => false,
        }
    }
}
