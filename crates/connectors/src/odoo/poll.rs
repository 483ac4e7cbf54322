//! Leads that were changed, by their ids, with what the chatter tracked of their stage.

use super::{LOST, Odoo, base, wire};
use crate::pass::{self, Pass};
use crate::source::History;
use crate::{Change, Cursor, Fault, Micros, Page, Via};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What was tracked of a lead: a stage that it came to, or whether it is active.
struct Tracked {
    id: i64,
    at: Micros,
    is_stage: bool,
    old: i64,
    new: i64,
    by: Option<String>,
}

const FIELDS: [&str; 11] = [
    "name",
    "stage_id",
    "active",
    "create_date",
    "write_date",
    "date_last_stage_update",
    "partner_id",
    "user_id",
    "team_id",
    "expected_revenue",
    "source_id",
];

impl Odoo {
    pub(super) async fn page(
        &self,
        via: &Via<'_>,
        from: Option<&Cursor>,
    ) -> Result<Page<Change>, Fault> {
        let mut pass: Pass = pass::read(from);
        if pass.is_new() {
            let named = json!({ "fields": ["write_date"], "order": "write_date desc", "limit": 1, "context": { "active_test": false } });
            let rows = self
                .call(via, "crm.lead", "search_read", json!([[]]), named)
                .await?;
            pass.mark = wire::list(&rows)?
                .first()
                .and_then(|row| wire::moment(&row["write_date"]));
        }
        let mut domain = vec![json!(["id", ">", pass.after])];
        if let Some(window) = pass.window() {
            domain.push(json!(["write_date", ">=", wire::literal(window)]));
        }
        let named = json!({ "fields": FIELDS, "order": "id", "limit": self.page, "context": { "active_test": false } });
        let rows = self
            .call(via, "crm.lead", "search_read", json!([domain]), named)
            .await?;
        let rows = wire::list(&rows)?;
        let mut read = Vec::new();
        let mut fresh = BTreeMap::new();
        for row in rows {
            let (Some(id), Some(at)) = (row["id"].as_i64(), wire::moment(&row["write_date"]))
            else {
                return Err(Fault::Strange("a lead without an id or a time".into()));
            };
            read.push((id, at));
            if !pass.was_told(&id, at) {
                fresh.insert(id, row);
            }
        }
        let ids: Vec<i64> = fresh.keys().copied().collect();
        let tracked = self.tracked(via, &ids).await?;
        let mut items = Vec::new();
        for (id, row) in fresh {
            let bound = pass.bound(&id);
            let mut told = match &tracked {
                Some(tracked) => history(id, row, tracked.get(&id).map_or(&[][..], Vec::as_slice)),
                None => as_is(id, row),
            };
            told.retain(|c| bound.is_none_or(|b| c.at >= b));
            for change in &mut told {
                change.case_url = Some(format!("{}/odoo/crm/{id}", base(via)));
            }
            items.extend(told);
        }
        items.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        let has_more = rows.len() >= self.page;
        Ok(Page {
            items,
            cursor: pass::cursor(&pass.turned(&read, has_more))?,
            has_more,
            wait_until: None,
        })
    }

    /// What was tracked of leads, oldest first; none, where this user may not read it.
    async fn tracked(
        &self,
        via: &Via<'_>,
        ids: &[i64],
    ) -> Result<Option<BTreeMap<i64, Vec<Tracked>>>, Fault> {
        if ids.is_empty() {
            return Ok(Some(BTreeMap::new()));
        }
        let domain = json!([
            ["model", "=", "crm.lead"],
            ["res_id", "in", ids],
            ["tracking_value_ids", "!=", false]
        ]);
        let fields =
            json!({ "fields": ["res_id", "date", "author_id", "email_from"], "order": "id" });
        let messages = self
            .call(via, "mail.message", "search_read", json!([domain]), fields)
            .await?;
        let messages = wire::list(&messages)?;
        let messages: BTreeMap<i64, &Value> = messages
            .iter()
            .filter_map(|m| Some((m["id"].as_i64()?, m)))
            .collect();
        let numbers: Vec<i64> = messages.keys().copied().collect();
        let domain = json!([
            ["mail_message_id", "in", numbers],
            ["field_id.name", "in", ["stage_id", "active"]]
        ]);
        let fields = [
            "mail_message_id",
            "field_id",
            "old_value_integer",
            "new_value_integer",
            "new_value_char",
        ];
        let named = json!({ "fields": fields, "order": "id" });
        let values = match self
            .call(
                via,
                "mail.tracking.value",
                "search_read",
                json!([domain]),
                named,
            )
            .await
        {
            Err(Fault::NotAllowed(_)) => return Ok(None),
            values => values?,
        };
        let mut tracked: BTreeMap<i64, BTreeMap<i64, Tracked>> = BTreeMap::new();
        for value in wire::list(&values)? {
            let message = value["mail_message_id"][0]
                .as_i64()
                .and_then(|id| messages.get(&id));
            let (Some(id), Some(message)) = (value["id"].as_i64(), message) else {
                continue;
            };
            let (Some(lead), Some(at)) =
                (message["res_id"].as_i64(), wire::moment(&message["date"]))
            else {
                continue;
            };
            let entry = Tracked {
                id,
                at,
                // A stage has a name; whether a lead is active is only a number.
                is_stage: !wire::text(&value["new_value_char"]).is_empty(),
                old: value["old_value_integer"].as_i64().unwrap_or(0),
                new: value["new_value_integer"].as_i64().unwrap_or(0),
                by: wire::person(&message["email_from"], &message["author_id"]),
            };
            tracked.entry(lead).or_default().insert(id, entry);
        }
        let sorted = tracked.into_iter().map(|(lead, entries)| {
            let mut entries: Vec<Tracked> = entries.into_values().collect();
            entries.sort_by_key(|t| (t.at, t.id));
            (lead, entries)
        });
        Ok(Some(sorted.collect()))
    }
}

/// From the stage that a lead was made in through all that was tracked.
fn history(id: i64, row: &Value, tracked: &[Tracked]) -> Vec<Change> {
    let now = row["stage_id"][0].as_i64().unwrap_or(0);
    let mut stage = tracked.iter().find(|t| t.is_stage).map_or(now, |t| t.old);
    let mut changes = Vec::new();
    if let (Some(at), true) = (wire::moment(&row["create_date"]), stage != 0) {
        changes.push(change(
            id,
            row,
            "0",
            stage.to_string(),
            at,
            None,
            History::Native,
        ));
    }
    for t in tracked {
        let came = match (t.is_stage, t.new) {
            (true, new) => {
                stage = new;
                new.to_string()
            }
            (false, 0) => LOST.into(),
            (false, _) => stage.to_string(),
        };
        changes.push(change(
            id,
            row,
            &t.id.to_string(),
            came,
            t.at,
            t.by.clone(),
            History::Native,
        ));
    }
    changes
}

fn as_is(id: i64, row: &Value) -> Vec<Change> {
    let is_lost = row["active"] == json!(false);
    let since = if is_lost {
        &row["write_date"]
    } else {
        &row["date_last_stage_update"]
    };
    let at = wire::moment(since).or_else(|| wire::moment(&row["create_date"]));
    let stage = row["stage_id"][0].as_i64().map(|s| s.to_string());
    let stage = if is_lost { Some(LOST.into()) } else { stage };
    let (Some(at), Some(stage)) = (at, stage) else {
        return Vec::new();
    };
    vec![change(
        id,
        row,
        &format!("{stage}@{at}"),
        stage.clone(),
        at,
        None,
        History::Snapshot,
    )]
}

fn change(
    id: i64,
    row: &Value,
    key: &str,
    stage: String,
    at: Micros,
    by: Option<String>,
    history: History,
) -> Change {
    let attributes = [
        ("account", wire::named(&row["partner_id"])),
        ("amount", wire::text(&row["expected_revenue"])),
        ("owner", wire::named(&row["user_id"])),
        ("team", wire::named(&row["team_id"])),
        ("source", wire::named(&row["source_id"])),
    ];
    let attributes = attributes.into_iter().filter(|(_, v)| !v.is_empty());
    Change {
        id: format!("{id}:{key}"),
        case: id.to_string(),
        case_name: wire::text(&row["name"]),
        case_url: None,
        stage,
        at,
        by,
        history,
        attributes: attributes.map(|(k, v)| (k.into(), v)).collect(),
    }
}
