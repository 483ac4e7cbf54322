//! What went wrong, for a person: what, where, and what to do. The inside of the server never shows.

use mining::ReadError;
use mining::error::Place;
use serde::Serialize;

/// An answer that is no success.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// Stable word for programs.
    pub code: String,
    /// HTTP status.
    pub status: u16,
    pub what: String,
    pub place: Box<Place>,
    pub remedy: String,
    /// Seconds after which another try makes sense.
    #[serde(skip)]
    pub wait: Option<i64>,
}

impl Problem {
    pub fn new(
        status: u16,
        code: &str,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Problem {
            code: code.into(),
            status,
            what: what.into(),
            place: Box::default(),
            remedy: remedy.into(),
            wait: None,
        }
    }

    /// The same, with the seconds to wait: sent as Retry-After.
    pub fn after(self, seconds: i64) -> Self {
        Problem {
            wait: Some(seconds),
            ..self
        }
    }

    pub fn not_found(what: &str) -> Self {
        Problem::new(
            404,
            "not_found",
            format!("There is no such {what}."),
            "Go back and choose another.",
        )
    }

    pub fn bad_request(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Problem::new(400, "bad_request", what, remedy)
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = self.place.to_string();
        if place.is_empty() {
            write!(f, "{} {}", self.what, self.remedy)
        } else {
            write!(f, "{} ({place}) {}", self.what, self.remedy)
        }
    }
}

impl std::error::Error for Problem {}

impl From<ReadError> for Problem {
    fn from(e: ReadError) -> Self {
        Problem {
            code: e.code.into(),
            status: 422,
            what: e.what,
            place: e.place,
            remedy: e.remedy,
            wait: None,
        }
    }
}

impl From<mining::figures::FilterError> for Problem {
    fn from(e: mining::figures::FilterError) -> Self {
        Problem::new(
            400,
            "bad_filter",
            e.to_string(),
            "Change the filter, or clear it.",
        )
    }
}

/// Anything unexpected: told to the log in full, to the person without its inside.
impl From<anyhow::Error> for Problem {
    fn from(e: anyhow::Error) -> Self {
        tracing::error!(error = format!("{e:#}"), "request failed");
        Problem::new(
            500,
            "internal",
            "Something went wrong inside Tenon.",
            "Try again; the server's log says more.",
        )
    }
}

impl From<sqlx::Error> for Problem {
    fn from(e: sqlx::Error) -> Self {
        anyhow::Error::from(e).into()
    }
}

impl From<std::io::Error> for Problem {
    fn from(e: std::io::Error) -> Self {
        anyhow::Error::from(e).into()
    }
}
