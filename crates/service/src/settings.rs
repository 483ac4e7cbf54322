//! What holds for the whole installation. So far one thing: whether figures of single people may be looked at.
//!
//! Measures are by team, and nothing ranks people. Figures by person are off until somebody switches them on, and can
//! be locked off: then no page and no request brings them back, only a command on the machine itself.

use crate::processes::{Library, Problem};
use base::activity::{self, Kind};
use mining::EventLog;
use mining::figures::{Figures, Filter};
use mining::log::{Column, RESOURCE};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::borrow::Cow;
use store::{Db, Tx, settings};

/// Whether figures of single people may be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Individual {
    #[default]
    Off,
    On,
    /// Off, and only a command on the machine can change that.
    Locked,
}

const NAME: &str = "individual-figures";

impl Individual {
    pub fn word(self) -> &'static str {
        match self {
            Individual::Off => "off",
            Individual::On => "on",
            Individual::Locked => "locked",
        }
    }

    pub fn parse(word: &str) -> Option<Individual> {
        [Individual::Off, Individual::On, Individual::Locked]
            .into_iter()
            .find(|i| i.word() == word)
    }

    /// They may be shown.
    pub fn is_shown(self) -> bool {
        self == Individual::On
    }
}

impl Individual {
    /// Refuses a question about single people unless that is switched on.
    pub fn allows(self, filter: &Filter) -> Result<(), Problem> {
        let asks = filter.person.is_some()
            || filter
                .attributes
                .iter()
                .any(|(column, _)| names_people(column));
        if self.is_shown() || !asks {
            return Ok(());
        }
        Err(Problem::new(
            403,
            "individual_off",
            "Figures of single people are switched off here.",
            "Ask by team instead.",
        ))
    }

    /// Figures without those of single people, unless they are switched on.
    pub fn figures(self, figures: &Figures) -> Cow<'_, Figures> {
        if self.is_shown() {
            return Cow::Borrowed(figures);
        }
        let mut hidden = figures.clone();
        hidden.handovers.clear();
        for step in &mut hidden.steps {
            step.people.clear();
        }
        Cow::Owned(hidden)
    }

    /// A log without the names of those who worked on it, unless they may be shown.
    pub fn log(self, log: &EventLog) -> Cow<'_, EventLog> {
        if self.is_shown() {
            return Cow::Borrowed(log);
        }
        let mut hidden = log.clone();
        let is_open = |column: &Column| column.name != RESOURCE && !names_people(&column.name);
        hidden.event_columns.retain(is_open);
        hidden.case_columns.retain(is_open);
        Cow::Owned(hidden)
    }
}

/// How it is set. What cannot be read counts as off.
pub async fn individual(db: &Db) -> Individual {
    let kept = settings::get(db, NAME).await.ok().flatten();
    kept.and_then(|word| Individual::parse(&word))
        .unwrap_or_default()
}

/// Sets it, unless it is locked.
pub async fn set_individual(
    library: &Library,
    wanted: Individual,
    actor: &str,
) -> Result<Individual, Problem> {
    let mut tx = library.db().begin().await?;
    let before = settings::get(&mut tx, NAME).await?;
    if before.as_deref() == Some(Individual::Locked.word()) && wanted != Individual::Locked {
        return Err(Problem::new(
            409,
            "locked",
            "Figures by person are locked off for this installation.",
            "Whoever runs the machine can unlock them there: `tenon settings unlock`.",
        ));
    }
    keep(&mut tx, library, wanted, actor).await?;
    tx.commit().await?;
    Ok(wanted)
}

/// Takes the lock away; figures by person stay off. Only for the command line.
pub async fn unlock_individual(library: &Library, actor: &str) -> Result<Individual, Problem> {
    let mut tx = library.db().begin().await?;
    keep(&mut tx, library, Individual::Off, actor).await?;
    tx.commit().await?;
    Ok(Individual::Off)
}

async fn keep(
    tx: &mut Tx,
    library: &Library,
    wanted: Individual,
    actor: &str,
) -> Result<(), Problem> {
    settings::put(tx, NAME, wanted.word()).await?;
    let payload = json!({ "setting": NAME, "value": wanted });
    activity::record_installation(
        tx,
        library.clock().now(),
        Kind::SettingChanged,
        actor,
        &payload,
    )
    .await?;
    Ok(())
}

/// Words in names of columns that say who somebody is.
const PEOPLE: [&str; 9] = [
    "owner", "resource", "person", "people", "user", "employee", "agent", "assignee", "rep",
];

/// Whether a column names people, by its name.
pub fn names_people(column: &str) -> bool {
    let column = column.to_lowercase();
    column
        .split(|c: char| !c.is_alphanumeric())
        .any(|word| PEOPLE.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_people_are_known_by_their_names() {
        for (column, expected) in [
            ("owner", true),
            ("org:resource", true),
            ("Sales Rep", true),
            ("report", false),
            ("segment", false),
        ] {
            assert_eq!(names_people(column), expected, "{column}");
        }
    }
}
