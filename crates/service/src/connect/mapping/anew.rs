//! Which of what a source told a decision concerns, and how it is read by it.

use super::{ROWS, after};
use crate::processes::mapping::{Changes, Mapping};
use crate::processes::push::{self, Attributes, Event};
use crate::processes::reread::Anew;
use base::problem::Problem;
use mining::log::Who;
use mining::time::MISSING;
use std::collections::BTreeSet;
use store::Tx;
use store::pushed::{CASE, PushedRow};
use store::source_mappings::{self, After};

/// Whether what a row tells is read in another way.
pub(super) fn concerns(
    row: &PushedRow,
    (before, after): (&Mapping, &Mapping),
    changes: &Changes,
) -> Result<bool, Problem> {
    let is_other = |told: &str| changes.people.iter().any(|(t, _)| t == told);
    if row.kind != CASE {
        if changes.people.is_empty() {
            return Ok(false);
        }
        let event: Event = push::read(&row.body)?;
        return Ok(event.resource.is_some_and(|who| is_other(&who)));
    }
    let told: Attributes = push::read(&row.body)?;
    Ok(told.iter().any(|(field, value)| {
        let is_person = before.names_people(field) || after.names_people(field);
        let is_other = is_person && value.as_str().is_some_and(is_other);
        changes.fields.contains(field) || is_other
    }))
}

/// What a connection told, to be read in another way: what is left out goes at once. With how many cases that concerns.
pub(super) async fn anew(
    tx: &mut Tx,
    whose: (&str, &str),
    (before, after_it): (&Mapping, &Mapping),
    changes: &Changes,
) -> Result<(Anew, u64), Problem> {
    let mut all = Anew::default();
    let mut cases: BTreeSet<String> = BTreeSet::new();
    let names = changes.fields.iter().filter_map(|f| before.name_of(f));
    all.names = names.map(|n| n.into_owned()).collect();
    all.gone.1 = changes.left_out.clone();
    let mut place = After::default();
    loop {
        let rows = source_mappings::told_in(tx, whose, &place, ROWS).await?;
        let Some(last) = rows.last() else { break };
        place = after(last);
        let mut thinner = Vec::new();
        for row in rows {
            if row.kind == CASE && !changes.left_out.is_empty() {
                all.gone.0.insert(row.case_ref.clone());
            }
            if !concerns(&row, (before, after_it), changes)? {
                continue;
            }
            cases.insert(row.case_ref.clone());
            if row.kind == CASE {
                let told: Attributes = push::read(&row.body)?;
                let kept = after_it.kept(told.clone());
                // What is read as before may be another's word by now, such as a file's.
                let is_read_anew = |field: &String| {
                    changes.fields.contains(field)
                        || before.names_people(field)
                        || after_it.names_people(field)
                };
                let shown = kept.clone().into_iter().filter(|(f, _)| is_read_anew(f));
                let shown = after_it.attributes(shown.collect());
                all.attributes.push((row.case_ref.clone(), shown));
                if kept != told {
                    let body = serde_json::to_string(&kept).map_err(anyhow::Error::from)?;
                    thinner.push(PushedRow { body, ..row });
                }
                continue;
            }
            let event: Event = push::read(&row.body)?;
            let who = event.resource.unwrap_or_default();
            all.who.entry(row.case_ref).or_default().push(Who {
                activity: event.activity,
                time: push::moment(&event.time).unwrap_or(MISSING),
                before: before.who(&who).into(),
                now: after_it.who(&who).into(),
            });
        }
        source_mappings::rewrite(tx, &thinner).await?;
    }
    Ok((all, cases.len() as u64))
}
