//! Slash commands, as Slack and Mattermost deliver them: a form with the same names.

use crate::channel::{Command, Delivery};
use std::collections::BTreeMap;

pub(crate) struct Fields(BTreeMap<String, String>);

/// The form of a command; `None` where a delivery is none.
pub(crate) fn fields(delivery: &Delivery) -> Option<Fields> {
    let kind = delivery.header("content-type");
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return None;
    }
    let fields: BTreeMap<String, String> =
        form_urlencoded::parse(delivery.body).into_owned().collect();
    fields.contains_key("command").then_some(Fields(fields))
}

impl Fields {
    pub fn get(&self, name: &str) -> String {
        self.0.get(name).cloned().unwrap_or_default()
    }

    pub fn command(&self) -> Command {
        Command {
            user: self.get("user_id"),
            text: self.get("text").trim().chars().take(8_000).collect(),
            key: String::new(),
        }
    }
}
