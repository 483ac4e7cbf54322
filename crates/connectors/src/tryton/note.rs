//! A link at an opportunity: an attachment that is an address. Whoever may write there may make one.

use super::Tryton;
use crate::source::Note;
use crate::{Fault, Via};
use serde_json::json;

impl Tryton {
    pub(super) async fn write_note(
        &self,
        via: &Via<'_>,
        deal: &str,
        note: &Note,
    ) -> Result<String, Fault> {
        let id: i64 = deal
            .parse()
            .map_err(|_| Fault::Gone(format!("no opportunity is called {deal:?}")))?;
        let by_id = json!([["id", "ASC"]]);
        let asked = [
            json!([["id", "in", [id]]]),
            json!(0),
            json!(1),
            by_id.clone(),
        ];
        let there = self
            .call(via, "model.sale.opportunity.search", &asked)
            .await?;
        if there.as_array().is_none_or(Vec::is_empty) {
            return Err(Fault::Gone(format!("there is no opportunity {id}")));
        }
        let resource = format!("sale.opportunity,{id}");
        let key = format!("%{}%", note.key);
        let ours = json!([["resource", "=", resource], ["description", "ilike", key]]);
        let asked = [ours, json!(0), json!(1), by_id];
        let found = self.call(via, "model.ir.attachment.search", &asked).await?;
        let found = found
            .as_array()
            .ok_or_else(|| Fault::Strange("no list of attachments".into()))?;
        if let Some(id) = found.first() {
            return Ok(id.to_string());
        }
        let text = format!("{} ({})", note.text, note.key);
        let values = json!([{
            "resource": resource, "type": "link", "name": note.title, "link": note.url, "description": text,
        }]);
        let made = self
            .call(via, "model.ir.attachment.create", &[values])
            .await?;
        let id = made[0].as_i64();
        id.map(|id| id.to_string())
            .ok_or_else(|| Fault::Strange("an attachment without an id".into()))
    }
}
