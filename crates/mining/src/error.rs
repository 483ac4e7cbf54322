//! What went wrong with a file, where, and what to do about it.

use std::fmt;

/// Where in a file something was found. All parts are optional; lines and columns count from 1, bytes from 0.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Place {
    pub file: Option<String>,
    pub line: Option<u64>,
    pub byte: Option<u64>,
    pub field: Option<String>,
}

impl Place {
    pub fn byte(byte: u64) -> Self {
        Place {
            byte: Some(byte),
            ..Place::default()
        }
    }

    pub fn line(line: u64) -> Self {
        Place {
            line: Some(line),
            ..Place::default()
        }
    }

    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.file = Some(file.into());
        self
    }

    pub fn in_field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        parts.extend(self.file.clone());
        parts.extend(self.line.map(|n| format!("line {n}")));
        parts.extend(self.byte.map(|n| format!("byte {n}")));
        parts.extend(self.field.as_ref().map(|n| format!("field \"{n}\"")));
        f.write_str(&parts.join(", "))
    }
}

/// Why a file could not be read. Nothing of the file is kept when this is returned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ReadError {
    /// Stable word for programs, such as `truncated`, `wrong_format`, `broken_xml`, `empty_log`, `too_deep`.
    pub code: &'static str,
    /// One plain sentence: what was found.
    pub what: String,
    pub place: Box<Place>,
    /// One plain sentence: what to do.
    pub remedy: String,
}

impl ReadError {
    pub fn new(
        code: &'static str,
        what: impl Into<String>,
        place: Place,
        remedy: impl Into<String>,
    ) -> Self {
        ReadError {
            code,
            what: what.into(),
            place: Box::new(place),
            remedy: remedy.into(),
        }
    }

    /// Names the file, when the reader itself did not know it.
    pub fn in_file(mut self, file: &str) -> Self {
        self.place.file.get_or_insert_with(|| file.to_string());
        self
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place.to_string();
        if place.is_empty() {
            write!(f, "{} {}", self.what, self.remedy)
        } else {
            write!(f, "{} ({place}) {}", self.what, self.remedy)
        }
    }
}
