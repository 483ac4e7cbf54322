//! Which case something is about, why, and how sure that is. Where two fit, it is left for a person.

use super::token;
use crate::processes::fit;
use crate::processes::view::Loaded;
use connectors::channel::Author;
use mining::figures::teams_by_case;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use store::desk::About;

/// Words of cases by which customers are found: each value of an attribute that only few cases have.
pub struct Matcher {
    loaded: Arc<Loaded>,
    place: Vec<Option<usize>>,
    /// A value in lower case to the cases that have it, and the attribute it stands in.
    by_value: HashMap<String, (Vec<u32>, u16)>,
    names: Vec<String>,
    /// The code of a name to its case.
    by_code: HashMap<u32, usize>,
    teams: (Vec<String>, Vec<Option<usize>>),
    /// The tokens of all cases, once one is looked for.
    tokens: OnceLock<HashMap<String, u32>>,
}

/// That something was sent to the address of a case.
pub fn addressed_to(case: String) -> Found {
    Found {
        case: Some(case),
        reason: "It was sent to the address of this case.".into(),
        sure: 100,
    }
}

/// What is found of somebody who may be somebody else: never by what she says she is (`hers`) alone, and half as sure of the rest. `why` is
/// the reason to doubt it.
pub fn doubted(found: Found, hers: Found, why: &str) -> Found {
    let reason = match (&found.case, &hers.case) {
        (Some(_), _) => format!("{} {why}", found.reason),
        (None, Some(case)) => {
            format!("{why} By her address it would be {case}: choose it if it is hers.")
        }
        (None, None) => format!("{} {why}", found.reason),
    };
    Found {
        reason: reason.trim().into(),
        sure: found.sure / 2,
        case: found.case,
    }
}

/// A value that more cases have says nothing about which one it is.
const FEW: usize = 8;
/// A name in running text is shorter only by chance.
const SHORTEST: usize = 5;

/// Where a case stands: its step, and what happened last and when.
pub struct Stand {
    pub step: Option<String>,
    pub last: String,
    pub at: i64,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub case: Option<String>,
    pub reason: String,
    pub sure: i64,
}

impl Matcher {
    pub fn new(loaded: Arc<Loaded>) -> Matcher {
        let mut by_value: HashMap<String, (Vec<u32>, u16)> = HashMap::new();
        let mut names = vec!["name".to_string()];
        let mut add = |value: &str, case: u32, column: u16| {
            let value = value.trim().to_lowercase();
            if value.chars().count() < 3 || value.len() > 200 {
                return;
            }
            let cases = &mut by_value
                .entry(value)
                .or_insert_with(|| (Vec::new(), column))
                .0;
            // One more than few, so that it is seen that there are too many.
            if cases.len() <= FEW && cases.last() != Some(&case) {
                cases.push(case);
            }
        };
        for case in 0..loaded.log.cases() {
            add(loaded.log.case_name(case), case as u32, 0);
        }
        for column in &loaded.log.case_columns {
            let at = names.len() as u16;
            names.push(column.name.clone());
            for case in 0..column.len() {
                if let Some(value) = column.display(case) {
                    add(&value, case as u32, at);
                }
            }
        }
        let by_code = loaded.log.case_name.iter().enumerate();
        let team = loaded.options.team.as_ref();
        Matcher {
            place: fit::step_of(&loaded.log, &loaded.steps),
            by_code: by_code.map(|(case, code)| (*code, case)).collect(),
            teams: team
                .map(|t| teams_by_case(&loaded.log, t))
                .unwrap_or_default(),
            loaded,
            by_value,
            names,
            tokens: OnceLock::new(),
        }
    }

    /// The one case that has a value, open ones before ended ones; or how many have it.
    fn only(&self, value: &str) -> Option<(Result<u32, usize>, &str)> {
        let (cases, column) = self.by_value.get(&value.trim().to_lowercase())?;
        let name = self.names[*column as usize].as_str();
        if cases.len() > FEW {
            return None;
        }
        if let [one] = cases[..] {
            return Some((Ok(one), name));
        }
        let open: Vec<u32> = cases
            .iter()
            .copied()
            .filter(|c| self.is_open(*c as usize))
            .collect();
        Some(match open[..] {
            [one] => (Ok(one), name),
            _ => (Err(cases.len()), name),
        })
    }

    fn is_open(&self, case: usize) -> bool {
        let last = self.loaded.log.case(case).last();
        let activity = last.map(|row| self.loaded.log.activity_name(self.loaded.log.activity[row]));
        activity.is_some_and(|a| {
            let steps = &self.loaded.steps;
            !steps.won.iter().chain(&steps.lost).any(|end| end == a)
        })
    }

    /// Looks for the case of somebody by what is known of her, then by what she writes.
    pub fn find(&self, author: &Author, email: Option<&str>, text: &str) -> Found {
        let none = |reason: String| Found {
            case: None,
            reason,
            sure: 0,
        };
        let handle = author.handle.trim_start_matches('@');
        let by = [
            (email.unwrap_or_default(), 95, "Her e-mail address"),
            (author.handle.as_str(), 90, "Her handle"),
            (handle, 90, "Her handle"),
            (author.name.as_str(), 70, "Her name"),
        ];
        let mut several = None;
        for (value, sure, what) in by {
            match self.only(value) {
                Some((Ok(case), column)) => {
                    return Found {
                        case: Some(self.loaded.log.case_name(case as usize).into()),
                        reason: format!("{what} is the {column} of the case."),
                        sure,
                    };
                }
                Some((Err(n), column)) => {
                    several
                        .get_or_insert(format!("{what} is the {column} of {n} cases: choose one."));
                }
                None => {}
            }
        }
        match self.named_in(text) {
            Ok(Some((case, column, value))) => Found {
                case: Some(case),
                reason: format!("She writes \"{value}\", the {column} of the case."),
                sure: 60,
            },
            Err(n) => none(format!("She names {n} cases: choose one.")),
            Ok(None) => none(several.unwrap_or_default()),
        }
    }

    /// The one case a text names by its name or a value of its own, up to four words long.
    fn named_in(&self, text: &str) -> Result<Option<(String, &str, String)>, usize> {
        let words: Vec<&str> = text.split_whitespace().take(400).collect();
        let mut found: Vec<(u32, &str, String)> = Vec::new();
        for long in (1..=4).rev() {
            for window in words.windows(long) {
                let value = window.join(" ");
                let value = value.trim_matches(|c: char| !c.is_alphanumeric());
                if value.chars().count() < SHORTEST {
                    continue;
                }
                let is_name = value
                    .chars()
                    .next()
                    .is_some_and(|c| c.is_uppercase() || c.is_numeric());
                if let (true, Some((Ok(case), column))) = (is_name, self.only(value))
                    && found.iter().all(|f| f.0 != case)
                {
                    found.push((case, column, value.to_string()));
                }
            }
            if !found.is_empty() {
                break;
            }
        }
        match &found[..] {
            [] => Ok(None),
            [(case, column, value)] => Ok(Some((
                self.loaded.log.case_name(*case as usize).into(),
                column,
                value.clone(),
            ))),
            many => Err(many.len()),
        }
    }

    /// The process whose cases are found.
    pub fn process(&self) -> &str {
        &self.loaded.row.id
    }

    /// Makes the tokens of all cases, if they are not made yet. Takes a second for a million.
    pub fn make_tokens(&self, key: &[u8]) {
        self.tokens.get_or_init(|| {
            let cases = 0..self.loaded.log.cases();
            let token = |case| token::of_case(key, self.process(), self.loaded.log.case_name(case));
            cases.map(|case| (token(case), case as u32)).collect()
        });
    }

    /// The case whose token is among these, if they were made.
    pub fn addressed(&self, tokens: &[String]) -> Option<String> {
        let made = self.tokens.get()?;
        let case = tokens.iter().find_map(|token| made.get(token))?;
        Some(self.loaded.log.case_name(*case as usize).into())
    }

    pub fn has(&self, case: &str) -> bool {
        self.loaded.log.case_names.code(case).is_some()
    }

    /// Where a case stands at a moment; `None` where nothing is known of it.
    pub fn stand(&self, name: &str, at: i64) -> Option<Stand> {
        let code = self.loaded.log.case_names.code(name)?;
        let case = *self.by_code.get(&code)?;
        let log = &self.loaded.log;
        let last = log.case(case).last()?;
        let step = self.loaded.step_at(&self.place, case, at);
        Some(Stand {
            step: step.map(|s| self.loaded.steps.steps[s].name.clone()),
            last: log.activity_name(log.activity[last]).to_string(),
            at: log.time[last],
        })
    }

    /// What a thread is about, with the step and team of its case at a moment.
    pub fn about(&self, found: Found, at: i64, by: Option<&str>) -> About {
        let case = found.case.as_deref().and_then(|name| {
            let code = self.loaded.log.case_names.code(name)?;
            self.by_code.get(&code).copied()
        });
        let step = case.and_then(|case| self.loaded.step_at(&self.place, case, at));
        let step = step.map(|s| self.loaded.steps.steps[s].name.clone());
        let team = case.and_then(|case| {
            let team = (*self.teams.1.get(case)?)?;
            self.teams.0.get(team).cloned()
        });
        About {
            process: Some(self.loaded.row.id.clone()),
            case_ref: found.case,
            step,
            team,
            reason: found.reason,
            sure: found.sure,
            by: by.map(String::from),
        }
    }
}
