//! The shapes of Salesforce's REST interface.

use crate::text::line;
use crate::{Fault, Micros, Response};

/// What a token is given with.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Token {
    pub access_token: String,
    pub instance_url: String,
    #[serde(default)]
    pub scope: String,
}

/// Why none was given.
#[derive(Debug, serde::Deserialize)]
pub struct Refusal {
    pub error: String,
    #[serde(default)]
    pub error_description: String,
}

/// Some of what a query found.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Found<T> {
    pub total_size: u64,
    pub done: bool,
    #[serde(default)]
    pub next_records_url: Option<String>,
    #[serde(default = "Vec::new")]
    pub records: Vec<T>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Stage {
    pub api_name: Option<String>,
    pub master_label: String,
    pub is_closed: bool,
    pub is_won: bool,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Named {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub email: Option<String>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Deal {
    pub id: String,
    #[serde(default)]
    pub name: Option<String>,
    pub system_modstamp: String,
    #[serde(default)]
    pub amount: Option<f64>,
    #[serde(default)]
    pub lead_source: Option<String>,
    #[serde(default)]
    pub account: Option<Named>,
    #[serde(default)]
    pub owner: Option<Named>,
    #[serde(default)]
    pub opportunity_histories: Option<Found<Moved>>,
}

/// One row of the history: the stage as it was from then on.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Moved {
    pub id: String,
    pub stage_name: String,
    pub created_date: String,
    #[serde(default)]
    pub created_by: Option<Named>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Task {
    pub id: String,
    #[serde(default)]
    pub description: Option<String>,
}

/// What was made, by its id.
#[derive(Debug, serde::Deserialize)]
pub struct Made {
    pub id: String,
}

#[derive(Debug, serde::Deserialize)]
pub struct Newest {
    #[serde(default)]
    pub newest: Option<String>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Organization {
    pub id: String,
    #[serde(default)]
    pub name: Option<String>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Error {
    #[serde(default)]
    pub message: String,
    #[serde(default)]
    pub error_code: String,
}

pub fn moment(text: &str) -> Result<Micros, Fault> {
    // Written with "+0000" in answers, with "Z" in questions.
    let at = text.replace("+0000", "Z").parse::<jiff::Timestamp>();
    at.map(|t| t.as_microsecond())
        .map_err(|_| Fault::Strange(format!("a time that is none: {}", line(text))))
}

/// A moment as SOQL takes it: whole milliseconds, rounded down.
pub fn literal(at: Micros) -> String {
    let at = jiff::Timestamp::from_millisecond(at.div_euclid(1000)).unwrap_or_default();
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

pub fn token(answer: &Response, now: Micros) -> Result<Token, Fault> {
    if answer.is_success() {
        let token: Token = answer.read()?;
        return match token.instance_url.starts_with("https://") {
            true => Ok(token),
            false => Err(Fault::Strange("a token for an address without TLS".into())),
        };
    }
    match answer.read::<Refusal>() {
        Ok(refusal) if answer.status < 500 && answer.status != 429 => {
            let said = format!("{} {}", refusal.error, refusal.error_description);
            Err(Fault::SignedOut(line(&said)))
        }
        _ => Err(answer.fault(now, format!("{} at signing in", answer.status))),
    }
}

/// The body of an answer, or what its error means.
pub fn read<T: serde::de::DeserializeOwned>(answer: &Response, now: Micros) -> Result<T, Fault> {
    if answer.is_success() {
        return answer.read();
    }
    let errors: Vec<Error> = answer.read().unwrap_or_default();
    let error = errors.into_iter().next().unwrap_or_default();
    let said = line(&format!("{} {}", error.error_code, error.message));
    Err(match error.error_code.as_str() {
        "INVALID_SESSION_ID" | "INVALID_AUTH_HEADER" => Fault::SignedOut(said),
        // The limit is of the last 24 hours, so that it gives way little by little.
        "REQUEST_LIMIT_EXCEEDED" => Fault::Wait {
            until: answer.retry_after(now).unwrap_or(now + 900_000_000),
            said,
        },
        // What somebody may not see is not there for them.
        "INSUFFICIENT_ACCESS"
        | "INSUFFICIENT_ACCESS_OR_READONLY"
        | "API_DISABLED_FOR_ORG"
        | "API_CURRENTLY_DISABLED"
        | "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"
        | "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
        | "INVALID_TYPE"
        | "INVALID_FIELD" => Fault::NotAllowed(said),
        "NOT_FOUND"
        | "ENTITY_IS_DELETED"
        | "INVALID_CROSS_REFERENCE_KEY"
        | "INVALID_QUERY_LOCATOR" => Fault::Gone(said),
        "SERVER_UNAVAILABLE" | "UNABLE_TO_LOCK_ROW" | "QUERY_TIMEOUT" => Fault::Unreached(said),
        _ => answer.fault(now, said),
    })
}
