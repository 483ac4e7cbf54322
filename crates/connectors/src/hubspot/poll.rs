//! The first pass lists all deals with their history; those after it search for changed ones, by id: so the limit of 10,000
//! results, beyond which HubSpot pages no further, is never met. Between passes the journal says what to read.

use super::HubSpot;
use super::journal::{self, Turn};
use super::wire::{self, API, DEALS, Deal, List, Owner};
use crate::pass::{self, Pass};
use crate::source::History;
use crate::text::line;
use crate::{Change, Cursor, Fault, Micros, Page, Pipeline, Request, Via};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) const PROPERTIES: [&str; 8] = [
    "dealname",
    "dealstage",
    "pipeline",
    "amount",
    "deal_currency_code",
    "hubspot_owner_id",
    "hs_analytics_source",
    "hs_lastmodifieddate",
];
const DAY: Micros = 86_400_000_000;

#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
struct State {
    /// The number of the account, for addresses.
    hub: Option<i64>,
    /// Where the list of the first pass goes on.
    next: Option<String>,
    pass: Pass,
    #[serde(default)]
    journal: journal::State,
}

/// Addresses of people by user, names by owner.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct People {
    users: BTreeMap<i64, String>,
    owners: BTreeMap<String, String>,
}

pub fn is(property: &str, operator: &str, value: &str) -> Value {
    json!({ "propertyName": property, "operator": operator, "value": value })
}

impl HubSpot {
    pub(super) async fn page(
        &self,
        via: &Via<'_>,
        pipeline: &Pipeline,
        from: Option<&Cursor>,
    ) -> Result<Page<Change>, Fault> {
        let mut state: State = pass::read(from);
        if from.is_none() || state.pass.is_new() {
            // Without the number there are only no addresses.
            state.hub = match self.token(via).await {
                Ok(token) => Some(token.hub_id),
                Err(Fault::Refused(_) | Fault::Gone(_) | Fault::NotAllowed(_)) => None,
                Err(fault) => return Err(fault),
            };
        }
        if !state.pass.is_first() && state.pass.after == 0 {
            let turn = self.hear(via, state.hub, &mut state.journal).await;
            if let Turn::Read { deals, has_more } = turn {
                let items = self.named(via, pipeline, &state, deals).await?;
                return page(items, &state, has_more);
            }
        }
        let (deals, has_more) = match state.pass.is_first() {
            true => self.list(via, &mut state).await?,
            false => self.changed(via, pipeline, &state.pass).await?,
        };
        let mut read = Vec::new();
        for deal in &deals {
            read.push((deal.number()?, deal.at()?));
        }
        let here = deals
            .iter()
            .filter(|d| d.property("pipeline") == pipeline.id);
        let fresh: Vec<&Deal> = here.filter(|d| matches!((d.number(), d.at()), (Ok(id), Ok(at)) if !state.pass.was_told(&id, at))).collect();
        let people = match fresh.is_empty() {
            true => People::default(),
            false => self.people(via, state.pass.after == 0).await?,
        };
        let mut items = Vec::new();
        for deal in fresh {
            told_of(
                deal,
                state.pass.bound(&deal.number()?),
                state.hub,
                &people,
                &mut items,
            )?;
        }
        state.pass = state.pass.turned(&read, has_more);
        state.journal.compare(&items, via.now);
        if !has_more {
            state.journal.searched(via.now);
        }
        page(items, &state, has_more)
    }

    /// What there is to tell of deals that the journal named, of each from a moment on.
    async fn named(
        &self,
        via: &Via<'_>,
        pipeline: &Pipeline,
        state: &State,
        since: BTreeMap<i64, Micros>,
    ) -> Result<Vec<Change>, Fault> {
        let ids: Vec<String> = since.keys().map(i64::to_string).collect();
        let mut deals = self.read_deals(via, &ids).await?;
        deals.retain(|d| d.property("pipeline") == pipeline.id);
        if deals.is_empty() {
            return Ok(Vec::new());
        }
        let mut people = self.people(via, false).await?;
        let movers = deals.iter().flat_map(Deal::stages);
        let mut movers = movers.filter_map(|v| v.updated_by_user_id);
        if movers.any(|user| !people.users.contains_key(&user)) {
            people = self.people(via, true).await?;
        }
        let mut items = Vec::new();
        for deal in &deals {
            let bound = since.get(&deal.number()?).copied();
            told_of(deal, bound, state.hub, &people, &mut items)?;
        }
        Ok(items)
    }

    /// Some deals with their history; those that are gone are not among them.
    async fn read_deals(&self, via: &Via<'_>, ids: &[String]) -> Result<Vec<Deal>, Fault> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let inputs: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
        let body = json!({ "inputs": inputs, "properties": PROPERTIES, "propertiesWithHistory": ["dealstage"] });
        let url = format!("{API}{DEALS}/batch/read");
        let read: List<Deal> = self.send(via, Request::json(url, &body)).await?;
        Ok(read.results)
    }

    fn list_request(&self, after: Option<&str>) -> Request {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("limit", &self.page.to_string());
        query.append_pair("properties", &PROPERTIES.join(","));
        query.append_pair("propertiesWithHistory", "dealstage");
        if let Some(after) = after {
            query.append_pair("after", after);
        }
        Request::get(format!("{API}{DEALS}?{}", query.finish()))
    }

    async fn list(&self, via: &Via<'_>, state: &mut State) -> Result<(Vec<Deal>, bool), Fault> {
        let request = self.list_request(state.next.as_deref());
        let request = request.bearer(via.settings.get("token").trim());
        let answer = via.http.send(request).await?;
        let list: List<Deal> = wire::read(&answer, via.now)?;
        if state.pass.mark.is_none() {
            // By their clock, which is the one that changes are told by.
            let date = answer
                .header("date")
                .and_then(|d| jiff::fmt::rfc2822::parse(d).ok());
            let date = date.map(|d| d.timestamp().as_microsecond());
            state.pass.mark = date.or(Some(via.now - DAY));
        }
        state.next = list.paging.and_then(|p| p.next).map(|n| n.after);
        Ok((list.results, state.next.is_some()))
    }

    async fn changed(
        &self,
        via: &Via<'_>,
        pipeline: &Pipeline,
        pass: &Pass,
    ) -> Result<(Vec<Deal>, bool), Fault> {
        let since = pass.window().unwrap_or(0).max(0) / 1000;
        let filters = vec![
            is("pipeline", "EQ", &pipeline.id),
            is("hs_lastmodifieddate", "GTE", &since.to_string()),
            is("hs_object_id", "GT", &pass.after.to_string()),
        ];
        let found = self.search(via, filters, self.page).await?.results;
        let has_more = found.len() >= self.page;
        let mut ids = Vec::new();
        for deal in &found {
            let (id, at) = (deal.number()?, deal.at()?);
            if !pass.was_told(&id, at) {
                ids.push(deal.id.clone());
            }
        }
        let read = self.read_deals(via, &ids).await?;
        // The rest was told, and only says how far the pass came; one that is gone meanwhile has no history any more.
        let told = found
            .into_iter()
            .filter(|d| !read.iter().any(|r| r.id == d.id));
        let mut deals: Vec<Deal> = told.collect();
        deals.extend(read);
        Ok((deals, has_more))
    }

    pub(super) async fn search(
        &self,
        via: &Via<'_>,
        filters: Vec<Value>,
        limit: usize,
    ) -> Result<List<Deal>, Fault> {
        let body = json!({
            "filterGroups": [{ "filters": filters }], "sorts": ["hs_object_id"],
            "properties": PROPERTIES, "limit": limit, "after": "0",
        });
        self.send(via, Request::json(format!("{API}{DEALS}/search"), &body))
            .await
    }

    async fn people(&self, via: &Via<'_>, anew: bool) -> Result<People, Fault> {
        let kept = self.people.get(via.settings).filter(|_| !anew);
        if let Some(people) = kept.and_then(|text| serde_json::from_str(&text).ok()) {
            return Ok(people);
        }
        let mut people = People::default();
        let mut after = String::new();
        // More than anybody has; a list without an end is not followed.
        for _ in 0..100 {
            let path = format!("/crm/v3/owners?limit=500{after}");
            let list: List<Owner> = match self.get(via, &path).await {
                Err(Fault::NotAllowed(_)) => break,
                list => list?,
            };
            for owner in list.results {
                let names = [owner.first_name, owner.last_name].into_iter().flatten();
                let name = names.collect::<Vec<_>>().join(" ");
                let email = owner.email.unwrap_or_default();
                let shown = if email.is_empty() { &name } else { &email };
                if let Some(user) = owner.user_id {
                    people.users.insert(user, line(shown));
                }
                people.owners.insert(
                    owner.id,
                    line(if name.trim().is_empty() {
                        &email
                    } else {
                        &name
                    }),
                );
            }
            let Some(next) = list.paging.and_then(|p| p.next) else {
                break;
            };
            let next: String = form_urlencoded::byte_serialize(next.after.as_bytes()).collect();
            after = format!("&after={next}");
        }
        let text = serde_json::to_string(&people).map_err(|e| Fault::Strange(e.to_string()))?;
        self.people.put(via.settings, text);
        Ok(people)
    }
}

/// Writes out the stages that a deal came to, as far as they are new.
fn page(mut items: Vec<Change>, state: &State, has_more: bool) -> Result<Page<Change>, Fault> {
    items.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    items.dedup_by(|a, b| a.id == b.id);
    Ok(Page {
        items,
        cursor: pass::cursor(state)?,
        has_more,
        wait_until: None,
    })
}

fn told_of(
    deal: &Deal,
    bound: Option<Micros>,
    hub: Option<i64>,
    people: &People,
    items: &mut Vec<Change>,
) -> Result<(), Fault> {
    let owner = deal.property("hubspot_owner_id");
    let owner = people.owners.get(owner).map_or(owner, String::as_str);
    let attributes = [
        ("amount", deal.property("amount")),
        ("currency", deal.property("deal_currency_code")),
        ("owner", owner),
        ("source", deal.property("hs_analytics_source")),
    ];
    let attributes = attributes.into_iter().filter(|(_, v)| !v.is_empty());
    let attributes: Vec<(String, String)> = attributes.map(|(k, v)| (k.into(), line(v))).collect();
    let mut history = Vec::new();
    for value in deal.stages() {
        history.push((wire::moment(&value.timestamp)?, value));
    }
    history.sort_by_key(|(at, _)| *at);
    let mut before = "";
    for (at, value) in history {
        let is_other = value.value != before;
        before = &value.value;
        if !is_other || value.value.is_empty() || bound.is_some_and(|b| at < b) {
            continue;
        }
        let user = value
            .updated_by_user_id
            .and_then(|id| people.users.get(&id))
            .cloned();
        let source = value.source_label.as_ref().unwrap_or(&value.source_type);
        items.push(Change {
            id: format!("{}:{at}:{}", deal.id, value.value),
            case: deal.id.clone(),
            case_name: line(deal.property("dealname")),
            case_url: hub.map(|hub| {
                format!(
                    "https://app.hubspot.com/contacts/{hub}/record/0-3/{}",
                    deal.id
                )
            }),
            stage: value.value.clone(),
            at,
            by: user
                .or_else(|| Some(line(source)))
                .filter(|by| !by.is_empty() && by != "CRM_UI"),
            history: History::Native,
            attributes: attributes.clone(),
        });
    }
    Ok(())
}
