//! How what a source tells of a case becomes what is shown of it: which fields are kept, what they are called here, which is the team,
//! the person or the amount, and who here is somebody whom the source names. Values in, values out; without a decision of an owner
//! everything is as the source tells it.

use super::push::Attributes;
use base::format;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use utoipa::ToSchema;

pub mod told;

/// Characters of a name.
pub const LENGTH: usize = 200;
/// Fields a mapping may speak of.
pub const MOST: usize = 2_000;
/// What Tenon itself makes of a case: what people call it, and where the source shows it. Kept or left out, but never called otherwise.
pub const TITLE: &str = "title";
pub const URL: &str = "url";
const FIXED: [&str; 2] = [TITLE, URL];
/// Behind the name of a new field whose own name another field has by now.
const AS_TOLD: &str = " (as told)";

/// What a field is to Tenon, beside an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Figures and roll-outs go by it.
    Team,
    /// Whose case it is.
    Person,
    /// Read as a number; what is none is left out.
    Amount,
}

impl Role {
    pub const ALL: [Role; 3] = [Role::Team, Role::Person, Role::Amount];

    pub fn word(self) -> &'static str {
        match self {
            Role::Team => "team",
            Role::Person => "person",
            Role::Amount => "amount",
        }
    }

    pub fn parse(word: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|r| r.word() == word)
    }

    /// What the field of it is called here: by this name it is found wherever teams, owners and amounts are read.
    pub fn name(self) -> &'static str {
        match self {
            Role::Team => "team",
            Role::Person => "owner",
            Role::Amount => "amount",
        }
    }
}

/// What becomes of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    pub keep: bool,
    /// What it is called here.
    pub name: String,
    pub is: Option<Role>,
}

impl Field {
    fn as_told(field: &str) -> Field {
        Field {
            keep: true,
            name: field.into(),
            is: None,
        }
    }
}

/// How a source is read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mapping {
    /// By what the source calls them. One that is not here is kept as it is told.
    pub fields: BTreeMap<String, Field>,
    /// Somebody as the source tells her, and her name here.
    pub people: BTreeMap<String, String>,
}

/// What is wanted of a field.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Choice {
    /// As the source calls it.
    pub field: String,
    pub keep: bool,
    /// None: as the source calls it.
    pub name: Option<String>,
    pub is: Option<Role>,
}

/// What is wrong, and of which choice.
#[derive(Debug, Clone, PartialEq)]
pub struct Wrong {
    /// Counted from 0.
    pub at: usize,
    pub part: &'static str,
    pub what: String,
    pub remedy: String,
}

fn wrong(at: usize, part: &'static str, what: String, remedy: &str) -> Wrong {
    let remedy = remedy.into();
    Wrong {
        at,
        part,
        what,
        remedy,
    }
}

fn shown(name: &str) -> String {
    format!("\"{}\"", format::short(name, 60))
}

/// The field that is wanted; what is left out has neither a name nor a role.
fn field(at: usize, choice: &Choice) -> Result<Field, Wrong> {
    let own = choice.field.as_str();
    if own.is_empty() || own.contains('\0') || own.chars().count() > 10 * LENGTH {
        let what = "This is no field that a source tells.".into();
        return Err(wrong(at, "field", what, "Send it as it was shown to you."));
    }
    let as_told = Field::as_told(own);
    if !choice.keep {
        return Ok(Field {
            keep: false,
            ..as_told
        });
    }
    let is_fixed = FIXED.contains(&own);
    let name = match (choice.is, &choice.name) {
        (Some(_), _) if is_fixed => {
            let what = format!("{} is neither team nor person nor amount.", shown(own));
            let remedy = "Choose another field, or leave it out.";
            return Err(wrong(at, "is", what, remedy));
        }
        (Some(role), _) => role.name().into(),
        (None, None) => own.into(),
        (None, Some(name)) if name == own => own.into(),
        (None, Some(name)) => plain(at, own, name)?,
    };
    if is_fixed && name != own {
        let what = format!("{} is always called so.", shown(own));
        return Err(wrong(at, "name", what, "Keep its name, or leave it out."));
    }
    Ok(Field {
        keep: true,
        name,
        is: choice.is,
    })
}

/// A name as somebody wrote it, that may be given to a field.
fn plain(at: usize, own: &str, name: &str) -> Result<String, Wrong> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let bad = |what: String, remedy: &str| Err(wrong(at, "name", what, remedy));
    if name.is_empty() {
        let what = format!("The name of {} is empty.", shown(own));
        return bad(what, "Write one, or leave the field out.");
    }
    if name.chars().count() > LENGTH || name.chars().any(char::is_control) {
        let what = format!(
            "The name of {} is longer than {LENGTH} characters, or not plain text.",
            shown(own)
        );
        return bad(what, "Shorten it.");
    }
    let small = name.to_lowercase();
    if let Some(role) = Role::ALL.into_iter().find(|r| r.name() == small) {
        let what = format!("{} is what the {} is called.", shown(&name), role.word());
        let remedy = "Say that the field is that, or write another name.";
        return bad(what, remedy);
    }
    if FIXED.contains(&small.as_str()) || name.ends_with(AS_TOLD) {
        let what = format!("{} is a name that Tenon itself gives.", shown(&name));
        return bad(what, "Write another name.");
    }
    Ok(name)
}

/// The fields as they are wanted. `known` are those the source told so far: one of which nothing is said is kept as it is told.
pub fn chosen(
    choices: &[Choice],
    known: &BTreeSet<String>,
) -> Result<BTreeMap<String, Field>, Wrong> {
    if choices.len() > MOST {
        let what = format!("There are {} fields; {MOST} are the most.", choices.len());
        return Err(wrong(
            MOST,
            "field",
            what,
            "Send those that are not to stay as they are told.",
        ));
    }
    let mut fields: BTreeMap<String, Field> = BTreeMap::new();
    // The names that are given, in small letters, with whose they are.
    let mut names: HashMap<String, (&str, bool)> = HashMap::new();
    let said: BTreeSet<&str> = choices.iter().map(|c| c.field.as_str()).collect();
    for own in known.iter().filter(|k| !said.contains(k.as_str())) {
        fields.insert(own.clone(), Field::as_told(own));
        names.insert(own.to_lowercase(), (own, true));
    }
    for (at, choice) in choices.iter().enumerate() {
        let field = field(at, choice)?;
        let own = choice.field.as_str();
        if fields.contains_key(own) {
            let what = format!("{} is there twice.", shown(own));
            return Err(wrong(at, "field", what, "Say it once."));
        }
        if field.keep {
            let is_own = field.name == own;
            let before = names.insert(field.name.to_lowercase(), (own, is_own));
            // Of what the source itself tells apart by its letters, nothing has to be said.
            if let Some((other, others_own)) = before
                && !(is_own && others_own)
            {
                let part = if field.is.is_some() { "is" } else { "name" };
                let what = format!(
                    "{} and {} would both be called {}.",
                    shown(other),
                    shown(own),
                    shown(&field.name)
                );
                return Err(wrong(
                    at,
                    part,
                    what,
                    "Give one of them another name, or leave it out.",
                ));
            }
        }
        fields.insert(own.into(), field);
    }
    Ok(fields)
}

impl Mapping {
    /// Whether a field is kept at all.
    pub fn keeps(&self, field: &str) -> bool {
        self.fields.get(field).is_none_or(|f| f.keep)
    }

    /// Whether the source tells it for the first time since somebody decided.
    pub fn is_new(&self, field: &str) -> bool {
        !self.fields.is_empty() && !self.fields.contains_key(field)
    }

    /// What a field is called here; nothing where it is left out.
    pub fn name_of<'a>(&'a self, field: &'a str) -> Option<Cow<'a, str>> {
        match self.fields.get(field) {
            Some(known) => known.keep.then_some(Cow::Borrowed(known.name.as_str())),
            None if self.fields.is_empty() => Some(Cow::Borrowed(field)),
            // No name that is given ends so, and no two fields get the same.
            None if self.is_given(field, false) || field.ends_with(AS_TOLD) => {
                let mut name = format!("{field}{AS_TOLD}");
                while self.is_given(&name, true) {
                    name.push_str(AS_TOLD);
                }
                Some(Cow::Owned(name))
            }
            None => Some(Cow::Borrowed(field)),
        }
    }

    /// Whether a field is called so, or, unless its own name counts too, was given that name.
    fn is_given(&self, name: &str, also_own: bool) -> bool {
        let small = name.to_lowercase();
        let mut kept = self.fields.iter().filter(|(_, f)| f.keep);
        kept.any(|(own, f)| (also_own || f.name != *own) && f.name.to_lowercase() == small)
    }

    /// Whether the values of a field are people.
    pub fn names_people(&self, field: &str) -> bool {
        let name = self.name_of(field);
        name.is_some_and(|n| n.eq_ignore_ascii_case(Role::Person.name()))
    }

    /// The name here of somebody whom the source names.
    pub fn who<'a>(&'a self, told: &'a str) -> &'a str {
        self.people.get(told).map_or(told, String::as_str)
    }

    /// The attributes of a case as they are shown.
    pub fn attributes(&self, told: Attributes) -> Attributes {
        let read = told.into_iter().filter_map(|(field, value)| {
            let name = self.name_of(&field)?.into_owned();
            Some((name, self.value(&field, value)?))
        });
        read.collect()
    }

    fn value(&self, field: &str, value: Value) -> Option<Value> {
        let is = self.fields.get(field).and_then(|f| f.is);
        match value {
            Value::String(text) if is == Some(Role::Amount) => number(&text).map(Value::from),
            Value::String(text) if self.names_people(field) => Some(self.who(&text).into()),
            value => Some(value),
        }
    }

    /// The same without what is left out: what may be kept of what is told.
    pub fn kept(&self, told: Attributes) -> Attributes {
        let kept = told.into_iter().filter(|(field, _)| self.keeps(field));
        kept.collect()
    }
}

/// A number as sources write it: digits with a point.
pub fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|n: &f64| n.is_finite())
}

/// What another mapping changes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// As they were called here.
    pub left_out: Vec<String>,
    /// As the source calls them.
    pub back: Vec<String>,
    /// From and to, as they are called here.
    pub renamed: Vec<(String, String)>,
    /// Names of fields that are read in another way, such as as a number.
    pub other: Vec<String>,
    /// As the source names them, and who they are from now on; nothing: nobody here.
    pub people: Vec<(String, Option<String>)>,
    /// What the source calls the fields that are concerned.
    pub fields: BTreeSet<String>,
}

impl Changes {
    pub fn between(before: &Mapping, after: &Mapping) -> Changes {
        let mut changes = Changes::default();
        let all: BTreeSet<&String> = before.fields.keys().chain(after.fields.keys()).collect();
        for own in all {
            let name = |m: &Mapping| m.name_of(own).map(Cow::into_owned);
            let is = |m: &Mapping| {
                let is = m.fields.get(own).filter(|f| f.keep).and_then(|f| f.is);
                is == Some(Role::Amount)
            };
            match (name(before), name(after)) {
                (None, None) => continue,
                (Some(name), None) => changes.left_out.push(name),
                (None, Some(_)) => changes.back.push(own.clone()),
                (Some(old), Some(new)) if old != new => changes.renamed.push((old, new)),
                (Some(_), Some(name)) if is(before) != is(after) => changes.other.push(name),
                _ => continue,
            }
            changes.fields.insert(own.clone());
        }
        let told = before.people.keys().chain(after.people.keys());
        for told in told.collect::<BTreeSet<_>>() {
            let now = after.people.get(told);
            if before.people.get(told) != now {
                changes.people.push((told.clone(), now.cloned()));
            }
        }
        changes
    }

    pub fn is_nothing(&self) -> bool {
        self.fields.is_empty() && self.people.is_empty()
    }

    /// All of it in a sentence, with how many cases it concerns.
    pub fn told(&self, cases: u64) -> String {
        let mut parts = Vec::new();
        let mut part = |n: usize, one: &str, what: &str| {
            if n > 0 {
                let n = if parts.is_empty() {
                    format::many(n as u64, one)
                } else {
                    format::count(n as u64)
                };
                parts.push(format!("{n} {what}"));
            }
        };
        part(self.left_out.len(), "field", "left out");
        part(self.back.len(), "field", "taken in again");
        part(self.renamed.len(), "field", "renamed");
        part(self.other.len(), "field", "read in another way");
        if !self.people.is_empty() {
            parts.push(match self.people.len() {
                1 => "1 person assigned otherwise".into(),
                n => format!("{} people assigned otherwise", format::count(n as u64)),
            });
        }
        if parts.is_empty() {
            return "Nothing changes.".into();
        }
        let cases = match cases {
            0 => "no case is concerned yet".into(),
            1 => "1 case is read anew".into(),
            n => format!("{} are read anew", format::many(n, "case")),
        };
        format!("{}: {cases}.", parts.join(", "))
    }
}

#[cfg(test)]
mod tests;
