//! What the filter forms say: the labels of their buttons, and the conditions each form must carry along.

use super::Filters;
use base::format;

impl Filters {
    /// The conditions in force except some, for the hidden fields of the form that sets those.
    pub fn but(&self, one: &str, other: &str) -> Vec<(String, String)> {
        let mut pairs = self.hidden.clone();
        let mut put = |key: &str, value: &str| {
            if !value.is_empty() {
                pairs.push((key.to_string(), value.to_string()));
            }
        };
        put("from", &self.from);
        put("to", &self.to);
        self.teams
            .iter()
            .filter(|t| t.2)
            .for_each(|t| put("team", &t.0));
        self.states
            .iter()
            .filter(|s| s.2)
            .for_each(|s| put("state", s.0));
        // The form of the period sets both of its two periods.
        pairs.retain(|(key, _)| {
            key != one && key != other && !(one == "from" && key.starts_with("vs_"))
        });
        pairs
    }

    /// The same for the form of attributes, which sets all of the columns it shows.
    pub fn but_attributes(&self) -> Vec<(String, String)> {
        let mut pairs = self.but("", "");
        let is_shown = |key: &str| {
            key.strip_prefix("attr.")
                .is_some_and(|name| self.attributes.iter().any(|(column, _)| column == name))
        };
        pairs.retain(|(key, _)| !is_shown(key));
        pairs
    }

    /// What is set of attributes and hours.
    pub fn more_label(&self) -> String {
        let asked = self.attributes.iter().filter(|(_, v)| self.is_asked(v));
        let mut on: Vec<&str> = asked.map(|(name, _)| name.as_str()).collect();
        if !self.working.is_empty() {
            on.push("Working hours");
        }
        match on.as_slice() {
            [] => "More".into(),
            [one] => (*one).to_string(),
            more => format!("{} more", more.len()),
        }
    }

    /// Whether a value of this column is asked for.
    pub fn is_asked(&self, values: &[(String, String, bool)]) -> bool {
        values.iter().any(|v| v.2)
    }

    /// `1 Mar 2026 to 31 Aug 2026`, or that there is no limit.
    pub fn period(&self) -> String {
        let (from, to) = (format::day(&self.from), format::day(&self.to));
        match (self.from.is_empty(), self.to.is_empty()) {
            (true, true) => "All time".into(),
            (false, true) => format!("Since {from}"),
            (true, false) => format!("Until {to}"),
            (false, false) => format!("{from} – {to}"),
        }
    }

    pub fn team_label(&self) -> String {
        let on: Vec<&str> = self
            .teams
            .iter()
            .filter(|t| t.2)
            .map(|t| t.0.as_str())
            .collect();
        match on.as_slice() {
            [] if self.teams.len() == 1 => "1 team".into(),
            [] => format!("All {}", format::many(self.teams.len() as i64, "team")),
            [one] => (*one).to_string(),
            more => format!("{} of {} teams", more.len(), self.teams.len()),
        }
    }

    pub fn state_label(&self) -> &'static str {
        match self.states.iter().find(|s| s.2).map(|s| s.0) {
            None | Some("") => "All cases",
            Some("open") => "Open cases",
            Some("closed") => "Closed cases",
            Some("won") => "Won cases",
            Some(_) => "Lost cases",
        }
    }
}
