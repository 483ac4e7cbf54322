//! `tenon prove`: a verdict on files alone, without a server or store, or on what is kept here.

mod cases;
mod rollout;
mod said;
mod table;
#[cfg(test)]
mod tests;

use super::print;
use anyhow::Context;
use base::clock::SystemClock;
use cases::{Cases, What};
use mining::Micros;
use mining::time::{DAY, HOUR};
use rollout::Teams;
use serde_json::{Value, json};
use service::improvements::{Improvements, State};
use service::processes::Library;
use service::processes::filter_query::show_day;
use stats::calendar::{Calendar, Every};
use stats::cells::Cells;
use stats::checks::Beside;
use stats::claim::Order;
use stats::measure::Measure;
use stats::verdict::{Input, Plan, Verdict, judge};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

const HELP: &str = "\
Files:
  --cases    a row a stay in the step: case,team,enter_step,leave_step,outcome
             leave_step is empty while the case is there; outcome \"next\" means it went on
  --rollout  a row a team: team,rollout_week,rollout_date
             one of the two is enough; weeks count from the Monday of the first entry; empty or \"never\": it waits
  Both may be packed (.gz). Times that name no zone are in UTC. Other columns are passed over.

What --json prints: one object, among its keys
  verdict        improved, made_worse, no_meaningful_difference, no_evidence_yet or no_verdict
  sentence       the same for a person
  estimate       days (or share) that cases with the tool differ by; less than none is sooner (or fewer)
  interval       {\"low\", \"high\", \"level\"}: looked at once; an end is null where nothing bounds it
  shown          {\"effect\", \"interval\"}: holds however often one looks
  permutation_p  share of the orders that could have been drawn with an effect at least as far from none
  jackknife_se   standard error by leaving out one team at a time
  teams, cells, mature_cases, checks [{\"kind\", \"status\", \"sentence\"}], looks, event_study

Examples:
  tenon prove --cases cases.csv --rollout teams.csv --horizon 14d --json
  tenon prove --cases cases.csv --rollout teams.csv --measure goes-on --as-of 2024-07-29 --washout 0d
  tenon prove --process new-business
  tenon prove --process new-business --improvement imp_0191… --json | jq .verdict.sentence";

/// Say whether a tool helped: on two files, or on what is kept here
#[derive(clap::Args)]
#[command(after_help = HELP)]
#[command(group = clap::ArgGroup::new("from").required(true).args(["cases", "process"]))]
pub struct Args {
    /// Table of stays in the step
    #[arg(
        long,
        requires = "rollout",
        value_name = "FILE",
        conflicts_with = "process"
    )]
    cases: Option<PathBuf>,
    /// Table of when each team starts
    #[arg(long, requires = "cases", value_name = "FILE")]
    rollout: Option<PathBuf>,
    /// What is compared
    #[arg(long, value_enum, default_value_t = Asked::DaysInStep)]
    measure: Asked,
    /// How long after entry a case is read: 14d, 2w or 36h
    #[arg(long, value_parser = span, default_value = "14d", value_name = "SPAN")]
    horizon: Micros,
    /// What is left out before each start; the horizon when not given
    #[arg(long, value_parser = span, value_name = "SPAN")]
    washout: Option<Micros>,
    /// Look as of the first moment of this day (or at a moment); the last one in the file when not given
    #[arg(long, value_parser = day, value_name = "DAY")]
    as_of: Option<Micros>,
    /// Effects smaller than this make no meaningful difference: days, or points for goes-on
    #[arg(long, value_parser = zone)]
    zone: Option<f64>,
    /// Day of the last look that was planned; 16 weeks after the last start when not given
    #[arg(long, value_parser = day, value_name = "DAY")]
    ends: Option<Micros>,
    /// How the order of teams came about
    #[arg(long, value_enum, default_value_t = By::Lot)]
    order: By,
    /// Draws the orders that are compared when there are too many for all of them
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Cells of a month rather than a week
    #[arg(long)]
    monthly: bool,
    /// The step's name, for the sentence
    #[arg(long, default_value = "the step", hide_default_value = true)]
    step: String,
    /// Column with a number known on entry: was it the same kind of case? May be given several times
    #[arg(long, requires = "cases", value_name = "COLUMN")]
    kind: Vec<String>,
    /// Column that says whether the case used the tool (1 or 0)
    #[arg(long, requires = "cases", value_name = "COLUMN")]
    used: Option<String>,
    /// Table of stays in another step, where nothing was plugged in
    #[arg(long, requires = "cases", value_name = "FILE")]
    placebo: Option<PathBuf>,
    /// An imported process, by its name or its name in addresses
    #[arg(long)]
    process: Option<String>,
    /// One of its improvements, by id or name; all of them when not given
    #[arg(long, requires = "process")]
    improvement: Option<String>,
    /// Print one JSON object for programs
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: super::Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Asked {
    DaysInStep,
    GoesOn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum By {
    /// Drawn by lot, and kept
    Lot,
    /// Drawn by lot, but teams started otherwise
    Departed,
    /// Chosen by somebody
    Chosen,
}

/// Days, weeks or hours.
fn span(text: &str) -> Result<Micros, String> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[number.len()..] {
        "" | "d" => DAY,
        "w" => 7 * DAY,
        "h" => HOUR,
        _ => return Err("write it as 14d, 2w or 36h".into()),
    };
    match number.parse::<f64>() {
        Ok(n) if (0.0..=36_500.0).contains(&n) => Ok((n * unit as f64) as Micros),
        _ => Err("write it as 14d, 2w or 36h".into()),
    }
}

fn day(text: &str) -> Result<Micros, String> {
    table::moment(text).ok_or_else(|| "write it as 2024-07-29".into())
}

fn zone(text: &str) -> Result<f64, String> {
    let zone = text
        .parse::<f64>()
        .ok()
        .filter(|z| z.is_finite() && *z > 0.0);
    zone.ok_or_else(|| "write a number over 0".into())
}

pub fn run(args: Args) -> anyhow::Result<()> {
    match (&args.cases, &args.rollout) {
        (Some(cases), Some(rollout)) => {
            let teams = Teams::read(rollout)?;
            let measured = measure(&args, cases, &teams)?;
            print(&match args.json {
                true => measured.json(&args)?.to_string(),
                false => said::files(&measured),
            })
        }
        _ => super::block_on(kept(&args)),
    }
}

/// A verdict with what it was made from.
struct Measured {
    verdict: Verdict,
    measure: Measure,
    teams: Vec<(String, Option<Micros>)>,
    cases: usize,
    repeated: u64,
    horizon: Micros,
    washout: Micros,
    as_of: Micros,
    every: Every,
    left_out: stats::cells::LeftOut,
    reading: Duration,
    judging: Duration,
}

fn measure(args: &Args, file: &std::path::Path, teams: &Teams) -> anyhow::Result<Measured> {
    anyhow::ensure!(
        args.horizon > 0,
        "A horizon is longer than nothing: write it as 14d."
    );
    let mut numbers = args.kind.clone();
    numbers.extend(args.used.clone());
    let begun = Instant::now();
    let cases = Cases::read(file, teams, args.measure == Asked::GoesOn, &numbers)?;
    let reading = begun.elapsed();
    let begun = Instant::now();
    let (first, last) = (cases.first.unwrap_or(0), cases.last.unwrap_or(0));
    let every = if args.monthly {
        Every::Month
    } else {
        Every::Week
    };
    let calendar = Calendar::from(every, first);
    let as_of = args.as_of.unwrap_or(last);
    let monday = Calendar::from(Every::Week, first).start(0);
    let starts = teams.starts(monday);
    let (what, measure) = match args.measure {
        Asked::DaysInStep => (What::Days, Measure::DaysInStep),
        Asked::GoesOn => (What::GoesOn, Measure::GoesOn),
    };
    let count = teams.names.len();
    let cells = |of: &Cases, what| of.cells(what, count, calendar, args.horizon, as_of);
    let own = cells(&cases, what);
    let kinds: Vec<Cells> = (0..args.kind.len())
        .map(|k| cells(&cases, What::Number(k)))
        .collect();
    let used = args
        .used
        .is_some()
        .then(|| cells(&cases, What::Number(args.kind.len())));
    let placebo = match &args.placebo {
        Some(path) => Some(cells(
            &Cases::read(path, teams, what == What::GoesOn, &[])?,
            what,
        )),
        None => None,
    };
    let beside = Beside {
        placebo_step: placebo.as_ref().map(|c| ("the other step", c)),
        covariates: args.kind.iter().map(String::as_str).zip(&kinds).collect(),
        used: used.as_ref(),
        ..Beside::default()
    };
    let washout = args.washout.unwrap_or(args.horizon);
    // Shares are asked for in points.
    let scale = if measure == Measure::GoesOn {
        0.01
    } else {
        1.0
    };
    let verdict = judge(&Input {
        measure: measure.clone(),
        step: &args.step,
        cells: &own,
        starts: &starts,
        horizon: args.horizon,
        washout,
        plan: Plan {
            order: match args.order {
                By::Lot => Order::DrawnByLot,
                By::Departed => Order::Departed,
                By::Chosen => Order::Chosen,
            },
            ends: args.ends,
            zone: args.zone.map(|z| z * scale),
            alpha: 0.05,
            seed: args.seed,
        },
        beside,
        threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
    });
    Ok(Measured {
        verdict,
        measure,
        teams: teams.names.iter().cloned().zip(starts).collect(),
        cases: cases.len(),
        repeated: cases.repeated,
        horizon: args.horizon,
        washout,
        as_of,
        every,
        left_out: own.left_out,
        reading,
        judging: begun.elapsed(),
    })
}

impl Measured {
    fn json(&self, args: &Args) -> anyhow::Result<Value> {
        let mut object = serde_json::to_value(&self.verdict)?;
        let days = |span: Micros| span as f64 / DAY as f64;
        let teams: Vec<Value> = self
            .teams
            .iter()
            .map(|(team, start)| json!({ "team": team, "start": start.map(show_day) }))
            .collect();
        let beside = json!({
            "measure": if self.measure == Measure::GoesOn { "goes-on" } else { "days-in-step" },
            "horizon_days": days(self.horizon),
            "washout_days": days(self.washout),
            "as_of": jiff::Timestamp::from_microsecond(self.as_of)?.to_string(),
            "every": self.every,
            "order": format!("{:?}", args.order).to_lowercase(),
            "seed": args.seed,
            "cases": self.cases,
            "repeated": self.repeated,
            "left_out": self.left_out,
            "rollout": teams,
            "seconds": { "reading": self.reading.as_secs_f64(), "judging": self.judging.as_secs_f64() },
        });
        if let (Value::Object(object), Value::Object(beside)) = (&mut object, beside) {
            object.extend(beside);
        }
        Ok(object)
    }
}

/// What can be said of the improvements kept here.
async fn kept(args: &Args) -> anyhow::Result<()> {
    let place = &args.place;
    let library = Library::open(
        &place.data,
        place.database.as_deref(),
        Arc::new(SystemClock),
    )
    .await?;
    let improvements = Improvements::new(library.clone());
    let process = library
        .named(args.process.as_deref().unwrap_or_default())
        .await?;
    let mut all = improvements.of_process(&process.id).await?;
    if let Some(key) = &args.improvement {
        let id = super::improvement::find(&improvements, key).await?.id;
        all.retain(|imp| imp.id == id);
        anyhow::ensure!(!all.is_empty(), "{key} belongs to another process.");
    }
    let mut reports = Vec::new();
    // What has not started has nothing to be proven.
    for imp in all.into_iter().filter(|imp| imp.state != State::Planned) {
        let report = improvements
            .report(&imp)
            .await
            .with_context(|| format!("{} at {}", imp.name, imp.step))?;
        reports.push((imp, report));
    }
    if !args.json {
        let texts: Vec<String> = reports
            .iter()
            .map(|(imp, r)| said::report(imp, r))
            .collect();
        return print(&match texts.is_empty() {
            true => "Nothing that was plugged in has started yet.".into(),
            false => texts.join("\n\n"),
        });
    }
    let objects: Vec<Value> = reports
        .iter()
        .map(|(imp, report)| json!({ "improvement": imp, "report": &**report }))
        .collect();
    print(&match (&args.improvement, objects.first()) {
        (Some(_), Some(one)) => one.to_string(),
        _ => Value::Array(objects).to_string(),
    })
}
