//! Everybody and every team, in memory: for mentions, names on pages, and who belongs where.

use super::Role;
use crate::problem::Problem;
use std::collections::HashMap;
use store::Db;
use store::people::{self, PersonRow, TeamRow};

#[derive(Debug, Clone, Default)]
pub struct Directory {
    people: Vec<PersonRow>,
    teams: Vec<TeamRow>,
    by_id: HashMap<String, usize>,
    by_handle: HashMap<String, Handle>,
    members: HashMap<String, Vec<String>>,
    teams_of: HashMap<String, Vec<String>>,
}

/// What stands behind an @.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Handle {
    Person(usize),
    Team(usize),
}

/// Whom an @ names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Named<'a> {
    Person(&'a PersonRow),
    Team(&'a TeamRow),
}

impl Directory {
    pub async fn load(db: &Db) -> Result<Directory, Problem> {
        let people = people::all(db).await?;
        let teams = people::teams(db).await?;
        let members = people::members(db).await?;
        Ok(Directory::of(people, teams, members))
    }

    fn of(people: Vec<PersonRow>, teams: Vec<TeamRow>, pairs: Vec<(String, String)>) -> Directory {
        let mut members: HashMap<String, Vec<String>> = HashMap::new();
        let mut teams_of: HashMap<String, Vec<String>> = HashMap::new();
        for (team, person) in pairs {
            members
                .entry(team.clone())
                .or_default()
                .push(person.clone());
            teams_of.entry(person).or_default().push(team);
        }
        let by_id = people.iter().enumerate();
        let by_id = by_id.map(|(i, p)| (p.id.clone(), i)).collect();
        let handles = people.iter().enumerate();
        let handles = handles.map(|(i, p)| (p.handle.clone(), Handle::Person(i)));
        let of_teams = teams.iter().enumerate();
        let of_teams = of_teams.map(|(i, t)| (t.handle.clone(), Handle::Team(i)));
        let by_handle = handles.chain(of_teams).collect();
        Directory {
            people,
            teams,
            by_id,
            by_handle,
            members,
            teams_of,
        }
    }

    pub fn person(&self, id: &str) -> Option<&PersonRow> {
        self.by_id.get(id).map(|&i| &self.people[i])
    }

    /// The name of a person; what stands in the record otherwise, such as "command line".
    pub fn name<'a>(&'a self, id: &'a str) -> &'a str {
        self.person(id).map_or(id, |p| &p.name)
    }

    /// Those who can sign in, guests too, by name.
    pub fn active(&self) -> impl Iterator<Item = &PersonRow> {
        self.people.iter().filter(|p| p.state == "active")
    }

    /// Those who may be told and asked: active, and no guests.
    pub fn colleagues(&self) -> impl Iterator<Item = &PersonRow> {
        self.active().filter(|p| p.role != Role::Guest.word())
    }

    pub fn people(&self) -> &[PersonRow] {
        &self.people
    }

    pub fn teams(&self) -> &[TeamRow] {
        &self.teams
    }

    /// Ids of those in a team.
    pub fn members(&self, team: &str) -> &[String] {
        self.members.get(team).map_or(&[], Vec::as_slice)
    }

    /// The teams of a person, by name.
    pub fn teams_of(&self, person: &str) -> Vec<&TeamRow> {
        let ids = self.teams_of.get(person).map_or(&[][..], Vec::as_slice);
        self.teams.iter().filter(|t| ids.contains(&t.id)).collect()
    }

    /// Whom an @ with this word behind it names.
    pub fn named(&self, handle: &str) -> Option<Named<'_>> {
        Some(match *self.by_handle.get(&handle.to_lowercase())? {
            Handle::Person(i) => Named::Person(&self.people[i]),
            Handle::Team(i) => Named::Team(&self.teams[i]),
        })
    }
}

/// Small letters, digits, dots and dashes.
pub fn handle(wish: &str) -> String {
    let mut out = String::new();
    for c in wish.to_lowercase().chars() {
        match c {
            c if c.is_alphanumeric() => out.push(c),
            '.' | '-' | '_' | ' ' if !out.ends_with(['.', '-']) && !out.is_empty() => {
                out.push(if c == '.' { '.' } else { '-' })
            }
            _ => {}
        }
    }
    let out = out
        .trim_end_matches(['.', '-'])
        .chars()
        .take(40)
        .collect::<String>();
    if out.is_empty() { "person".into() } else { out }
}

/// An e-mail address as it is kept: small letters, one @, no blanks.
pub fn email(text: &str) -> Result<String, Problem> {
    let text = text.trim().to_lowercase();
    let is_whole = text.split_once('@').is_some_and(|(local, host)| {
        !local.is_empty() && host.contains('.') | (host == "localhost") && !host.contains('@')
    });
    let is_plain = text.len() <= 254
        && !text.contains(|c: char| c.is_whitespace() || c.is_control() || "<>,;:\"".contains(c));
    if is_whole && is_plain {
        return Ok(text);
    }
    Err(Problem::bad_request(
        format!(
            "\"{}\" is no e-mail address.",
            crate::format::short(&text, 60)
        ),
        "Write it as name@company.example.",
    ))
}

/// A name of a person, team or token: one line, 1 to 100 characters.
pub fn name(text: &str) -> Result<String, Problem> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if (1..=100).contains(&text.chars().count()) && !text.contains(char::is_control) {
        return Ok(text);
    }
    Err(Problem::bad_request(
        "The name is empty or too long.",
        "Use 1 to 100 characters.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_what_one_can_type() {
        for (wish, expected) in [
            ("Maren.Voss", "maren.voss"),
            ("Hanne Møller", "hanne-møller"),
            ("..", "person"),
            ("a--b", "a-b"),
        ] {
            assert_eq!(handle(wish), expected);
        }
    }

    #[test]
    fn addresses_are_checked() {
        for (text, ok) in [
            ("Ann@Example.com", true),
            ("ann", false),
            ("ann@x", false),
            ("a b@example.com", false),
            ("a@b@example.com", false),
            ("ann@example.com\r\nBcc: x@y.z", false),
        ] {
            assert_eq!(email(text).is_ok(), ok, "{text}");
        }
    }
}
