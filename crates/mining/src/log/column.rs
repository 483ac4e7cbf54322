//! One attribute over all cases or all events.

use super::dict::{Dict, NONE};
use crate::time::{MISSING, Micros};

/// A named attribute column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub name: String,
    pub values: Values,
}

/// The values of a column, one a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Codes into the dictionary; [`NONE`] where absent.
    Text { codes: Vec<u32>, dict: Dict },
    /// `i64::MIN` where absent.
    Int(Vec<i64>),
    /// NaN where absent.
    Float(Vec<f64>),
    /// [`MISSING`] where absent.
    Time(Vec<Micros>),
    /// 0 false, 1 true, 2 absent.
    Bool(Vec<u8>),
}

impl Column {
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Text { codes, .. } => codes.len(),
            Values::Int(v) | Values::Time(v) => v.len(),
            Values::Float(v) => v.len(),
            Values::Bool(v) => v.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The text of a row, for text columns.
    pub fn text(&self, row: usize) -> Option<&str> {
        match &self.values {
            Values::Text { codes, dict } if codes[row] != NONE => Some(dict.get(codes[row])),
            _ => None,
        }
    }

    /// The code of a row and the dictionary, for text columns.
    pub fn codes(&self) -> Option<(&[u32], &Dict)> {
        match &self.values {
            Values::Text { codes, dict } => Some((codes, dict)),
            _ => None,
        }
    }

    /// The value of a row as a person would read it, `None` where absent. Times as RFC 3339 in UTC.
    pub fn display(&self, row: usize) -> Option<String> {
        match &self.values {
            Values::Text { .. } => self.text(row).map(str::to_string),
            Values::Int(v) => (v[row] != i64::MIN).then(|| v[row].to_string()),
            Values::Float(v) => (!v[row].is_nan()).then(|| v[row].to_string()),
            Values::Time(v) => (v[row] != MISSING).then(|| {
                jiff::Timestamp::from_microsecond(v[row])
                    .map(|t| t.to_string())
                    .unwrap_or_default()
            }),
            Values::Bool(v) => match v[row] {
                0 => Some("false".into()),
                1 => Some("true".into()),
                _ => None,
            },
        }
    }

    pub fn bytes(&self) -> usize {
        match &self.values {
            Values::Text { codes, dict } => codes.capacity() * 4 + dict.bytes(),
            Values::Int(v) | Values::Time(v) => v.capacity() * 8,
            Values::Float(v) => v.capacity() * 8,
            Values::Bool(v) => v.capacity(),
        }
    }
}
