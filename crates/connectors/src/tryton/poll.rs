//! Reads the opportunities in passes by their ids, and what each of them was.

use super::history::{People, Was};
use super::wire::{self, Deal};
use super::{Tryton, base};
use crate::pass::{self, Pass};
use crate::source::History;
use crate::{Change, Cursor, Fault, Micros, Page, Pipeline, Via};
use serde_json::json;

impl Tryton {
    pub(super) async fn page(
        &self,
        via: &Via<'_>,
        pipeline: &Pipeline,
        from: Option<&Cursor>,
    ) -> Result<Page<Change>, Fault> {
        let mut pass: Pass = pass::read(from);
        if pass.is_new() {
            pass.mark = self.newest(via).await?;
        }
        let mut deals = self.deals(via, &pass).await?;
        let has_more = deals.len() > self.page;
        deals.truncate(self.page);
        let read: Vec<(i64, Micros)> = deals.iter().map(|d| (d.id, d.at)).collect();
        deals.retain(|d| !pass.was_told(&d.id, d.at));
        let items = self.changes(via, pipeline, &pass, &deals).await?;
        Ok(Page {
            items,
            cursor: pass::cursor(&pass.turned(&read, has_more))?,
            has_more,
            wait_until: None,
        })
    }

    /// The moment of the last change there is.
    async fn newest(&self, via: &Via<'_>) -> Result<Option<Micros>, Fault> {
        let mut newest = None;
        for field in ["write_date", "create_date"] {
            let order = json!([[field, "DESC NULLS LAST"]]);
            let params = [json!([]), json!(0), json!(1), order, json!([field])];
            let rows = self
                .call(via, "model.sale.opportunity.search_read", &params)
                .await?;
            newest = newest.max(wire::read_moment(&rows[0][field]));
        }
        Ok(newest)
    }

    /// One more than a page, to see whether there is another.
    async fn deals(&self, via: &Via<'_>, pass: &Pass) -> Result<Vec<Deal>, Fault> {
        let mut domain = vec![json!(["id", ">", pass.after])];
        if let Some(window) = pass.window() {
            let at = wire::moment(window);
            domain.push(json!([
                "OR",
                ["write_date", ">=", at],
                ["create_date", ">=", at]
            ]));
        }
        let order = json!([["id", "ASC"]]);
        let params = [
            json!(domain),
            json!(0),
            json!(self.page + 1),
            order,
            json!(wire::FIELDS),
        ];
        let rows = self
            .call(via, "model.sale.opportunity.search_read", &params)
            .await?;
        let rows = rows
            .as_array()
            .ok_or_else(|| Fault::Strange("no list of opportunities".into()))?;
        let deals: Result<Vec<Deal>, Fault> = rows.iter().map(wire::deal).collect();
        let mut deals = deals?;
        deals.sort_by_key(|d| d.id);
        deals.dedup_by_key(|d| d.id);
        deals.retain(|d| d.id > pass.after);
        Ok(deals)
    }

    async fn changes(
        &self,
        via: &Via<'_>,
        pipeline: &Pipeline,
        pass: &Pass,
        deals: &[Deal],
    ) -> Result<Vec<Change>, Fault> {
        if deals.is_empty() {
            return Ok(Vec::new());
        }
        let mut was = self.revisions(via, deals).await?;
        for deal in deals {
            let versions = was.entry(deal.id).or_default();
            // One from before tells whether the first that is new was a change at all.
            if let Some(bound) = pass.bound(&deal.id) {
                let before = versions.iter().filter(|w| w.at < bound).count();
                versions.drain(..before.saturating_sub(1));
            }
            if let Some(last) = versions.last_mut().filter(|w| w.at == deal.at) {
                last.state = Some(deal.state.clone());
                last.uid = deal.uid;
                last.is_settled = true;
            }
        }
        self.settle(via, &mut was).await?;
        self.look(via, pipeline, &mut was).await?;
        let people = self.people(via, deals, &was).await?;
        let place = format!(
            "{}/#{}/model/sale.opportunity",
            base(via),
            via.settings.get("database")
        );
        let mut changes = Vec::new();
        for deal in deals {
            let versions = was.get(&deal.id).map_or(&[][..], Vec::as_slice);
            told_of(
                deal,
                versions,
                pass.bound(&deal.id),
                &people,
                &place,
                &mut changes,
            );
        }
        changes.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        Ok(changes)
    }
}

/// Writes out what a deal's versions tell: those at which its state became another.
fn told_of(
    deal: &Deal,
    versions: &[Was],
    bound: Option<Micros>,
    people: &People,
    place: &str,
    changes: &mut Vec<Change>,
) {
    // Without a history (it was switched on later, say) there is only what is.
    let is_kept = versions.iter().any(|w| w.at == deal.at);
    let now = Was {
        at: deal.at,
        state: Some(deal.state.clone()),
        uid: deal.uid,
        ..Was::default()
    };
    let mut before: Option<&str> = None;
    for version in versions.iter().chain((!is_kept).then_some(&now)) {
        let Some(state) = version.state.as_deref() else {
            continue;
        };
        let is_new = bound.is_none_or(|b| version.at >= b) && before != Some(state);
        before = Some(state);
        if !is_new {
            continue;
        }
        changes.push(Change {
            id: format!("{}:{}", deal.id, version.at),
            case: deal.id.to_string(),
            case_name: deal.name.clone(),
            case_url: Some(format!("{place}/{}", deal.id)),
            stage: state.into(),
            at: version.at,
            by: people.of(version),
            history: if is_kept {
                History::Native
            } else {
                History::Snapshot
            },
            attributes: deal.attributes.clone(),
        });
    }
}
