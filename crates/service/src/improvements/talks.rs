//! Conversations with customers, as stays: each begins with the customer's first words and is left with our first reply.
//! So the same statistics judge them that judge cases.

use crate::processes::Loaded;
use mining::figures::{Stay, Stays};
use mining::time::Micros;
use rustc_hash::FxHashMap;
use store::desk::ConversationRow;

/// Conversations at a step, those of cases that the log knows and that are of a team.
pub fn stays(process: &Loaded, rows: &[ConversationRow], step: &str) -> Stays {
    let log = &process.log;
    let cases: FxHashMap<&str, u32> = (0..log.cases())
        .map(|case| (log.case_name(case), case as u32))
        .collect();
    let mut out = Stays::default();
    let mut teams: FxHashMap<&str, u32> = FxHashMap::default();
    for row in rows.iter().filter(|r| r.step.as_deref() == Some(step)) {
        let case = row.case_ref.as_deref().and_then(|c| cases.get(c));
        let (Some(&case), Some(team)) = (case, row.team.as_deref()) else {
            out.without_team += 1;
            continue;
        };
        let team = *teams.entry(team).or_insert_with(|| {
            out.teams.push(team.into());
            out.teams.len() as u32 - 1
        });
        out.stays.push(stay(case, team, row.created, row.replied));
    }
    out
}

fn stay(case: u32, team: u32, created: Micros, replied: Option<Micros>) -> Stay {
    // An answer is never told as earlier than its question, whatever the clocks of two services say.
    let replied = replied.map(|at| at.max(created));
    Stay {
        case,
        team,
        entered: created,
        left: replied,
        went_on: replied,
        went_back: None,
        came_back: None,
        skipped: None,
        won: None,
        lost: None,
        next_event: replied,
        began: created,
        ended: replied,
    }
}

#[cfg(test)]
mod tests {
    use crate::improvements::{Improvement, Improvements, Plug};
    use crate::processes::Library;
    use crate::sample::advance::found;
    use crate::sample::{Kept, Plan};
    use base::clock::SetClock;
    use mining::time::{DAY, HOUR, Micros, WEEK};
    use stats::verdict::Answer;
    use std::sync::Arc;
    use store::connections::{self, CHANNEL, ConnectionRow, ON};
    use store::desk::{ANSWERED, ThreadRow, insert_thread};

    const UNTIL: Micros = 20_783 * DAY;
    const STEP: &str = "Propose";

    async fn company(folder: &std::path::Path) -> (Improvements, String) {
        let clock = Arc::new(SetClock::at(UNTIL));
        let all = Improvements::new(Library::open(folder, None, clock).await.unwrap());
        let plan = Plan {
            cases: 500,
            ..Plan::usual(UNTIL)
        };
        let came = found(&all, "Company", &Kept::new(plan, Vec::new()), UNTIL, "test")
            .await
            .unwrap();
        (all, came.process)
    }

    /// The desk at a step, one team after the other every other week since half a year ago; two teams without.
    async fn desk(all: &Improvements, process: &str, measure: &str) -> Improvement {
        let loaded = all.library().load(process).await.unwrap();
        let teams = loaded.teams.len();
        let given = loaded.teams[..teams - 2].iter().enumerate();
        let day = |at: Micros| crate::processes::filter_query::show_day(at);
        let plug = Plug {
            step: STEP.into(),
            tool: "desk".into(),
            measure: measure.into(),
            given: given
                .map(|(n, (team, _))| {
                    let at = UNTIL - 24 * WEEK + n as Micros * 2 * WEEK;
                    format!("{team}={}", day(at))
                })
                .collect(),
            given_by_lot: true,
            ..Plug::default()
        };
        all.plug(process, &plug, "test").await.unwrap()
    }

    /// Customers write to each team four times a week, and wait `hours` of what the team and the time say.
    async fn customers(
        all: &Improvements,
        process: &str,
        imp: &Improvement,
        hours: impl Fn(bool) -> f64,
    ) {
        let loaded = all.library().load(process).await.unwrap();
        let db = all.library().db();
        let mut tx = db.begin().await.unwrap();
        connections::insert(&mut tx, &connection()).await.unwrap();
        let case = loaded.log.case_name(0);
        for (t, (team, _)) in loaded.teams.iter().enumerate() {
            let start = imp.teams.iter().find(|x| x.team == *team);
            let start = start.and_then(|x| x.start());
            for n in 0..40 * 4i64 {
                let created = UNTIL - 40 * WEEK + n * WEEK / 4 + t as Micros * HOUR;
                // Some wait longer than others, whoever answers.
                let luck = 0.5 + ((n * 7 + t as i64 * 3) % 11) as f64 / 10.0;
                let has = start.is_some_and(|s| created >= s);
                let took = (hours(has) * luck * HOUR as f64) as Micros;
                let row = thread(&loaded.row.id, case, team, (created, took), (t, n));
                insert_thread(&mut tx, &row).await.unwrap();
            }
        }
        tx.commit().await.unwrap();
    }

    fn connection() -> ConnectionRow {
        ConnectionRow {
            id: "con_1".into(),
            kind: "mastodon".into(),
            what: CHANNEL.into(),
            name: "Us".into(),
            created: UNTIL,
            created_by: "test".into(),
            sealed: String::new(),
            account: "{}".into(),
            state: ON.into(),
            hook: None,
            pipeline: None,
            process: None,
            cursor: None,
            due: UNTIL,
            synced: None,
            looked: None,
            taken: 0,
            expected: None,
            error: None,
            error_at: None,
            failures: 0,
        }
    }

    fn thread(
        process: &str,
        case: &str,
        team: &str,
        (created, took): (Micros, Micros),
        (t, n): (usize, i64),
    ) -> ThreadRow {
        ThreadRow {
            id: format!("thr_{t}_{n}"),
            connection: "con_1".into(),
            topic: format!("{t}-{n}"),
            contact: None,
            title: "A question".into(),
            seen: "public".into(),
            process: Some(process.into()),
            case_ref: Some(case.into()),
            step: Some(STEP.into()),
            team: Some(team.into()),
            reason: String::new(),
            sure: 90,
            matched_by: None,
            state: ANSWERED.into(),
            held: None,
            created,
            waiting: None,
            replied: Some(created + took),
            last: created + took,
            claimed_by: None,
            claimed_until: None,
            snoozed: None,
            merged_into: None,
        }
    }

    async fn verdict(hours: impl Fn(bool) -> f64) -> (Answer, Option<f64>, String) {
        let folder = store::testing::folder();
        let (all, process) = company(&folder).await;
        let imp = desk(&all, &process, "first-reply").await;
        customers(&all, &process, &imp, hours).await;
        let report = all.report(&imp).await.unwrap();
        std::fs::remove_dir_all(folder).unwrap();
        let verdict = &report.verdict;
        (verdict.verdict, verdict.estimate, verdict.sentence.clone())
    }

    #[tokio::test]
    async fn a_desk_that_answers_sooner_improved_the_first_reply_by_as_much() {
        let (answer, effect, sentence) = verdict(|has| if has { 3.0 } else { 8.0 }).await;
        assert_eq!(answer, Answer::Improved, "{sentence}");
        let effect = effect.unwrap();
        assert!((effect + 5.0).abs() < 0.5, "{effect}: {sentence}");
        assert!(sentence.contains("hours"), "{sentence}");
    }

    #[tokio::test]
    async fn a_desk_that_answers_later_made_it_worse_and_one_that_changes_nothing_is_no_evidence() {
        let (answer, _, sentence) = verdict(|has| if has { 12.0 } else { 8.0 }).await;
        assert_eq!(answer, Answer::MadeWorse, "{sentence}");
        let (answer, _, sentence) = verdict(|_| 8.0).await;
        assert_eq!(answer, Answer::NoEvidenceYet, "{sentence}");
    }

    #[tokio::test]
    async fn a_new_answer_makes_the_report_anew_and_no_conversation_gives_no_verdict() {
        let folder = store::testing::folder();
        let (all, process) = company(&folder).await;
        let imp = desk(&all, &process, "answered").await;
        let empty = all.report(&imp).await.unwrap();
        assert!(
            matches!(
                empty.verdict.verdict,
                Answer::NoVerdict | Answer::NoEvidenceYet
            ),
            "{:?}",
            empty.verdict.verdict
        );
        customers(&all, &process, &imp, |_| 8.0).await;
        assert!(
            !all.latest(&imp).await.unwrap().unwrap().1,
            "it is out of date"
        );
        let full = all.report(&imp).await.unwrap();
        assert_eq!(full.teams[0].before, Some(1.0), "all were answered");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
