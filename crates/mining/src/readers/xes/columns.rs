//! Columns that one thread fills while it parses, each value as its declared type.

use super::date;
use crate::log::{Dict, NONE, Values};
use crate::time::MISSING;
use rustc_hash::FxHashMap;

/// The type a value was declared with, by the first letter of its element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Int,
    Float,
    Time,
    Bool,
}

impl Kind {
    pub fn of(element: &[u8]) -> Option<Kind> {
        Some(match element {
            b"string" | b"id" => Kind::Text,
            b"date" => Kind::Time,
            b"int" => Kind::Int,
            b"float" => Kind::Float,
            b"boolean" => Kind::Bool,
            _ => return None,
        })
    }
}

/// A column on its way; rows that were not reached yet are absent.
#[derive(Debug)]
pub(super) struct Growing {
    pub key: Box<str>,
    pub values: Values,
    /// Values that could not be read as declared, such as a date that is none.
    pub unreadable: u64,
    last: u32,
}

/// The columns of all cases or of all events that one thread has seen.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub columns: Vec<Growing>,
    by_key: FxHashMap<(Box<str>, u8), usize>,
    /// In which order the last row named its columns: the next row most likely does the same.
    guess: Vec<usize>,
    step: usize,
}

/// More attributes than this are no attributes but data put into keys.
pub(super) const MOST_COLUMNS: usize = 4_096;

impl Columns {
    pub fn begin_row(&mut self) {
        self.step = 0;
    }

    /// Sets a value of a row and returns its column; `None` when there are too many columns.
    #[inline]
    pub fn set(&mut self, row: usize, kind: Kind, key: &str, value: &str) -> Option<usize> {
        let at = match self.guess.get(self.step) {
            Some(&at)
                if &*self.columns[at].key == key && kind_of(&self.columns[at].values) == kind =>
            {
                at
            }
            _ => self.find(kind, key)?,
        };
        self.step += 1;
        self.columns[at].set(row, value);
        Some(at)
    }

    /// Sets a value of a row in a column that is known.
    #[inline]
    pub fn set_at(&mut self, row: usize, at: usize, value: &[u8]) {
        self.step += 1;
        self.columns[at].set_bytes(row, value);
    }

    fn find(&mut self, kind: Kind, key: &str) -> Option<usize> {
        let id = (Box::from(key), kind as u8);
        let at = match self.by_key.get(&id) {
            Some(&at) => at,
            None => {
                if self.columns.len() >= MOST_COLUMNS {
                    return None;
                }
                self.columns.push(Growing {
                    key: Box::from(key),
                    values: empty(kind),
                    unreadable: 0,
                    last: NONE,
                });
                self.by_key.insert(id, self.columns.len() - 1);
                self.columns.len() - 1
            }
        };
        if self.guess.len() <= self.step {
            self.guess.push(at);
        } else {
            self.guess[self.step] = at;
        }
        Some(at)
    }
}

fn kind_of(values: &Values) -> Kind {
    match values {
        Values::Text { .. } => Kind::Text,
        Values::Int(_) => Kind::Int,
        Values::Float(_) => Kind::Float,
        Values::Time(_) => Kind::Time,
        Values::Bool(_) => Kind::Bool,
    }
}

pub(super) fn empty(kind: Kind) -> Values {
    match kind {
        Kind::Text => Values::Text {
            codes: Vec::new(),
            dict: Dict::new(),
        },
        Kind::Int => Values::Int(Vec::new()),
        Kind::Float => Values::Float(Vec::new()),
        Kind::Time => Values::Time(Vec::new()),
        Kind::Bool => Values::Bool(Vec::new()),
    }
}

impl Growing {
    /// A value of text that was checked as UTF-8.
    #[inline]
    fn set_bytes(&mut self, row: usize, value: &[u8]) {
        match &mut self.values {
            Values::Text { codes, dict } => {
                if self.last == NONE || !dict.is(self.last, value) {
                    self.last = dict.intern_bytes(value);
                }
                put(codes, row, self.last, NONE);
            }
            Values::Time(v) => match date::parse(value) {
                Some(time) => {
                    put(v, row, time, MISSING);
                }
                None => self.unreadable += u64::from(!value.is_empty()),
            },
            _ => self.set(row, std::str::from_utf8(value).unwrap_or("\u{fffd}")),
        }
    }

    #[inline]
    fn set(&mut self, row: usize, value: &str) {
        let readable = match &mut self.values {
            Values::Text { codes, dict } => {
                self.last = dict.intern(value);
                put(codes, row, self.last, NONE);
                true
            }
            Values::Time(v) => match date::parse(value.as_bytes()) {
                Some(time) => put(v, row, time, MISSING),
                None => value.is_empty(),
            },
            Values::Int(v) => match value.trim().parse() {
                Ok(n) => put(v, row, n, i64::MIN),
                Err(_) => value.is_empty(),
            },
            Values::Float(v) => match value.trim().parse() {
                Ok(n) => put(v, row, n, f64::NAN),
                Err(_) => value.is_empty(),
            },
            Values::Bool(v) => match value.trim() {
                "true" | "1" => put(v, row, 1, 2),
                "false" | "0" => put(v, row, 0, 2),
                _ => value.is_empty(),
            },
        };
        self.unreadable += u64::from(!readable);
    }
}

#[inline]
fn put<T: Copy>(values: &mut Vec<T>, row: usize, value: T, absent: T) -> bool {
    if values.len() <= row {
        if values.len() < row {
            values.resize(row, absent);
        }
        values.push(value);
    } else {
        values[row] = value;
    }
    true
}
