//! Odoo's JSON-RPC: rows in which an empty value is `false`, errors inside of a 200.

use crate::text::line;
use crate::{Fault, Micros, Response};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

/// A moment in UTC, to the second.
pub fn moment(value: &Value) -> Option<Micros> {
    let at = value.as_str()?.parse::<DateTime>().ok()?;
    Some(TimeZone::UTC.to_timestamp(at).ok()?.as_microsecond())
}

pub fn literal(at: Micros) -> String {
    let at = jiff::Timestamp::from_microsecond(at).unwrap_or_default();
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => line(text),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

/// A reference is an id with a name.
pub fn named(value: &Value) -> String {
    text(&value[1])
}

/// The address in `Rika Brandt <rika@holm.example>`, or else the name.
pub fn person(from: &Value, author: &Value) -> Option<String> {
    let from = text(from);
    let address = from
        .rsplit_once('<')
        .map_or(from.as_str(), |(_, a)| a.trim_end_matches('>'));
    let found = if address.contains('@') {
        address.trim().to_string()
    } else {
        named(author)
    };
    Some(found).filter(|f| !f.is_empty())
}

pub fn list(rows: &Value) -> Result<&[Value], Fault> {
    let rows = rows.as_array().map(Vec::as_slice);
    rows.ok_or_else(|| Fault::Strange("a list was expected".into()))
}

pub fn result(answer: &Response, now: Micros) -> Result<Value, Fault> {
    if !answer.is_success() {
        return Err(answer.fault(now, format!("status {}", answer.status)));
    }
    let mut body: Value = answer.read()?;
    if body["error"].is_null() {
        return match body.get_mut("result") {
            Some(result) => Ok(result.take()),
            None => Err(Fault::Strange("neither a result nor an error".into())),
        };
    }
    let data = &body["error"]["data"];
    let kind = data["name"].as_str().unwrap_or_default();
    let said = text(&data["message"]);
    Err(match kind.rsplit('.').next().unwrap_or_default() {
        "AccessDenied" | "SessionExpiredException" => Fault::SignedOut(said),
        "AccessError" => Fault::NotAllowed(said),
        "MissingError" => Fault::Gone(said),
        "UserError" | "ValidationError" | "KeyError" | "ValueError" => Fault::Refused(said),
        _ => Fault::Unreached(said),
    })
}
