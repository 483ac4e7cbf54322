//! Verdicts on files: the reference figures, and what is said of files that are wrong.

use super::*;
use clap::Parser;
use std::path::Path;

#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    args: Args,
}

fn prove(cases: &Path, rollout: &Path, flags: &str) -> anyhow::Result<Value> {
    let words = [
        "prove",
        "--cases",
        cases.to_str().unwrap(),
        "--rollout",
        rollout.to_str().unwrap(),
    ];
    let line = Line::try_parse_from(words.into_iter().chain(flags.split_whitespace()))?;
    let teams = Teams::read(rollout)?;
    measure(&line.args, cases, &teams)?.json(&line.args)
}

fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("TENON_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let folder = folder.join("refs/stats");
    if !folder.exists() {
        println!("skipped: {} is not there", folder.display());
        return None;
    }
    Some(folder)
}

#[test]
fn the_reference_files_give_the_reference_figures() {
    let Some(folder) = shared() else { return };
    let text = std::fs::read_to_string(folder.join("reference.json")).unwrap();
    let reference: Value = serde_json::from_str(&text).unwrap();
    for (measure, key) in [("days-in-step", "y"), ("goes-on", "cv")] {
        let flags =
            format!("--measure {measure} --horizon 14d --as-of 2024-07-29 --washout 0d --json");
        let got = prove(
            &folder.join("tenon_cases.csv"),
            &folder.join("tenon_teams.csv"),
            &flags,
        )
        .unwrap();
        let expected = &reference["tenon_fixture"][key];
        let close = |got: &Value, expected: &Value, within: f64| {
            let (got, expected) = (got.as_f64().unwrap(), expected.as_f64().unwrap());
            assert!(
                (got - expected).abs() <= within,
                "{measure}: {got} for {expected}"
            );
        };
        close(&got["estimate"], &expected["att_weighted"], 1e-9);
        close(&got["jackknife_se"], &expected["jackknife_se"], 1e-8);
        close(&got["permutation_p"], &expected["perm_exact_p"], 1e-12);
        close(&got["interval"]["low"], &expected["perm_ci95"][0], 1e-6);
        close(&got["interval"]["high"], &expected["perm_ci95"][1], 1e-6);
        let counts = ["teams", "cells", "mature_cases", "cases"].map(|k| got[k].as_u64().unwrap());
        assert_eq!(counts, [8, 218, 972, 1054]);
        assert_eq!(got["verdict"], "no_evidence_yet");
        assert!(got["sentence"].as_str().is_some_and(|s| !s.is_empty()));
        assert!(got["checks"].as_array().is_some_and(|c| c.len() > 3));
    }
}

/// A folder with two files.
struct Files {
    folder: PathBuf,
}

impl Files {
    fn new(cases: &str, rollout: &str) -> Files {
        let folder = store::testing::folder();
        std::fs::write(folder.join("cases.csv"), cases).unwrap();
        std::fs::write(folder.join("teams.csv"), rollout).unwrap();
        Files { folder }
    }

    fn prove(&self, flags: &str) -> anyhow::Result<Value> {
        prove(
            &self.folder.join("cases.csv"),
            &self.folder.join("teams.csv"),
            flags,
        )
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

const HEAD: &str = "case,team,enter_step,leave_step,outcome\n";
const TEAMS: &str = "team,rollout_date\nA,2024-03-04\nB,\nC,never\n";

#[test]
fn wrong_files_are_told_with_file_line_column_and_what_to_do() {
    let row = "1,A,2024-01-01,2024-01-02,next\n";
    let with = |rows: &str| format!("{HEAD}{row}{rows}");
    let rows = [
        (
            with("2,Z,2024-01-01,,open\n"),
            TEAMS,
            "cases.csv, line 3, column team: the team \"Z\" is not in",
        ),
        (
            with("2,A,2024-01-05,2024-01-02,lost\n"),
            TEAMS,
            "line 3, column leave_step: the case left before it entered",
        ),
        (
            with("2,A,yesterday,,open\n"),
            TEAMS,
            "line 3, column enter_step: \"yesterday\" is no moment",
        ),
        (
            with("2,A,2024-01-05,,next\n"),
            TEAMS,
            "column leave_step: the case went on, but does not say when",
        ),
        (
            with(",A,2024-01-05,,open\n"),
            TEAMS,
            "column case: the case has no name",
        ),
        (
            "case,team,enter\n".into(),
            TEAMS,
            "line 1: there is no column \"enter_step\" among case, team, enter",
        ),
        (HEAD.into(), TEAMS, "has no cases"),
        (String::new(), TEAMS, "is empty"),
        (
            with(""),
            "team,rollout_date\nA,\nB,never\n",
            "no team ever starts",
        ),
        (with(""), "team\nA\n", "there is no column \"rollout_date\""),
        (
            with(""),
            "team,rollout_date\nA,soon\n",
            "teams.csv, line 2, column rollout_date: \"soon\" is no moment",
        ),
        (
            with(""),
            "team,rollout_week\nA,many\n",
            "column rollout_week: \"many\" is no number",
        ),
        (
            with(""),
            "team,rollout_date\nA,2024-03-04\nA,\n",
            "line 3, column team: the team \"A\" is there twice",
        ),
    ];
    for (cases, teams, part) in rows {
        let said = Files::new(&cases, teams).prove("").unwrap_err().to_string();
        assert!(said.contains(part), "{said}\nlacks {part}");
        assert!(said.ends_with('.'), "{said}");
    }
}

#[test]
fn weeks_dates_and_other_separators_mean_the_same() {
    let cases = format!(
        "{HEAD}1,A,2024-01-03T10:00:00,2024-01-05,next\n2,B,2024-01-04,,open\n1,A,2024-02-01,,open\n"
    );
    let semicolons = cases.replace(',', ";");
    let starts = |cases: &str, teams: &str| {
        let got = Files::new(cases, teams).prove("").unwrap();
        (
            got["rollout"].clone(),
            got["cases"].clone(),
            got["repeated"].clone(),
        )
    };
    let by_date = starts(&cases, TEAMS);
    assert_eq!(
        by_date,
        starts(&semicolons, "team;rollout_week\nA;9\nB;\nC;\n")
    );
    assert_eq!(
        by_date,
        starts(
            &format!("\u{feff}{cases}"),
            "team,rollout_week,rollout_date\nA,9.0,2024-03-04\nB,,\nC,,\n"
        )
    );
    assert_eq!((by_date.1, by_date.2), (json!(2), json!(1)));
}

#[test]
fn spans_are_days_weeks_or_hours() {
    for (text, expected) in [
        ("14d", Some(14 * DAY)),
        ("2w", Some(14 * DAY)),
        ("36h", Some(36 * HOUR)),
        ("0", Some(0)),
    ] {
        assert_eq!(span(text).ok(), expected, "{text}");
    }
    for text in ["", "d", "-1d", "2y", "1e9d", "NaN"] {
        assert!(span(text).is_err(), "{text}");
    }
}
