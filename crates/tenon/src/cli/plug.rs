//! `tenon plug`

use super::print;
use base::clock::SystemClock;
use base::format;
use service::improvements::{Improvement, Improvements, Outlook, Plug, State};
use service::processes::Library;
use std::fmt::Write;
use std::sync::Arc;

/// Plug a tool into one step, team by team: draws the order by lot and says what will be known when
#[derive(clap::Args)]
#[command(after_help = "\
Tools: ask, playbook, room, lesson, listen, desk, share, own
Measures: days-in-step, goes-on, won, rework, skips, first-response, first-reply, answered

Examples:
  tenon plug --process new-business --step Propose --tool playbook --measure days-in-step --dry-run
  tenon plug --process new-business --step Propose --tool own --name Slack --link https://slack.com --measure goes-on \\
    --goal 'Lead to contract in 38 days' --first 2026-03-02 --every 2 --never 2 --zone 3
  tenon plug --process new-business --step Close --tool room --measure days-in-step --given North=2026-01-05 --given East=2026-02-02

Nothing in the process changes. Start it with `tenon improvement start ID`; roll-outs that are under way run at once.")]
pub struct Args {
    /// An imported process, by its name or its name in addresses
    #[arg(long)]
    process: String,
    /// The step, as it is called
    #[arg(long)]
    step: String,
    /// What is plugged in
    #[arg(long)]
    tool: String,
    /// What people call it; needed for a tool of your own
    #[arg(long)]
    name: Option<String>,
    /// Where it is found
    #[arg(long)]
    link: Option<String>,
    /// What it should improve: the one thing it is judged by
    #[arg(long)]
    measure: String,
    /// The business goal it serves; made when it is new
    #[arg(long)]
    goal: Option<String>,
    /// A team that takes part; may be given several times. All of them when not given
    #[arg(long)]
    team: Vec<String>,
    /// Start of the first team, such as 2026-03-02; the next Monday when not given
    #[arg(long, value_name = "DAY")]
    first: Option<String>,
    /// Weeks between one start and the next
    #[arg(long, value_name = "WEEKS")]
    every: Option<u32>,
    /// Teams that do not start while it is measured
    #[arg(long, value_name = "TEAMS")]
    never: Option<usize>,
    /// Teams that start together
    #[arg(long, value_name = "TEAMS")]
    at_once: Option<usize>,
    /// Instead of a draw: when a team starts, for a roll-out that is chosen or under way. May be given several times
    #[arg(long, value_name = "TEAM=DAY", conflicts_with_all = ["first", "every", "never", "at_once", "seed"])]
    given: Vec<String>,
    /// The given order was drawn by lot
    #[arg(long, requires = "given")]
    by_lot: bool,
    /// Draws the same order again
    #[arg(long)]
    seed: Option<u64>,
    /// Days after entry at which a case is read; what eight in ten cases need when not given
    #[arg(long, value_name = "DAYS")]
    horizon: Option<f64>,
    /// Days that are left out before each start; the horizon when not given
    #[arg(long, value_name = "DAYS")]
    washout: Option<f64>,
    /// A smaller effect makes no meaningful difference: days, or points for shares
    #[arg(long)]
    zone: Option<f64>,
    /// Points within which the process counts as unchanged
    #[arg(long, value_name = "POINTS")]
    unchanged: Option<f64>,
    /// Weeks from the last start to the last look
    #[arg(long, value_name = "WEEKS")]
    weeks_after: Option<u32>,
    /// Say what it could find out and keep nothing
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object for programs
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: super::Place,
}

impl Args {
    fn plug(&self) -> Plug {
        Plug {
            step: self.step.clone(),
            tool: self.tool.clone(),
            name: self.name.clone(),
            link: self.link.clone(),
            measure: self.measure.clone(),
            goal: self.goal.clone(),
            teams: self.team.clone(),
            seed: self.seed,
            first: self.first.clone(),
            every_weeks: self.every,
            at_once: self.at_once,
            never: self.never,
            given: self.given.clone(),
            given_by_lot: self.by_lot,
            horizon_days: self.horizon,
            washout_days: self.washout,
            weeks_after: self.weeks_after,
            zone: self.zone,
            unchanged_points: self.unchanged,
        }
    }
}

pub fn run(args: Args) -> anyhow::Result<()> {
    super::block_on(async {
        let place = &args.place;
        let library = Library::open(
            &place.data,
            place.database.as_deref(),
            Arc::new(SystemClock),
        )
        .await?;
        let process = library.named(&args.process).await?;
        let improvements = Improvements::new(library);
        let plug = args.plug();
        let proposed = improvements
            .propose(&process.id, &plug, super::ACTOR)
            .await?;
        if args.dry_run {
            return print(&match args.json {
                true => serde_json::json!({ "improvement": proposed.improvement, "outlook": proposed.outlook }).to_string(),
                false => told(&proposed.improvement, &proposed.outlook) + "\nNothing was kept.",
            });
        }
        // The same draw as was proposed.
        let plug = Plug {
            seed: Some(proposed.improvement.plan.seed),
            ..plug
        };
        let kept = improvements.plug(&process.id, &plug, super::ACTOR).await?;
        let next = match kept.state {
            State::Planned => format!("Start it with `tenon improvement start {}`.", kept.id),
            _ => format!(
                "It runs. Unplug it at any time with `tenon improvement unplug {}`.",
                kept.id
            ),
        };
        print(&match args.json {
            true => {
                serde_json::json!({ "improvement": kept, "outlook": proposed.outlook }).to_string()
            }
            false => told(&kept, &proposed.outlook) + "\n" + &next,
        })
    })
}

fn told(imp: &Improvement, outlook: &Outlook) -> String {
    let mut out = format!(
        "{} at {}: {}\n{}\n\n",
        imp.name,
        imp.step,
        imp.measure.wish(),
        outlook.sentence
    );
    out += match imp.plan.drawn {
        true => "Order of teams, drawn by lot",
        false => "Order of teams, chosen",
    };
    if imp.plan.drawn {
        let _ = write!(out, " (seed {})", imp.plan.seed);
    }
    out += "\n";
    out += &super::improvement::order(imp);
    let _ = writeln!(
        out,
        "A case is read {} days after it came; the {} days before a start are left out; last look on {}.",
        imp.plan.horizon_days,
        imp.plan.washout_days,
        format::date(imp.plan.ends)
    );
    out
}
