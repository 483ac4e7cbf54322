//! The company's days go on: what happens next is imported like any other file, and use of tools is told.

use super::company::{STEPS, team};
use super::kept::Kept;
use super::random::Random;
use super::treated::{Rule, Treated};
use super::{Plan, Simulation, files};
use crate::improvements::{Improvement, Improvements};
use crate::processes::Problem;
use crate::processes::files::ReadOptions;
use crate::processes::import::ImportRequest;
use mining::Micros;
use mining::time::{DAY, WEEK};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::uses::UseRow;

/// What came in.
#[derive(Debug, Clone, PartialEq)]
pub struct Came {
    pub process: String,
    pub name: String,
    pub cases_added: u64,
    pub events_added: u64,
    pub cases: u64,
    pub until: Micros,
}

/// Founds a company under a name that no process has yet, with all that happened up to a moment.
pub async fn found(
    all: &Improvements,
    name: &str,
    kept: &Kept,
    until: Micros,
    actor: &str,
) -> Result<Came, Problem> {
    let plan = kept.bare(until);
    let came = import(all, name, plan, kept.from, actor)
        .await?
        .ok_or_else(|| {
            Problem::bad_request(
                "Nothing happens in that time.",
                "Take more weeks or more cases.",
            )
        })?;
    all.library()
        .set_steps(&came.process, files::steps(), actor)
        .await?;
    let kept = Kept {
        until,
        ..kept.clone()
    };
    let mut tx = all.library().db().begin().await?;
    kept.put(&mut tx, &came.process).await?;
    tx.commit().await?;
    Ok(came)
}

/// Lets a company's days go on by a span. From now on, tools do what the rules say.
pub async fn go_on(
    all: &Improvements,
    process: &str,
    span: Micros,
    rules: &[Rule],
    actor: &str,
) -> Result<Came, Problem> {
    let mut kept = kept_of(all, process).await?;
    if !rules.is_empty() {
        let since = kept.until;
        kept.rules
            .extend(rules.iter().map(|r| Rule { since, ..r.clone() }));
        let mut tx = all.library().db().begin().await?;
        kept.put(&mut tx, process).await?;
        tx.commit().await?;
    }
    advance(all, process, kept.until + span, actor).await
}

async fn kept_of(all: &Improvements, process: &str) -> Result<Kept, Problem> {
    let kept = Kept::find(all.library().db(), process).await?;
    kept.ok_or_else(|| {
        Problem::bad_request(
            "This is no sample company: only the days of one that was made here can go on.",
            "Make one with `tenon sample --import --process NAME`.",
        )
    })
}

/// Lets a company's days go on up to a moment.
pub async fn advance(
    all: &Improvements,
    process: &str,
    until: Micros,
    actor: &str,
) -> Result<Came, Problem> {
    let library = all.library();
    let row = library.process(process).await?;
    let kept = kept_of(all, &row.id).await?;
    let plan = kept.plan(all, &row.id, until).await?;
    let came = import(all, &row.id, plan.clone(), kept.until, actor).await?;
    tell_uses(all, &row.id, &kept, plan).await?;
    let since = Kept {
        until,
        ..kept.clone()
    };
    let mut tx = library.db().begin().await?;
    since.put(&mut tx, &row.id).await?;
    library.set_today(&mut tx, &row.id, until).await?;
    tx.commit().await?;
    let added_steps = kept
        .approval
        .is_some_and(|at| kept.until < at && at <= until);
    if added_steps {
        library
            .set_steps(&row.id, files::steps_with_approval(), actor)
            .await?;
    }
    Ok(came.unwrap_or(Came {
        process: row.id,
        name: row.name,
        cases_added: 0,
        events_added: 0,
        cases: row.cases as u64,
        until,
    }))
}

/// Imports what happened after `since`; `None` when nothing did.
async fn import(
    all: &Improvements,
    process: &str,
    plan: Plan,
    since: Micros,
    actor: &str,
) -> Result<Option<Came>, Problem> {
    let library = all.library();
    let until = plan.until;
    let id = library.clock().id().simple();
    let path = std::env::temp_dir().join(format!("tenon-sample-{id}.xes"));
    let written = {
        let path = path.clone();
        tokio::task::spawn_blocking(move || files::write_since(Simulation::new(plan), since, &path))
            .await
            .map_err(anyhow::Error::from)?
    };
    let result = match written {
        Ok(0) => Ok(None),
        Err(problem) => Err(problem.into()),
        Ok(_) => {
            let request = ImportRequest {
                path: path.clone(),
                file_name: "sample company".into(),
                process: Some(process.into()),
                options: ReadOptions::default(),
                actor: actor.into(),
            };
            let outcome = library.import(request, Arc::default()).await;
            outcome.map(|o| {
                Some(Came {
                    process: o.process,
                    name: o.name,
                    cases_added: o.cases_added,
                    events_added: o.events_added,
                    cases: o.cases,
                    until,
                })
            })
        }
    };
    let _ = std::fs::remove_file(&path);
    result
}

/// Says for each team and week since the last time in how many cases each tool was used.
async fn tell_uses(
    all: &Improvements,
    process: &str,
    kept: &Kept,
    plan: Plan,
) -> Result<(), Problem> {
    let mut tools: Vec<(Improvement, Treated, f64)> = Vec::new();
    for imp in all.of_process(process).await? {
        if let Some(treated) = Treated::of(&imp, &kept.rules, kept.teams) {
            let share = kept.used(&imp.name);
            tools.push((imp, treated, share));
        }
    }
    if tools.is_empty() {
        return Ok(());
    }
    // The running week is told again when it is over: the last word counts.
    let since = week_of(kept.until);
    let counted = {
        let tools: Vec<(Treated, f64)> = tools.iter().map(|(_, t, s)| (t.clone(), *s)).collect();
        tokio::task::spawn_blocking(move || count(&tools, plan, since))
            .await
            .map_err(anyhow::Error::from)?
    };
    for ((imp, _, _), rows) in tools.iter().zip(counted) {
        all.set_uses(&imp.id, rows).await?;
    }
    Ok(())
}

fn week_of(moment: Micros) -> Micros {
    (moment + 3 * DAY).div_euclid(WEEK) * WEEK - 3 * DAY
}

/// What one team did with a tool in a week.
#[derive(Default)]
struct Week {
    uses: i64,
    cases: i64,
    people: BTreeSet<String>,
}

fn count(tools: &[(Treated, f64)], plan: Plan, since: Micros) -> Vec<Vec<UseRow>> {
    let seed = plan.seed;
    let mut weeks: Vec<BTreeMap<(Micros, usize), Week>> =
        tools.iter().map(|_| BTreeMap::new()).collect();
    for case in Simulation::new(plan) {
        let mut seen = [false; STEPS.len()];
        for entry in &case.entries {
            // A case that comes again counts by its first stay, as it does in the verdict.
            if std::mem::replace(&mut seen[entry.step], true) || entry.entered < since {
                continue;
            }
            for ((tool, share), weeks) in tools.iter().zip(&mut weeks) {
                if tool.step != entry.step || tool.at(case.team, entry.entered).is_none() {
                    continue;
                }
                let mut random = Random::new(
                    seed ^ 0x5eed,
                    case.number * STEPS.len() as u64 + entry.step as u64,
                );
                let week = weeks
                    .entry((week_of(entry.entered), case.team))
                    .or_default();
                if random.chance(*share) {
                    week.cases += 1;
                    week.uses += 1 + random.below(4) as i64;
                    week.people.insert(case.owner.clone());
                }
            }
        }
    }
    let rows = |weeks: BTreeMap<(Micros, usize), Week>| {
        let row = |((day, number), week): ((Micros, usize), Week)| UseRow {
            team: team(number),
            day,
            uses: week.uses,
            people: week.people.len() as i64,
            cases: week.cases,
        };
        weeks.into_iter().map(row).collect()
    };
    weeks.into_iter().map(rows).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::improvements::Plug;
    use crate::processes::Library;
    use crate::sample::treated::Effect;
    use base::clock::SetClock;

    const UNTIL: Micros = 20_783 * DAY;

    /// A company of which nothing is known after `UNTIL`, in which half of the teams then get a tool.
    async fn company(folder: &std::path::Path) -> (Improvements, String, Improvement) {
        let clock = Arc::new(SetClock::at(UNTIL));
        let all = Improvements::new(Library::open(folder, None, clock).await.unwrap());
        let plan = Plan {
            cases: 500,
            ..Plan::usual(UNTIL)
        };
        let came = found(&all, "Company", &Kept::new(plan, Vec::new()), UNTIL, "test")
            .await
            .unwrap();
        let plug = Plug {
            step: "Propose".into(),
            tool: "ask".into(),
            measure: "days-in-step".into(),
            seed: Some(5),
            never: Some(3),
            at_once: Some(4),
            ..Plug::default()
        };
        let imp = all.plug(&came.process, &plug, "test").await.unwrap();
        let imp = all.start(&imp.id, "test").await.unwrap();
        (all, came.process, imp)
    }

    async fn shown(all: &Improvements, process: &str) -> Vec<(String, Vec<(String, Micros)>)> {
        let loaded = all.library().load(process).await.unwrap();
        let log = &loaded.log;
        let mut cases: Vec<_> = (0..log.cases())
            .map(|case| {
                let events = log
                    .case(case)
                    .map(|r| (log.activity_name(log.activity[r]).to_string(), log.time[r]));
                (log.case_name(case).to_string(), events.collect())
            })
            .collect();
        cases.sort();
        cases
    }

    #[tokio::test]
    async fn two_weeks_at_once_are_the_same_as_one_after_the_other_and_old_events_stay() {
        let folders = [store::testing::folder(), store::testing::folder()];
        let (all, process, imp) = company(&folders[0]).await;
        let (other, twin, _) = company(&folders[1]).await;
        let before = shown(&all, &process).await;
        go_on(&all, &process, 2 * WEEK, &[], "test").await.unwrap();
        for _ in 0..2 {
            go_on(&other, &twin, WEEK, &[], "test").await.unwrap();
        }
        let after = shown(&all, &process).await;
        assert_eq!(after, shown(&other, &twin).await);
        assert!(after.len() > before.len());
        for (name, events) in &before {
            let (_, now) = after.iter().find(|(n, _)| n == name).unwrap();
            assert_eq!(&now[..events.len()], &events[..], "{name}");
        }
        assert_eq!(
            all.library().today(&process).await.unwrap(),
            UNTIL + 2 * WEEK
        );
        // Only teams that have the tool use it.
        let uses = all.uses(&imp.id).await.unwrap();
        let has = |team: &str| {
            imp.teams
                .iter()
                .any(|t| t.team == team && t.start().is_some())
        };
        assert!(
            !uses.is_empty() && uses.iter().all(|u| has(&u.team)),
            "{uses:?}"
        );
        for folder in folders {
            std::fs::remove_dir_all(folder).unwrap();
        }
    }

    #[tokio::test]
    async fn a_tool_does_from_now_on_what_a_rule_says_and_a_pause_ends_it() {
        let folder = store::testing::folder();
        let (all, process, imp) = company(&folder).await;
        let rule: Rule = "step=Propose,effect=-50%".parse().unwrap();
        go_on(
            &all,
            &process,
            3 * WEEK,
            std::slice::from_ref(&rule),
            "test",
        )
        .await
        .unwrap();
        let kept = kept_of(&all, &process).await.unwrap();
        assert_eq!((kept.rules[0].since, kept.until), (UNTIL, UNTIL + 3 * WEEK));
        all.pause(&imp.id, "test").await.unwrap();
        let imp = all.find(&imp.id).await.unwrap();
        let treated = Treated::of(&imp, &kept.rules, 7).unwrap();
        let team = (0..7).find(|t| treated.starts[*t].is_some()).unwrap();
        let half = Effect {
            days: -0.5,
            goes_on: 0.0,
        };
        let days = [1, 2, 3].map(|weeks| treated.at(team, UNTIL + weeks * WEEK));
        assert_eq!(days, [Some(half), Some(half), None]);
        let none = go_on(&all, "new", WEEK, &[], "test").await.unwrap_err();
        assert!(none.what.contains("no sample company"), "{}", none.what);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
