//! Stays in one step, a row each: `case,team,enter_step,leave_step,outcome`. Read once, as a stream; what is kept of a
//! row are a few numbers, whatever else it holds.

use super::rollout::Teams;
use super::table::Table;
use mining::Micros;
use rustc_hash::{FxHashMap, FxHasher};
use stats::calendar::Calendar;
use stats::cells::{Case, Cells, Outcome, Spec};
use std::hash::Hasher;
use std::path::Path;

/// Not left yet.
const OPEN: Micros = Micros::MIN;
/// Cells count cases of a team that there is not as unreadable.
const NO_TEAM: u32 = u32::MAX;

struct Stay {
    entered: Micros,
    left: Micros,
    team: u32,
    went_on: bool,
}

pub struct Cases {
    stays: Vec<Stay>,
    /// Other numbers, a list a column that was asked for.
    numbers: Vec<Vec<f64>>,
    pub first: Option<Micros>,
    pub last: Option<Micros>,
    /// Rows of a case that was there before; the stay that began first counts.
    pub repeated: u64,
}

/// What is averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Days,
    GoesOn,
    /// A column of those that were asked for.
    Number(usize),
}

impl Cases {
    /// Reads a file. `outcome` says whether the outcome is needed, `numbers` which other columns are.
    pub fn read(
        path: &Path,
        teams: &Teams,
        outcome: bool,
        numbers: &[String],
    ) -> anyhow::Result<Cases> {
        let mut table = Table::open(path)?;
        let case = table.needed("case")?;
        let team = table.needed("team")?;
        let (enter, leave) = (table.needed("enter_step")?, table.needed("leave_step")?);
        let outcome = match outcome {
            true => Some(table.needed("outcome")?),
            false => table.column("outcome"),
        };
        let columns: Vec<usize> = numbers
            .iter()
            .map(|name| table.needed(&name.to_lowercase()))
            .collect::<anyhow::Result<_>>()?;
        let mut cases = Cases {
            stays: Vec::new(),
            numbers: vec![Vec::new(); columns.len()],
            first: None,
            last: None,
            repeated: 0,
        };
        let mut known: FxHashMap<u64, u32> = FxHashMap::default();
        while table.next()? {
            let name = table.bytes(case);
            if name.is_empty() {
                return Err(table.wrong(
                    case,
                    "the case has no name.",
                    "Write it, or take the row out.",
                ));
            }
            let stay = stay(&table, teams, (team, enter, leave, outcome))?;
            let row: Vec<f64> = columns
                .iter()
                .map(|&c| Ok(table.number(c)?.unwrap_or(f64::NAN)))
                .collect::<anyhow::Result<_>>()?;
            cases.add(hash(name), stay, &row, &mut known);
        }
        let name = table.name();
        anyhow::ensure!(!cases.stays.is_empty(), "{name} has no cases.");
        anyhow::ensure!(
            cases.first.is_some(),
            "{name}: no case says when it entered the step. Fill the column enter_step."
        );
        Ok(cases)
    }

    fn add(&mut self, name: u64, stay: Stay, row: &[f64], known: &mut FxHashMap<u64, u32>) {
        if stay.entered != OPEN {
            self.first = Some(self.first.map_or(stay.entered, |f| f.min(stay.entered)));
            let last = stay.entered.max(stay.left);
            self.last = Some(self.last.map_or(last, |l| l.max(last)));
        }
        let at = *known.entry(name).or_insert(self.stays.len() as u32) as usize;
        if at == self.stays.len() {
            self.stays.push(stay);
            self.numbers
                .iter_mut()
                .zip(row)
                .for_each(|(c, n)| c.push(*n));
            return;
        }
        self.repeated += 1;
        if stay.entered < self.stays[at].entered {
            self.stays[at] = stay;
            self.numbers
                .iter_mut()
                .zip(row)
                .for_each(|(c, n)| c[at] = *n);
        }
    }

    pub fn len(&self) -> usize {
        self.stays.len()
    }

    /// Cells of what is averaged.
    pub fn cells(
        &self,
        what: What,
        teams: usize,
        calendar: Calendar,
        horizon: Micros,
        as_of: Micros,
    ) -> Cells {
        let spec = Spec {
            outcome: match what {
                What::Days => Outcome::DaysInStep,
                What::GoesOn => Outcome::GoesOn,
                What::Number(_) => Outcome::Value,
            },
            teams,
            calendar,
            horizon,
            as_of,
        };
        let numbers = match what {
            What::Number(column) => self.numbers.get(column),
            _ => None,
        };
        let case = |(at, stay): (usize, &Stay)| Case {
            team: stay.team,
            entered: stay.entered,
            left: Some(stay.left).filter(|&l| l != OPEN),
            went_on: stay.went_on,
            value: numbers.map_or(f64::NAN, |n| n[at]),
        };
        Cells::of(self.stays.iter().enumerate().map(case), &spec)
    }
}

fn hash(name: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(name);
    hasher.finish()
}

type Columns = (usize, usize, usize, Option<usize>);

fn stay(
    table: &Table,
    teams: &Teams,
    (team, enter, leave, outcome): Columns,
) -> anyhow::Result<Stay> {
    let name = table.bytes(team);
    let number = match teams.number(name) {
        Some(number) => number,
        None if name.is_empty() => NO_TEAM,
        None => {
            let name = String::from_utf8_lossy(name).into_owned();
            return Err(table.wrong(
                team,
                &format!("the team \"{name}\" is not in {}.", teams.file),
                "Add a row for it there, with an empty date if it never starts.",
            ));
        }
    };
    let entered = table.moment(enter)?;
    let left = table.moment(leave)?;
    if let (Some(entered), Some(left)) = (entered, left)
        && left < entered
    {
        return Err(table.wrong(
            leave,
            "the case left before it entered.",
            "Correct one of the two moments, or leave the row out.",
        ));
    }
    let went_on = outcome.is_some_and(|o| table.bytes(o).eq_ignore_ascii_case(b"next"));
    if went_on && left.is_none() {
        return Err(table.wrong(
            leave,
            "the case went on, but does not say when.",
            "Write when it left, or \"open\" as its outcome.",
        ));
    }
    Ok(Stay {
        team: entered.map_or(NO_TEAM, |_| number),
        entered: entered.unwrap_or(OPEN),
        left: left.unwrap_or(OPEN),
        went_on,
    })
}
