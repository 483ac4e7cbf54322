//! Who works at the sample company, and what they said to each other lately.

use super::company;
use crate::work::Work;
use base::identity::{Actor, Identity, NewPerson, Role, Scopes, Via};
use base::problem::Problem;
use mining::figures::{Filter, StateFilter};
use store::people;

/// Who owns the sample company's Tenon.
pub const OWNER: (&str, &str) = ("Hanne Møller", "hanne.moller@halden.example");

const PLAYBOOK: &str = "\
- [ ] Site survey reviewed by an engineer
- [ ] Price checked against the last three wins
- [ ] Reference customer agreed
- [ ] Service level annex attached
- [ ] Decision makers named
- [ ] Next meeting in the calendar
";

/// Adds the people and teams of the company, unless somebody is here already. Whether it did.
pub async fn settle(identity: &Identity, teams: usize, by: &str) -> Result<bool, Problem> {
    if !identity.directory().await?.people().is_empty() {
        return Ok(false);
    }
    let person = |name: &str, role| NewPerson {
        name: name.into(),
        email: format!("{}@halden.example", plain(name)),
        role,
        password: None,
    };
    let owner = NewPerson {
        email: OWNER.1.into(),
        ..person(OWNER.0, Role::Owner)
    };
    identity.add(owner, by).await?;
    for number in 0..teams.min(50) {
        let team = identity.add_team(&company::team(number), by).await?;
        let mut members = Vec::new();
        for one in 0..company::PEOPLE {
            let role = if one == 0 {
                Role::Manager
            } else {
                Role::Member
            };
            let added = identity
                .add(person(&company::person(number, one), role), by)
                .await;
            match added {
                Ok(row) => members.push(row.id),
                // Two of one name share an address; the second stays away.
                Err(problem) if problem.status == 409 => {}
                Err(problem) => return Err(problem),
            }
        }
        identity.set_members(&team.id, (&members, &[]), by).await?;
    }
    for name in [company::LAWYER].iter().chain(&company::SURVEYORS) {
        identity.add(person(name, Role::Member), by).await?;
    }
    Ok(true)
}

/// A name in letters that stand in any address.
fn plain(name: &str) -> String {
    let name = name.to_lowercase();
    let letters = name.chars().flat_map(|c| match c {
        'ä' | 'å' | 'á' | 'à' | 'ã' => vec!['a'],
        'ö' | 'ø' | 'ó' | 'ô' => vec!['o'],
        'ü' | 'ú' => vec!['u'],
        'é' | 'è' | 'ë' => vec!['e'],
        'í' => vec!['i'],
        'ç' => vec!['c'],
        'ñ' => vec!['n'],
        ' ' => vec!['.'],
        c => vec![c],
    });
    letters
        .filter(|c| c.is_ascii_alphanumeric() || *c == '.' || *c == '-')
        .collect()
}

/// What was said lately: a playbook, a question with an answer, notes on open cases.
pub async fn talk(work: &Work, process: &str) -> Result<(), Problem> {
    let loaded = work.library().load(process).await?;
    let (log, slug) = (&loaded.log, loaded.row.slug.as_str());
    let directory = work.identity().directory().await?;
    let by_name = |name: &str| directory.active().find(|p| p.name == name);
    let Some(hanne) = by_name(OWNER.0).and_then(actor) else {
        return Ok(());
    };
    work.write_playbook(&hanne, slug, "Propose", "Proposal checklist", PLAYBOOK)
        .await?;
    let open = Filter {
        state: Some(StateFilter::Open),
        step: Some("Propose".into()),
        ..Filter::default()
    };
    let open = open.select(log, &loaded.steps, &loaded.options)?;
    // Cases whose people can be told, a few of each team at most.
    let found = open.cases.iter().filter_map(|&case| {
        let case = case as usize;
        let mut who = log.case(case).filter_map(|row| log.resource()?.text(row));
        let person = who.next_back().and_then(by_name)?;
        Some((log.case_names.get(log.case_name[case]).to_string(), person))
    });
    let mut found: Vec<_> = found.take(12).collect();
    found.reverse();
    let surveyor = company::SURVEYORS
        .iter()
        .find_map(|n| by_name(n))
        .and_then(actor);
    let (Some(surveyor), Some(lawyer)) = (surveyor, by_name(company::LAWYER).and_then(actor))
    else {
        return Ok(());
    };
    for (n, (case, person)) in found.iter().enumerate() {
        let Some(me) = actor(person) else { continue };
        let room = || work.room(&me, slug, case);
        match n % 3 {
            0 => {
                let text = format!(
                    "The board meets soon. @{} can legal take the service level annex first?",
                    lawyer.handle()
                );
                work.note(&me, room().await?, &text, None).await?;
                let text = "On Friday, with the four hour call-out from their draft kept.";
                work.note(&lawyer, room().await?, text, None).await?;
            }
            1 => {
                let text = "Survey done: **14 zones**, two of them without power.\n\n- pairs every 150 m below 4 bar\n- report is in the record";
                work.note(&surveyor, room().await?, text, None).await?;
            }
            _ => {
                let item = ("Propose", "Site survey reviewed by an engineer");
                work.check(&me, slug, case, item, true).await?;
            }
        }
    }
    if let Some((case, me)) = found.last().and_then(|(case, p)| Some((case, actor(p)?))) {
        let question = "Who has measured the hit rate on plastic mains at night pressure?\n\nThey compare us with acoustic loggers.";
        let id = work
            .ask(&me, slug, "Propose", Some(case), question, None)
            .await?;
        let answer = "Nine weeks last winter: 87 of 100 staged leaks found at 2.1 bar, 94 at 4 bar. They agreed that we may quote the numbers.";
        let answer = work.post(&surveyor, &id, answer, None).await?;
        work.accept(&me, answer, Some(60)).await?;
    }
    Ok(())
}

pub(super) fn actor(person: &people::PersonRow) -> Option<Actor> {
    Actor::of(person, Via::Token("sample".into()), Scopes::all())
}
