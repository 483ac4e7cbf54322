//! Who answered a customer: the name under a reply. The company speaks, and one of its people signs.

use super::Part;
use crate::connect::Connect;
use base::activity::Kind;
use base::identity::Actor;
use base::problem::Problem;
use store::connections;

/// Where an owner said nothing.
pub const FIRST: &str = "– {first}";
pub const FULL: &str = "– {name}";
/// Characters of a text of one's own.
const LONGEST: usize = 100;

impl Part {
    /// The name somebody signs with here; nothing where replies are not signed.
    pub fn sign(&self, name: &str) -> String {
        let first = name.split_whitespace().next().unwrap_or_default();
        let pattern = self.signature.as_deref().unwrap_or(FIRST);
        pattern.replace("{first}", first).replace("{name}", name)
    }

    /// What goes out behind somebody's words: in a mail on a line of its own. Who signed herself is not signed twice.
    pub fn signed(&self, name: &str, body: &str) -> String {
        let sign = self.sign(name);
        match self.connection.kind.as_str() {
            _ if sign.is_empty() || body.ends_with(&sign) => String::new(),
            "mail" => format!("\n\n{sign}"),
            _ => format!(" {sign}"),
        }
    }

    /// The longest words of somebody, in characters.
    pub fn room(&self, name: &str) -> usize {
        let signed = self.signed(name, "").chars().count();
        self.longest.saturating_sub(signed)
    }
}

impl Connect {
    /// What replies on a channel are signed with, where an owner said so; and the moment before which nothing is sent.
    pub async fn sending(&self, id: &str) -> Result<(Option<String>, i64), Problem> {
        Ok(connections::sending(self.db(), id).await?)
    }

    /// Says how replies are signed: with the `first` name, the `full` one, a text of one's `own`, or `none`.
    pub async fn set_signature(
        &self,
        actor: &Actor,
        id: &str,
        (how, own): (&str, &str),
    ) -> Result<(), Problem> {
        let row = self.find(id).await?.row;
        let own = own.trim();
        let signature = match how {
            "first" => None,
            "full" => Some(FULL),
            "none" => Some(""),
            "own" if !own.is_empty() => Some(own),
            _ => {
                return Err(Problem::bad_request(
                    "The signature is empty.",
                    "Write a text, or choose none.",
                ));
            }
        };
        let is_line = |s: &str| s.chars().count() <= LONGEST && !s.contains(char::is_control);
        if !signature.is_none_or(is_line) {
            return Err(Problem::bad_request(
                "The signature is too long, or more than a line.",
                "Use up to 100 characters.",
            ));
        }
        let mut tx = self.db().begin().await?;
        connections::set_signature(&mut tx, id, signature).await?;
        let payload = serde_json::json!({ "signature": signature.unwrap_or(FIRST) });
        self.note(&mut tx, actor.id(), &row, Kind::ConnectionChanged, payload)
            .await?;
        self.done(tx).await
    }
}
