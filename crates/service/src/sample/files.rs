//! Simulated cases as files: event logs to import, and the tables the verdict reads. Memory does not grow with them.

use super::company::{ACTIVITIES, APPROVAL, STEPS, team};
use super::{Case, Plan, Simulation};
use mining::Micros;
use mining::figures::{Step, StepRule, Steps};
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// The steps of the company's process, as its owner reads it.
pub fn steps() -> Steps {
    steps_of(|activity| activity != APPROVAL)
}

/// The same once the board approves contracts.
pub fn steps_with_approval() -> Steps {
    steps_of(|_| true)
}

fn steps_of(has: impl Fn(usize) -> bool) -> Steps {
    let of = |i| {
        ACTIVITIES
            .iter()
            .enumerate()
            .filter(|(at, (_, s))| *s == Some(i) && has(*at))
            .map(|(_, (a, _))| a.to_string())
            .collect()
    };
    Steps {
        steps: STEPS
            .iter()
            .enumerate()
            .map(|(i, s)| Step {
                name: s.name.into(),
                activities: of(i),
            })
            .collect(),
        won: vec!["Won".into()],
        lost: vec!["Lost".into()],
        rule: StepRule::Owner,
    }
}

/// Writes an event log by the ending of its name: .xes, .xes.gz or .csv. `each` is told after every case.
pub fn write_log(simulation: Simulation, path: &Path, each: impl FnMut(u64)) -> io::Result<u64> {
    write_cases(simulation, path, each)
}

fn write_cases(
    cases: impl Iterator<Item = Case>,
    path: &Path,
    mut each: impl FnMut(u64),
) -> io::Result<u64> {
    let name = path.to_string_lossy().to_lowercase();
    let file = BufWriter::with_capacity(1 << 20, std::fs::File::create(path)?);
    let mut events = 0;
    let write = |out: &mut dyn Write, as_xes: bool, events: &mut u64| -> io::Result<()> {
        out.write_all(if as_xes { XES_HEAD } else { CSV_HEAD })?;
        for (n, case) in cases.enumerate() {
            *events += case.events.len() as u64;
            if as_xes {
                xes(&case, out)?
            } else {
                csv(&case, out)?
            }
            each(n as u64 + 1);
        }
        if as_xes {
            out.write_all(b"</log>\n")
        } else {
            Ok(())
        }
    };
    if name.ends_with(".xes.gz") {
        let mut packer = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        write(&mut packer, true, &mut events)?;
        packer.finish()?.flush()?;
    } else if name.ends_with(".xes") || name.ends_with(".csv") {
        let mut file = file;
        write(&mut file, name.ends_with(".xes"), &mut events)?;
        file.flush()?;
    } else {
        drop(file);
        std::fs::remove_file(path)?;
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "the name of a log ends in .xes, .xes.gz or .csv",
        ));
    }
    Ok(events)
}

/// Writes a log of what happened after a moment, and of cases with something in it. Returns the number of events.
pub fn write_since(simulation: Simulation, since: Micros, path: &Path) -> io::Result<u64> {
    let news = simulation.filter_map(|mut case| {
        case.events.retain(|e| e.time > since);
        (!case.events.is_empty()).then_some(case)
    });
    write_cases(news, path, |_| {})
}

/// Stays in one step, a row each: `case,team,enter_step,leave_step,outcome`.
pub fn write_entries(simulation: Simulation, step: usize, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"case,team,enter_step,leave_step,outcome\n")?;
    for case in simulation {
        // A case that comes again counts by its first stay.
        if let Some(entry) = case.entries.iter().find(|e| e.step == step) {
            let left = entry.left.map(local).unwrap_or_default();
            let outcome = match (entry.left, entry.went_on) {
                (None, _) => "open",
                (Some(_), true) => "next",
                (Some(_), false) => "lost",
            };
            writeln!(
                out,
                "{},{},{},{left},{outcome}",
                case.name,
                team(case.team),
                local(entry.entered)
            )?;
        }
    }
    Ok(())
}

/// When each team starts with an improvement: `team,rollout_week,rollout_date`, empty where it never does. Weeks count
/// from the first week of the plan.
pub fn write_rollout(plan: &Plan, improvement: usize, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"team,rollout_week,rollout_date\n")?;
    for (number, start) in plan.improvements[improvement]
        .starts(plan)
        .into_iter()
        .enumerate()
    {
        match start {
            Some(start) => {
                let week = (start - plan.from) as f64 / mining::time::WEEK as f64;
                writeln!(
                    out,
                    "{},{week:.1},{}",
                    team(number),
                    crate::processes::filter_query::show_day(start)
                )?;
            }
            None => writeln!(out, "{},,", team(number))?,
        }
    }
    Ok(())
}

const XES_HEAD: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<log xes.version=\"1.0\" xmlns=\"http://www.xes-standard.org/\">\n\
<classifier name=\"Activity\" keys=\"concept:name\"/>\n";
const CSV_HEAD: &[u8] = b"case:concept:name,concept:name,time:timestamp,org:resource,stage,case:team,case:owner,case:account,case:source,case:segment,case:amount,case:loss_reason\r\n";

fn stage(activity: usize) -> &'static str {
    ACTIVITIES[activity].1.map_or("Outcome", |s| STEPS[s].name)
}

fn xes(case: &Case, out: &mut dyn Write) -> io::Result<()> {
    let texts = [
        ("concept:name", case.name.as_str()),
        ("team", &team(case.team)),
        ("owner", &case.owner),
        ("account", &case.account),
        ("source", case.source),
        ("segment", case.segment),
        ("loss_reason", case.reason.unwrap_or_default()),
    ];
    out.write_all(b"<trace>\n")?;
    for (key, value) in texts.iter().filter(|(_, v)| !v.is_empty()) {
        // Names are our own and hold nothing that XML would mind.
        writeln!(out, "<string key=\"{key}\" value=\"{value}\"/>")?;
    }
    writeln!(out, "<float key=\"amount\" value=\"{}\"/>", case.amount)?;
    for event in &case.events {
        writeln!(
            out,
            "<event><string key=\"concept:name\" value=\"{}\"/><date key=\"time:timestamp\" value=\"{}\"/><string key=\"org:resource\" value=\"{}\"/><string key=\"stage\" value=\"{}\"/></event>",
            ACTIVITIES[event.activity].0,
            zoned(event.time),
            event.who,
            stage(event.activity)
        )?;
    }
    out.write_all(b"</trace>\n")
}

fn csv(case: &Case, out: &mut dyn Write) -> io::Result<()> {
    let team = team(case.team);
    let reason = case.reason.unwrap_or_default();
    for event in &case.events {
        write!(
            out,
            "{},{},{},{},{},{team},{},{},{},{},{},{reason}\r\n",
            case.name,
            ACTIVITIES[event.activity].0,
            zoned(event.time),
            event.who,
            stage(event.activity),
            case.owner,
            case.account,
            case.source,
            case.segment,
            case.amount
        )?;
    }
    Ok(())
}

/// Whole seconds in UTC.
fn zoned(time: Micros) -> String {
    format!("{}Z", local(time))
}

/// The same without a zone, as the tables of the verdict have it.
fn local(time: Micros) -> String {
    let moment = jiff::Timestamp::from_microsecond(time.div_euclid(1_000_000) * 1_000_000);
    moment
        .map(|t| jiff::tz::TimeZone::UTC.to_datetime(t).to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mining::source::{Progress, Source};
    use mining::time::DAY;

    #[test]
    fn a_log_reads_back_with_its_cases_and_events() {
        let folder = store::testing::folder();
        let plan = Plan {
            cases: 200,
            ..Plan::usual(20_000 * DAY)
        };
        for name in ["a.xes", "a.xes.gz"] {
            let path = folder.join(name);
            let events = write_log(Simulation::new(plan.clone()), &path, |_| {}).unwrap();
            let source = Source::open(&path).unwrap();
            let log =
                mining::readers::xes::read(&source, &Default::default(), &Progress::default())
                    .unwrap()
                    .log;
            assert_eq!((log.cases() as u64, log.events() as u64), (200, events));
            assert_eq!(steps().check(&log).unassigned, Vec::<String>::new());
        }
        assert!(write_log(Simulation::new(plan), &folder.join("a.txt"), |_| {}).is_err());
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn tables_for_the_verdict_have_a_row_a_stay_and_a_row_a_team() {
        let improvement = "step=Propose,effect=-15%,start=2024-06-03,every=1w,never=2"
            .parse()
            .unwrap();
        let plan = Plan {
            cases: 300,
            improvements: vec![improvement],
            ..Plan::usual(20_000 * DAY)
        };
        let (mut entries, mut teams) = (Vec::new(), Vec::new());
        write_entries(Simulation::new(plan.clone()), 2, &mut entries).unwrap();
        write_rollout(&plan, 0, &mut teams).unwrap();
        let teams = String::from_utf8(teams).unwrap();
        assert_eq!((teams.lines().count(), teams.matches(",,").count()), (8, 2));
        assert!(
            String::from_utf8(entries)
                .unwrap()
                .lines()
                .skip(1)
                .all(|l| l.split(',').count() == 5)
        );
    }
}
