//! Which team a case belongs to.

use crate::EventLog;
use crate::log::{Column, GROUP, NONE};
use serde::{Deserialize, Serialize};

/// The column a case's team is read from: of the case, or the first value among its events.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TeamColumn {
    Case(String),
    Event(String),
}

/// Words a team column is called by, best first.
const WORDS: [&str; 12] = [
    "team",
    "org:group",
    "group",
    "department",
    "abteilung",
    "equipe",
    "équipe",
    "équipo",
    "afdeling",
    "region",
    "branch",
    "office",
];

/// The likeliest team column: case columns before event columns, exact names before names that contain the word;
/// a column with one value a case, or one value in all, says nothing and is passed over.
pub fn guess_team(log: &EventLog) -> Option<TeamColumn> {
    for exact in [true, false] {
        for word in WORDS {
            let fits = |c: &&Column| {
                let name = c.name.to_lowercase();
                let bare = name.strip_prefix("case:").unwrap_or(&name);
                (if exact {
                    bare == word
                } else {
                    bare.contains(word)
                }) && tells_apart(c, log.cases())
            };
            if let Some(c) = log.case_columns.iter().find(fits) {
                return Some(TeamColumn::Case(c.name.clone()));
            }
            if let Some(c) = log.event_columns.iter().find(fits) {
                return Some(TeamColumn::Event(c.name.clone()));
            }
        }
    }
    log.event_column(GROUP)
        .map(|c| TeamColumn::Event(c.name.clone()))
}

fn tells_apart(column: &Column, cases: usize) -> bool {
    column
        .codes()
        .is_some_and(|(_, dict)| dict.len() > 1 && dict.len() <= (cases / 2).max(2))
}

/// Each case's team as a code into the column's dictionary, [`NONE`] where unknown. `None`: no such text column.
/// In words, which teams one may choose.
pub(crate) fn choose(log: &EventLog, team: &TeamColumn) -> String {
    const TOLD: usize = 30;
    let teams = team_values(log, team);
    let told: Vec<&str> = teams.iter().take(TOLD).map(|(t, _)| t.as_str()).collect();
    match teams.len() {
        n if n > TOLD => format!("Choose one of {n}, such as {}.", told.join(", ")),
        _ => format!("Choose one of: {}.", told.join(", ")),
    }
}

pub(crate) fn team_codes<'a>(
    log: &'a EventLog,
    team: &TeamColumn,
) -> Option<(Vec<u32>, &'a crate::log::Dict)> {
    match team {
        TeamColumn::Case(name) => log
            .case_column(name)?
            .codes()
            .map(|(codes, dict)| (codes.to_vec(), dict)),
        TeamColumn::Event(name) => {
            let (codes, dict) = log.event_column(name)?.codes()?;
            let first = |case| {
                codes[log.case(case)]
                    .iter()
                    .copied()
                    .find(|&c| c != NONE)
                    .unwrap_or(NONE)
            };
            Some(((0..log.cases()).map(first).collect(), dict))
        }
    }
}

/// The names of all teams, and the place of its team among them for each case.
pub fn teams_by_case(log: &EventLog, team: &TeamColumn) -> (Vec<String>, Vec<Option<usize>>) {
    let Some((codes, dict)) = team_codes(log, team) else {
        return (Vec::new(), vec![None; log.cases()]);
    };
    let of_case = codes.iter().map(|&c| (c != NONE).then_some(c as usize));
    (dict.iter().map(str::to_string).collect(), of_case.collect())
}

/// Teams with the number of their cases, most first.
pub fn team_values(log: &EventLog, team: &TeamColumn) -> Vec<(String, u64)> {
    let Some((codes, dict)) = team_codes(log, team) else {
        return Vec::new();
    };
    let mut counts = vec![0u64; dict.len()];
    codes
        .iter()
        .filter(|&&c| c != NONE)
        .for_each(|&c| counts[c as usize] += 1);
    let mut teams: Vec<(String, u64)> = dict
        .iter()
        .map(str::to_string)
        .zip(counts)
        .filter(|(_, n)| *n > 0)
        .collect();
    teams.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    teams
}
