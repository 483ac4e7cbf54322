//! A note in the chatter of a lead: of the kind that only colleagues see, and that tells nobody.

use super::{Odoo, wire};
use crate::source::Note;
use crate::{Fault, Via};
use serde_json::json;

impl Odoo {
    pub(super) async fn write_note(
        &self,
        via: &Via<'_>,
        lead: &str,
        note: &Note,
    ) -> Result<String, Fault> {
        let id: i64 = lead
            .parse()
            .map_err(|_| Fault::Gone(format!("no lead is called {lead:?}")))?;
        let ours = json!([[
            ["model", "=", "crm.lead"],
            ["res_id", "=", id],
            ["body", "ilike", note.key]
        ]]);
        let named = json!({ "fields": ["id"], "limit": 1, "order": "id" });
        let found = self
            .call(via, "mail.message", "search_read", ours, named)
            .await?;
        if let Some(row) = wire::list(&found)?.first() {
            return Ok(row["id"].to_string());
        }
        let named = json!({
            "body": note.html(), "body_is_html": true,
            "message_type": "comment", "subtype_xmlid": "mail.mt_note",
        });
        let posted = self
            .call(via, "crm.lead", "message_post", json!([[id]]), named)
            .await?;
        // One id, or a list of one.
        let made = posted.as_i64().or_else(|| posted[0].as_i64());
        made.map(|id| id.to_string())
            .ok_or_else(|| Fault::Strange("a note without an id".into()))
    }
}
