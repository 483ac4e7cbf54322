//! What a tool is called with.

use base::problem::Problem;
use serde_json::Value;

/// Arguments by name, read one by one.
pub struct Args<'a>(pub &'a Value);

impl Args<'_> {
    /// A text that has to be there.
    pub fn text(&self, name: &str) -> Result<&str, Problem> {
        self.maybe(name)?.ok_or_else(|| {
            Problem::bad_request(
                format!("\"{name}\" is missing."),
                format!("Give \"{name}\" as a text."),
            )
        })
    }

    /// A text that may be left out.
    pub fn maybe(&self, name: &str) -> Result<Option<&str>, Problem> {
        match &self.0[name] {
            Value::Null => Ok(None),
            Value::String(text) if text.is_empty() => Ok(None),
            Value::String(text) => Ok(Some(text)),
            _ => Err(Problem::bad_request(
                format!("\"{name}\" is no text."),
                format!("Give \"{name}\" as a text."),
            )),
        }
    }
}
