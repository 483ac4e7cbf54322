//! When each team starts: `team,rollout_week,rollout_date`. Either of the two may be missing or empty.

use super::table::Table;
use mining::Micros;
use mining::time::WEEK;
use rustc_hash::FxHashMap;
use std::path::Path;

/// Teams in the order of their file.
pub struct Teams {
    pub file: String,
    pub names: Vec<String>,
    by_name: FxHashMap<Vec<u8>, u32>,
    starts: Vec<Start>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Start {
    Never,
    On(Micros),
    /// Weeks from the Monday of the first entry.
    Week(f64),
}

impl Teams {
    pub fn read(path: &Path) -> anyhow::Result<Teams> {
        let mut table = Table::open(path)?;
        let team = table.needed("team")?;
        let (week, date) = (table.column("rollout_week"), table.column("rollout_date"));
        if week.is_none() {
            table.needed("rollout_date")?;
        }
        let mut teams = Teams {
            file: table.name().to_owned(),
            names: Vec::new(),
            by_name: FxHashMap::default(),
            starts: Vec::new(),
        };
        while table.next()? {
            let name = table.text(team)?.to_owned();
            if name.is_empty() {
                return Err(table.wrong(
                    team,
                    "the team has no name.",
                    "Write it, or take the row out.",
                ));
            }
            let start = start(&table, week, date)?;
            let number = teams.names.len() as u32;
            if teams
                .by_name
                .insert(name.clone().into_bytes(), number)
                .is_some()
            {
                return Err(table.wrong(
                    team,
                    &format!("the team \"{name}\" is there twice."),
                    "A team starts once: keep one row.",
                ));
            }
            teams.names.push(name);
            teams.starts.push(start);
        }
        anyhow::ensure!(
            teams.starts.iter().any(|s| *s != Start::Never),
            "{}: no team ever starts, so there is nothing to compare. Give at least one team a rollout_date, and leave it empty for those that wait.",
            teams.file
        );
        Ok(teams)
    }

    pub fn number(&self, name: &[u8]) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    /// Start moments; weeks are counted from `monday`.
    pub fn starts(&self, monday: Micros) -> Vec<Option<Micros>> {
        let of = |start: &Start| match *start {
            Start::Never => None,
            Start::On(moment) => Some(moment),
            Start::Week(week) => Some(monday + (week * WEEK as f64).round() as Micros),
        };
        self.starts.iter().map(of).collect()
    }
}

fn start(table: &Table, week: Option<usize>, date: Option<usize>) -> anyhow::Result<Start> {
    let is_never = |column: usize| table.bytes(column).eq_ignore_ascii_case(b"never");
    if let Some(date) = date.filter(|&d| !is_never(d))
        && let Some(moment) = table.moment(date)?
    {
        return Ok(Start::On(moment));
    }
    if let Some(week) = week.filter(|&w| !is_never(w))
        && let Some(number) = table.number(week)?
    {
        if number.abs() > 5_000.0 {
            return Err(table.wrong(
                week,
                &format!("week {number} is a hundred years away."),
                "Count weeks from the Monday of the first entry.",
            ));
        }
        return Ok(Start::Week(number));
    }
    Ok(Start::Never)
}
