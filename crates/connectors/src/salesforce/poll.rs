//! Opportunities that were changed, by their ids, each with all of its history.

use super::Salesforce;
use super::wire::{self, Deal, Found, Moved, Newest};
use crate::pass::{self, Pass};
use crate::source::History;
use crate::text::line;
use crate::{Change, Cursor, Fault, Micros, Page, Via};

impl Salesforce {
    pub(super) async fn page(
        &self,
        via: &Via<'_>,
        from: Option<&Cursor>,
    ) -> Result<Page<Change>, Fault> {
        let mut pass: Pass<String> = pass::read(from);
        if pass.is_new() {
            let soql = "SELECT MAX(SystemModstamp) newest FROM Opportunity";
            let found: Found<Newest> = self.query(via, soql).await?;
            let newest = found.records.first().and_then(|n| n.newest.as_deref());
            pass.mark = newest.map(wire::moment).transpose()?;
        }
        let found: Found<Deal> = self.query(via, &self.soql(&pass)).await?;
        let has_more = found.records.len() >= self.page;
        let instance = self.token(via).await?.instance_url;
        let mut read = Vec::new();
        let mut items = Vec::new();
        for deal in found.records {
            // It goes into the next question.
            if deal.id.is_empty() || !deal.id.bytes().all(|b| b.is_ascii_alphanumeric()) {
                return Err(Fault::Strange("an opportunity whose id is none".into()));
            }
            let at = wire::moment(&deal.system_modstamp)?;
            read.push((deal.id.clone(), at));
            if !pass.was_told(&deal.id, at) {
                self.told(via, deal, &pass, &instance, &mut items).await?;
            }
        }
        items.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        items.dedup_by(|a, b| a.id == b.id);
        Ok(Page {
            items,
            cursor: pass::cursor(&pass.turned(&read, has_more))?,
            has_more,
            wait_until: None,
        })
    }

    fn soql(&self, pass: &Pass<String>) -> String {
        let mut soql = String::from(
            "SELECT Id, Name, SystemModstamp, Amount, LeadSource, Account.Name, Owner.Name, \
             (SELECT Id, StageName, CreatedDate, CreatedBy.Name, CreatedBy.Email FROM OpportunityHistories ORDER BY CreatedDate) \
             FROM Opportunity",
        );
        let after = (!pass.after.is_empty()).then(|| format!("Id > '{}'", pass.after));
        let since = pass
            .window()
            .map(|at| format!("SystemModstamp >= {}", wire::literal(at)));
        let bounds: Vec<String> = after.into_iter().chain(since).collect();
        if !bounds.is_empty() {
            soql += &format!(" WHERE {}", bounds.join(" AND "));
        }
        soql + &format!(" ORDER BY Id LIMIT {}", self.page)
    }

    /// Writes out the stages that an opportunity came to, as far as they are new.
    async fn told(
        &self,
        via: &Via<'_>,
        deal: Deal,
        pass: &Pass<String>,
        instance: &str,
        items: &mut Vec<Change>,
    ) -> Result<(), Fault> {
        let bound = pass.bound(&deal.id);
        let amount = deal.amount.map(|a| a.to_string());
        let name = |named: &Option<wire::Named>| named.as_ref().and_then(|n| n.name.clone());
        let attributes = [
            ("account", name(&deal.account)),
            ("amount", amount),
            ("owner", name(&deal.owner)),
            ("source", deal.lead_source),
        ];
        let attributes = attributes
            .into_iter()
            .filter_map(|(k, v)| Some((k.into(), line(&v?))));
        let attributes: Vec<(String, String)> = attributes
            .filter(|(_, v): &(String, String)| !v.is_empty())
            .collect();
        let rows = match deal.opportunity_histories {
            Some(first) => self.rest(via, first).await?.records,
            None => Vec::new(),
        };
        let mut history: Vec<(Micros, Moved)> = Vec::new();
        for row in rows {
            history.push((wire::moment(&row.created_date)?, row));
        }
        history.sort_by(|a, b| (a.0, &a.1.id).cmp(&(b.0, &b.1.id)));
        let mut before = String::new();
        for (at, row) in history {
            // A row is also written when only the amount or the date became another.
            let is_other = row.stage_name != before;
            before.clone_from(&row.stage_name);
            if !is_other || bound.is_some_and(|b| at < b) {
                continue;
            }
            let by = row
                .created_by
                .and_then(|p| p.email.or(p.name))
                .map(|by| line(&by));
            items.push(Change {
                id: row.id,
                case: deal.id.clone(),
                case_name: line(deal.name.as_deref().unwrap_or(&deal.id)),
                case_url: Some(format!("{}/{}", instance.trim_end_matches('/'), deal.id)),
                stage: row.stage_name,
                at,
                by: by.filter(|by| !by.is_empty()),
                history: History::Native,
                attributes: attributes.clone(),
            });
        }
        Ok(())
    }
}
