//! Tryton's JSON-RPC: values with a `__class__`, errors inside of a 200.

use crate::text::line;
use crate::{Fault, Micros, Response};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// What a session is made of.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Session {
    pub user: String,
    pub uid: i64,
    pub token: String,
    /// Company, employees and language: rules about records look at it.
    pub context: serde_json::Map<String, Value>,
}

impl Session {
    pub fn authorization(&self) -> String {
        use base64::Engine;
        let text = format!("{}:{}:{}", self.user, self.uid, self.token);
        let text = base64::engine::general_purpose::STANDARD.encode(text);
        format!("Session {text}")
    }
}

/// A moment in UTC, as Tryton writes it.
pub fn moment(at: Micros) -> Value {
    let Ok(at) = jiff::Timestamp::from_microsecond(at) else {
        return Value::Null;
    };
    let at = TimeZone::UTC.to_datetime(at);
    json!({
        "__class__": "datetime", "year": at.year(), "month": at.month(), "day": at.day(),
        "hour": at.hour(), "minute": at.minute(), "second": at.second(),
        "microsecond": i32::from(at.millisecond()) * 1000 + i32::from(at.microsecond()),
    })
}

pub fn read_moment(value: &Value) -> Option<Micros> {
    let part = |name: &str| value.get(name)?.as_i64();
    let small = |name: &str| i8::try_from(part(name)?).ok();
    let year = i16::try_from(part("year")?).ok()?;
    let nanos = i32::try_from(part("microsecond")?)
        .ok()?
        .checked_mul(1000)?;
    let at = DateTime::new(
        year,
        small("month")?,
        small("day")?,
        small("hour")?,
        small("minute")?,
        small("second")?,
        nanos,
    );
    let at = TimeZone::UTC.to_timestamp(at.ok()?).ok()?;
    Some(at.as_microsecond())
}

/// A deal as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct Deal {
    pub id: i64,
    pub state: String,
    /// When it was last written, and by whom.
    pub at: Micros,
    pub uid: Option<i64>,
    pub name: String,
    pub attributes: Vec<(String, String)>,
}

pub const FIELDS: &[&str] = &[
    "number",
    "reference",
    "description",
    "state",
    "amount",
    "currency.code",
    "party.rec_name",
    "company.rec_name",
    "employee.rec_name",
    "create_date",
    "write_date",
    "create_uid",
    "write_uid",
];

pub fn deal(row: &Value) -> Result<Deal, Fault> {
    let strange = |what: &str| Fault::Strange(format!("an opportunity without {what}"));
    let id = row["id"].as_i64().ok_or_else(|| strange("an id"))?;
    let at = changed(row).ok_or_else(|| strange("the time of its last change"))?;
    let text = |name: &str| row[name].as_str().unwrap_or_default().trim();
    let name = match (text("description"), text("number")) {
        ("", "") => format!("Opportunity {id}"),
        ("", number) => format!("Opportunity {number}"),
        (description, _) => line(description),
    };
    let found = [
        ("account", row["party."]["rec_name"].as_str()),
        ("amount", row["amount"]["decimal"].as_str()),
        ("currency", row["currency."]["code"].as_str()),
        ("owner", row["employee."]["rec_name"].as_str()),
        ("company", row["company."]["rec_name"].as_str()),
        ("number", row["number"].as_str()),
        ("reference", row["reference"].as_str()),
    ];
    let found = found.into_iter().filter_map(|(k, v)| Some((k, v?)));
    Ok(Deal {
        id,
        state: state(row)?,
        at,
        uid: uid(row),
        name,
        attributes: found
            .filter(|(_, v)| !v.is_empty())
            .map(|(k, v)| (k.into(), line(v)))
            .collect(),
    })
}

pub fn state(row: &Value) -> Result<String, Fault> {
    let state = row["state"].as_str();
    state
        .map(String::from)
        .ok_or_else(|| Fault::Strange("an opportunity without a state".into()))
}

/// When a row was last written; a new one has only the time of its making.
pub fn changed(row: &Value) -> Option<Micros> {
    read_moment(&row["write_date"]).or_else(|| read_moment(&row["create_date"]))
}

/// Who wrote a row last.
pub fn uid(row: &Value) -> Option<i64> {
    match row["write_date"].is_null() {
        true => row["create_uid"].as_i64(),
        false => row["write_uid"].as_i64(),
    }
}

/// What an answer holds. What it refuses to read it says as `UserError`, in the user's language; anything else is an
/// exception of its own, which may be a locked database or a module that is not there.
pub fn result(answer: &Response, now: Micros) -> Result<Value, Fault> {
    if !answer.is_success() {
        let said = String::from_utf8_lossy(&answer.body);
        let said: String = said.chars().take(200).collect();
        return Err(answer.fault(now, format!("{} {said}", answer.status)));
    }
    let mut body: Value = answer.read()?;
    let error = &body["error"];
    if error.is_null() {
        return match body.get_mut("result") {
            Some(result) => Ok(result.take()),
            None => Err(Fault::Strange("neither a result nor an error".into())),
        };
    }
    let kind = error[0].as_str().unwrap_or_default();
    let said = error[1][0].as_str().unwrap_or(kind).to_string();
    Err(match kind {
        "UserError" => Fault::NotAllowed(said),
        "LoginException" => Fault::SignedOut(said),
        "RateLimitException" => Fault::Wait {
            until: now + 60_000_000,
            said,
        },
        "'sale.opportunity'" => {
            Fault::Refused("the module Sale Opportunity is not activated".into())
        }
        _ => Fault::Unreached(said),
    })
}
