//! What people at the sample company asked each other while they had the network to ask: few at first, more as it went on.

use super::people::{OWNER, actor};
use crate::improvements::{Improvement, Improvements, Tool};
use crate::work::Work;
use crate::work::talk::Followed;
use base::clock::SetClock;
use base::identity::Actor;
use base::problem::Problem;
use mining::Micros;
use mining::time::{DAY, HOUR};
use std::collections::HashMap;

/// So many questions at most.
const MOST: usize = 90;

const QUESTIONS: [(&str, &str); 8] = [
    (
        "What do utilities accept as proof of accuracy in a tender?",
        "The certificate of the flow lab and one reference in the same pressure zone. Nobody has asked for more.",
    ),
    (
        "Has anybody sold to a hospital with two procurement boards?",
        "Yes, twice: ask both for their dates first, and send the same offer on the same day.",
    ),
    (
        "Who knows how breweries clean in place at 80 degrees?",
        "Zero the meter at process temperature, not cold. It takes two minutes and no tools.",
    ),
    (
        "Is there a contract template in Finnish?",
        "There is, legal keeps it; the annex on call-outs has to be translated anew each time.",
    ),
    (
        "How do we price a survey that finds nothing?",
        "Flat, and said so in the first mail. Three customers stayed because of that.",
    ),
    (
        "Which loggers do the municipal works compare us with?",
        "Acoustic ones. Show them plastic mains at night pressure: there they hear little.",
    ),
    (
        "Can the call-out be four hours in the north?",
        "With the depot in the harbour, yes; beyond it promise eight.",
    ),
    (
        "What did they ask at the board last time?",
        "Who reads the alarms at night. Bring the name and the number.",
    ),
];

/// Lets people ask at the step where the network was plugged in, from the first team's start on; the owner follows what goes on.
pub async fn over_time(
    work: &Work,
    all: &Improvements,
    clock: &SetClock,
    process: &str,
) -> Result<(), Problem> {
    let loaded = work.library().load(process).await?;
    let (log, slug) = (&loaded.log, loaded.row.slug.clone());
    let directory = work.identity().directory().await?;
    let people: HashMap<&str, Actor> = directory
        .active()
        .filter_map(|p| Some((p.name.as_str(), actor(p)?)))
        .collect();
    let Some(owner) = people.get(OWNER.0) else {
        return Ok(());
    };
    let found = all.of_process(process).await?;
    let asked = found.iter().find(|i| {
        i.tool == Tool::Ask
            && i.teams
                .iter()
                .any(|t| t.start().is_some_and(|s| s < clock_end(log)))
    });
    let Some(imp) = asked else {
        return Ok(());
    };
    let moments = moments(&loaded, imp, &people);
    for (n, (at, case, asker)) in moments.iter().enumerate() {
        let (question, answer) = QUESTIONS[n % QUESTIONS.len()];
        clock.set(*at);
        let id = work
            .ask(asker, &slug, &imp.step, Some(case), question, None)
            .await?;
        // Somebody else who works at the step; in some one in eight nobody knew.
        let others: Vec<&Actor> = moments
            .iter()
            .map(|m| &m.2)
            .filter(|p| p.id() != asker.id())
            .collect();
        if n % 8 == 5 || others.is_empty() {
            continue;
        }
        let by = others[(n * 7 + 3) % others.len()];
        clock.set(at + HOUR * (1 + (n as Micros * 5) % 30));
        let said = work.post(by, &id, answer, None).await?;
        if n % 4 != 2 {
            clock.set(at + HOUR * 40);
            let saved = [None, Some(15), Some(60), Some(180)][n % 4];
            work.accept(asker, said, saved).await?;
        }
    }
    clock.set(clock_end(log));
    let step = format!("{process}/{}", imp.step);
    work.follow(owner, (Followed::Step, &step), Some("follow"), None)
        .await?;
    work.follow(owner, (Followed::Process, process), Some("follow"), None)
        .await?;
    for (_, _, asker) in moments.iter().rev().take(3) {
        work.follow(owner, (Followed::Person, asker.id()), Some("follow"), None)
            .await?;
    }
    // All that is long past was read.
    for person in people.values() {
        work.mark_all_read(person, i64::MAX).await?;
    }
    Ok(())
}

/// Until when the company has lived.
fn clock_end(log: &mining::EventLog) -> Micros {
    log.span().map_or(0, |(_, last)| last)
}

/// When who asks about which case: of every tenth case or so that came to the step in a team that had the tool, oldest first.
fn moments(
    loaded: &crate::processes::Loaded,
    imp: &Improvement,
    people: &HashMap<&str, Actor>,
) -> Vec<(Micros, String, Actor)> {
    let log = &loaded.log;
    let place = crate::processes::fit::step_of(log, &loaded.steps);
    let here = loaded.steps.steps.iter().position(|s| s.name == imp.step);
    let begun = imp
        .teams
        .iter()
        .filter_map(|t| t.start())
        .min()
        .unwrap_or(0);
    let end = clock_end(log) - 3 * DAY;
    let mut found = Vec::new();
    for case in 0..log.cases() {
        let row = log
            .case(case)
            .find(|&row| place[log.activity[row] as usize] == here);
        let Some(row) = row.filter(|&r| log.time[r] >= begun && log.time[r] < end) else {
            continue;
        };
        let who = log
            .resource()
            .and_then(|c| c.text(row))
            .and_then(|n| people.get(n));
        if let Some(who) = who {
            let at = log.time[row] + 5 * HOUR;
            found.push((at, log.case_name(case).to_string(), who.clone()));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.cmp(&b.1)));
    let every = (found.len() / MOST).max(1);
    found.into_iter().step_by(every).take(MOST).collect()
}
