//! A note at a deal. Which notes a deal has is asked of the deal, which knows them at once; HubSpot's search would know them later.

use super::HubSpot;
use super::wire::{API, Associated, DEALS, List, Made, Written};
use crate::source::Note;
use crate::{Fault, Request, Via};
use serde_json::json;

pub const NOTES: &str = "/crm/objects/2026-03/notes";
/// From a note to a deal, as HubSpot defines it.
const NOTE_TO_DEAL: u32 = 214;
/// Notes that are read at once.
const AT_ONCE: usize = 100;
/// More than any deal has; a list without an end is not followed.
const PAGES: usize = 50;

impl HubSpot {
    pub(super) async fn write_note(
        &self,
        via: &Via<'_>,
        deal: &str,
        note: &Note,
    ) -> Result<String, Fault> {
        if let Some(id) = self.find_note(via, deal, note).await? {
            return Ok(id);
        }
        let at = jiff::Timestamp::from_microsecond(via.now).unwrap_or_default();
        let body = json!({
            "properties": { "hs_timestamp": at.to_string(), "hs_note_body": note.html() },
            "associations": [{
                "to": { "id": deal },
                "types": [{ "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": NOTE_TO_DEAL }],
            }],
        });
        let url = format!("{API}{NOTES}");
        let made: Made = self.send(via, Request::json(url, &body)).await?;
        Ok(made.id)
    }

    async fn find_note(
        &self,
        via: &Via<'_>,
        deal: &str,
        note: &Note,
    ) -> Result<Option<String>, Fault> {
        let deal = crate::http::segment(deal);
        let whole: Associated = self
            .get(via, &format!("{DEALS}/{deal}?associations=notes"))
            .await?;
        let mut list = whole.associations.into_values().next().unwrap_or_default();
        for _ in 0..PAGES {
            let ids: Vec<_> = list.results.iter().map(|n| json!({ "id": n.id })).collect();
            for some in ids.chunks(AT_ONCE) {
                let body = json!({ "inputs": some, "properties": ["hs_note_body"] });
                let url = format!("{API}{NOTES}/batch/read");
                let read: List<Written> = self.send(via, Request::json(url, &body)).await?;
                let ours = read.results.into_iter().find(|n| n.says(&note.key));
                if let Some(ours) = ours {
                    return Ok(Some(ours.id));
                }
            }
            let Some(next) = list.paging.and_then(|p| p.next) else {
                return Ok(None);
            };
            let next = crate::http::segment(&next.after);
            let path =
                format!("/crm/v3/objects/0-3/{deal}/associations/notes?limit=500&after={next}");
            list = self.get(via, &path).await?;
        }
        Err(Fault::Strange("a list of notes that does not end".into()))
    }
}
