//! What deals were. Tryton's own log says most of it in one call: which state a deal was moved to, which fields were written. What the log
//! does not say is looked for in the history: which deals were in which state at a moment, for as many deals as one likes at once.

use super::Tryton;
use super::points::{Span, points};
use super::wire::{self, Deal};
use crate::{Fault, Micros, Pipeline, Via};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// One version of a deal: when it was written, which state it had where that is known, by whom.
#[derive(Debug, Default)]
pub struct Was {
    pub at: Micros,
    /// None: not known, or as before.
    pub state: Option<String>,
    pub uid: Option<i64>,
    pub name: Option<String>,
    /// There is no need to look.
    pub is_settled: bool,
}

/// Versions by deal, oldest first.
pub type Versions = BTreeMap<i64, Vec<Was>>;

/// Rows of the log that are asked for at once.
const ROWS: usize = 1000;

impl Tryton {
    /// When each deal was written, up to what was read of it.
    pub(super) async fn revisions(&self, via: &Via<'_>, deals: &[Deal]) -> Result<Versions, Fault> {
        let read: BTreeMap<i64, Micros> = deals.iter().map(|d| (d.id, d.at)).collect();
        let ids: Vec<i64> = read.keys().copied().collect();
        let rows = self
            .call(
                via,
                "model.sale.opportunity.history_revisions",
                &[json!(ids)],
            )
            .await?;
        let mut was: BTreeMap<i64, BTreeMap<Micros, Was>> = BTreeMap::new();
        for row in list(&rows)? {
            let (Some(at), Some(id)) = (wire::read_moment(&row[0]), row[1].as_i64()) else {
                return Err(Fault::Strange(
                    "a revision without a time or a record".into(),
                ));
            };
            if read.get(&id).is_some_and(|last| at <= *last) {
                let name = row[2].as_str().map(String::from);
                let version = Was {
                    at,
                    name,
                    ..Was::default()
                };
                was.entry(id).or_default().insert(at, version);
            }
        }
        Ok(was
            .into_iter()
            .map(|(id, w)| (id, w.into_values().collect()))
            .collect())
    }

    /// What the log says of versions: it carries the same moments. Whoever may not read it, or has none, looks instead.
    pub(super) async fn settle(&self, via: &Via<'_>, was: &mut Versions) -> Result<(), Fault> {
        let open = was
            .iter()
            .filter(|(_, versions)| versions.iter().any(|w| !w.is_settled));
        let resources: Vec<String> = open
            .map(|(id, _)| format!("sale.opportunity,{id}"))
            .collect();
        let mut after = 0;
        let mut logged: BTreeMap<(i64, Micros), Vec<Value>> = BTreeMap::new();
        while !resources.is_empty() {
            let domain = json!([["resource", "in", resources], ["id", ">", after]]);
            let fields = json!(["resource", "event", "target", "user", "create_date"]);
            let params = [
                domain,
                json!(0),
                json!(ROWS),
                json!([["id", "ASC"]]),
                fields,
            ];
            let rows = match self
                .call(via, "model.ir.model.log.search_read", &params)
                .await
            {
                Err(Fault::NotAllowed(_)) => break,
                rows => rows?,
            };
            let rows = list(&rows)?;
            let before = after;
            for row in rows {
                after = after.max(row["id"].as_i64().unwrap_or(0));
                let resource = row["resource"].as_str().and_then(|r| r.split_once(','));
                let id = resource.and_then(|(_, id)| id.parse::<i64>().ok());
                if let (Some(id), Some(at)) = (id, wire::read_moment(&row["create_date"])) {
                    logged.entry((id, at)).or_default().push(row.clone());
                }
            }
            if rows.len() < ROWS || after == before {
                break;
            }
        }
        for (id, versions) in was.iter_mut() {
            for (n, version) in versions
                .iter_mut()
                .enumerate()
                .filter(|(_, w)| !w.is_settled)
            {
                if let Some(rows) = logged.get(&(*id, version.at)) {
                    read_log(version, rows, n > 0);
                }
            }
        }
        Ok(())
    }

    /// Looks for the states that are not known yet, at as few moments as possible.
    pub(super) async fn look(
        &self,
        via: &Via<'_>,
        pipeline: &Pipeline,
        was: &mut Versions,
    ) -> Result<(), Fault> {
        let mut spans = Vec::new();
        for (record, versions) in was.iter() {
            for pair in versions.windows(2).filter(|pair| !pair[0].is_settled) {
                let (from, until) = (pair[0].at, pair[1].at);
                spans.push(Span {
                    record: *record,
                    from,
                    until,
                });
            }
        }
        for (at, shown) in points(spans) {
            let ids = shown.iter().map(|s| s.record).collect();
            let is_birth = |s: &Span| was.get(&s.record).is_some_and(|v| v[0].at == s.from);
            let births = shown.iter().filter(|s| is_birth(s)).count() * 2 > shown.len();
            let states = self.as_of(via, pipeline, at, ids, births).await?;
            for span in shown {
                let versions = was.get_mut(&span.record);
                let version = versions.and_then(|v| v.iter_mut().find(|w| w.at == span.from));
                if let Some(version) = version {
                    version.state = states.get(&span.record).cloned();
                }
            }
        }
        Ok(())
    }

    /// In which states deals were at a moment. Reading old versions takes Tryton long, one by one; searching takes it one query.
    /// So the states are numbered from 1, and the n-th search asks who was in one whose number has the n-th bit. Where
    /// most of the versions are the first of their deals, one search for the first state comes before those, and mostly instead.
    async fn as_of(
        &self,
        via: &Via<'_>,
        pipeline: &Pipeline,
        at: Micros,
        mut ids: Vec<i64>,
        births: bool,
    ) -> Result<BTreeMap<i64, String>, Fault> {
        let stages = &pipeline.stages;
        let context = [("_datetime", wire::moment(at))];
        let mut numbers: BTreeMap<i64, usize> = ids.iter().map(|id| (*id, 0)).collect();
        if births && ids.len() > 1 && !stages.is_empty() {
            let found = self.who(via, &ids, &[&stages[0].id], &context).await?;
            ids.retain(|id| !found.contains(id));
            let found = found.into_iter().filter(|id| numbers.contains_key(id));
            numbers.extend(found.map(|id| (id, 1)).collect::<Vec<_>>());
        }
        let mut bit = 1;
        while bit <= stages.len() && ids.len() > 1 {
            let asked = (1..=stages.len()).filter(|n| n & bit != 0);
            let asked: Vec<&String> = asked.map(|n| &stages[n - 1].id).collect();
            for id in self.who(via, &ids, &asked, &context).await? {
                if let Some(number) = numbers.get_mut(&id) {
                    *number |= bit;
                }
            }
            bit *= 2;
        }
        let mut states = BTreeMap::new();
        for (id, number) in numbers {
            let stage = number.checked_sub(1).and_then(|n| stages.get(n));
            let state = match stage {
                Some(stage) => Some(stage.id.clone()),
                // In none that is known now, or not there then.
                None => self.read_as_of(via, &context, id).await?,
            };
            states.extend(state.map(|s| (id, s)));
        }
        Ok(states)
    }

    /// Who of them was in one of some states.
    async fn who(
        &self,
        via: &Via<'_>,
        ids: &[i64],
        states: &[&String],
        context: &[(&str, Value)],
    ) -> Result<BTreeSet<i64>, Fault> {
        let domain = json!([["id", "in", ids], ["state", "in", states]]);
        let params = [domain, json!(0), json!(ids.len()), json!([["id", "ASC"]])];
        let method = "model.sale.opportunity.search";
        let found = self.call_as(via, method, &params, context).await?;
        Ok(list(&found)?.iter().filter_map(Value::as_i64).collect())
    }

    async fn read_as_of(
        &self,
        via: &Via<'_>,
        context: &[(&str, Value)],
        id: i64,
    ) -> Result<Option<String>, Fault> {
        let params = [json!([id]), json!(["state"])];
        match self
            .call_as(via, "model.sale.opportunity.read", &params, context)
            .await
        {
            Err(Fault::NotAllowed(_)) => Ok(None),
            rows => wire::state(&rows?[0]).map(Some),
        }
    }

    /// The addresses, or else the names, of those who moved the deals, as far as they may be read.
    pub(super) async fn people(
        &self,
        via: &Via<'_>,
        deals: &[Deal],
        was: &Versions,
    ) -> Result<People, Fault> {
        let versions = || was.values().flatten().filter(|w| w.state.is_some());
        let names: BTreeSet<&str> = versions().filter_map(|w| w.name.as_deref()).collect();
        let ids: BTreeSet<i64> = versions()
            .filter_map(|w| w.uid)
            .chain(deals.iter().filter_map(|d| d.uid))
            .collect();
        let domain = json!([
            ["OR", ["name", "in", names], ["id", "in", ids]],
            ["active", "in", [true, false]]
        ]);
        let fields = json!(["email", "name", "login"]);
        let params = [domain, json!(0), json!(ROWS), Value::Null, fields];
        let rows = match self.call(via, "model.res.user.search_read", &params).await {
            Err(Fault::NotAllowed(_)) => json!([]),
            rows => rows?,
        };
        let mut people = People::default();
        for row in list(&rows)? {
            let Some(id) = row["id"].as_i64() else {
                continue;
            };
            let text = |field: &str| row[field].as_str().map(str::trim).filter(|t| !t.is_empty());
            let Some(shown) = text("email").or(text("name")).or(text("login")) else {
                continue;
            };
            people.by_id.insert(id, shown.into());
            if let Some(name) = text("name") {
                // Two of one name cannot be told apart by it.
                let ids = people.by_name.entry(name.into()).or_default();
                ids.insert(id);
            }
        }
        Ok(people)
    }
}

/// How people are called here.
#[derive(Debug, Default)]
pub struct People {
    by_id: BTreeMap<i64, String>,
    by_name: BTreeMap<String, BTreeSet<i64>>,
}

impl People {
    pub fn of(&self, version: &Was) -> Option<String> {
        let named = version
            .name
            .as_ref()
            .and_then(|name| self.by_name.get(name));
        let alone = named
            .filter(|ids| ids.len() == 1)
            .and_then(|ids| ids.first().copied());
        let found = version.uid.or(alone).and_then(|id| self.by_id.get(&id));
        found.or(version.name.as_ref()).cloned()
    }
}

/// What was logged at the moment of a version. A transition names the state; where only fields were written, and not the state, it stayed.
fn read_log(version: &mut Was, rows: &[Value], has_before: bool) {
    let of = |event: &'static str| rows.iter().filter(move |r| r["event"] == event);
    let mut moved =
        of("transition").filter_map(|r| Some((r, r["target"].as_str()?.strip_prefix("state:")?)));
    if let Some((row, state)) = moved.next_back() {
        version.state = Some(state.into());
        version.uid = row["user"].as_i64();
        version.is_settled = true;
        return;
    }
    let is_state = |r: &Value| {
        r["target"]
            .as_str()
            .is_none_or(|t| t.split(',').any(|f| f == "state"))
    };
    let only_fields = rows.iter().all(|r| r["event"] == "write" && !is_state(r));
    version.is_settled = has_before && only_fields;
}

fn list(rows: &Value) -> Result<&[Value], Fault> {
    let rows = rows.as_array().map(Vec::as_slice);
    rows.ok_or_else(|| Fault::Strange("a list was expected".into()))
}
