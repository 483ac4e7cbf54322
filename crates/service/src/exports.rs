//! What is seen, as files others can read.

use crate::improvements::Ledger;
use crate::map;
use crate::processes::filter_query::show_day;
use crate::processes::{Library, Problem, View};
use crate::settings::individual;
use mining::figures::{CaseOrder, Variants, case_list};
use std::sync::Arc;

/// What can be exported.
pub const KINDS: [&str; 8] = [
    "map.svg",
    "process.bpmn",
    "steps.csv",
    "edges.csv",
    "variants.csv",
    "cases.csv",
    "log.xes",
    "log.csv",
];

/// The bytes of an export and their media type. `detail` of 0 to 100 says how many moves the map shows; without it as
/// many as can be read.
pub async fn file(
    library: &Library,
    view: &Arc<View>,
    what: &str,
    detail: Option<u32>,
) -> Result<(Vec<u8>, &'static str), Problem> {
    const CSV: &str = "text/csv; charset=utf-8";
    let figures = &view.figures;
    let mut out = Vec::new();
    match what {
        "map.svg" => {
            let detail = detail.unwrap_or_else(|| map::default_detail(figures));
            let svg = map::file(figures, detail.min(100));
            return Ok((svg.into_bytes(), "image/svg+xml"));
        }
        "log.xes" => {
            let log = individual(library.db()).await.log(&view.process.log);
            mining::writers::xes::write(&log, Some(&view.selection.cases), &mut out)?;
            return Ok((out, "application/xml"));
        }
        "log.csv" => {
            let log = individual(library.db()).await.log(&view.process.log);
            mining::writers::csv::write(&log, Some(&view.selection.cases), &mut out)?
        }
        "process.bpmn" => {
            let bpmn = match library.model(&view.process.row.id).await? {
                Some(model) => model.bpmn.into_bytes(),
                None => {
                    mining::writers::bpmn::write(&library.discover(view).await?, &mut out)?;
                    out
                }
            };
            return Ok((bpmn, "application/xml"));
        }
        "steps.csv" => {
            out.extend(
                b"step,cases,open,went_on,lost,ended,went_back,goes_on,median_days,p90_days\r\n",
            );
            for s in &figures.steps {
                let numbers = [s.cases, s.open, s.went_on, s.lost, s.ended, s.went_back]
                    .map(|n| n.to_string())
                    .join(",");
                let shares = [s.conversion, s.time.median_days, s.time.p90_days]
                    .map(number)
                    .join(",");
                out.extend(format!("{},{numbers},{shares}\r\n", cell(&s.name)).bytes());
            }
        }
        "edges.csv" => {
            out.extend(b"from,to,moves,cases,mean_seconds,median_seconds,p90_seconds\r\n");
            for e in &figures.edges {
                let spread = e
                    .gap
                    .as_ref()
                    .map(|g| format!("{},{},{}", g.mean_seconds, g.median_seconds, g.p90_seconds))
                    .unwrap_or(",,".into());
                out.extend(
                    format!(
                        "{},{},{},{},{spread}\r\n",
                        cell(&e.from),
                        cell(&e.to),
                        e.count,
                        e.cases
                    )
                    .bytes(),
                );
            }
        }
        "variants.csv" => {
            out.extend(b"variant,cases,share,median_seconds,open,won,lost,activities\r\n");
            let p = &view.process;
            let all = Variants::all(&p.log, &p.steps, &view.selection, &view.options)
                .map_err(|e| Problem::bad_request(e.to_string(), "Change the calendar."))?;
            for v in &all.shown {
                let median = number(v.duration.as_ref().map(|d| d.median_seconds));
                let way = cell(&v.activities.join(" > "));
                out.extend(
                    format!(
                        "{},{},{},{median},{},{},{},{way}\r\n",
                        v.id, v.cases, v.share, v.open, v.won, v.lost
                    )
                    .bytes(),
                );
            }
        }
        "cases.csv" => {
            out.extend(
                b"case,state,step,team,events,started,duration_seconds,waiting_days,variant\r\n",
            );
            let p = &view.process;
            let list = case_list(
                &p.log,
                &p.steps,
                &view.selection,
                &view.options,
                CaseOrder::Waiting,
                0,
                usize::MAX,
            )
            .map_err(|e| Problem::bad_request(e.to_string(), "Change the calendar."))?;
            for r in &list.rows {
                let step = r
                    .step
                    .and_then(|s| figures.steps.get(s))
                    .map(|s| s.name.as_str())
                    .unwrap_or_default();
                let state = serde_json::to_value(r.state)
                    .ok()
                    .and_then(|s| s.as_str().map(str::to_string))
                    .unwrap_or_default();
                let started = r
                    .started
                    .and_then(|t| jiff::Timestamp::from_microsecond(t).ok())
                    .map(|t| t.to_string())
                    .unwrap_or_default();
                let line = format!(
                    "{},{state},{},{},{},{started},{},{},{}\r\n",
                    cell(&r.name),
                    cell(step),
                    cell(r.team.as_deref().unwrap_or_default()),
                    r.events,
                    number(r.duration_seconds),
                    number(r.waiting_days),
                    r.variant
                );
                out.extend(line.bytes());
            }
        }
        _ => {
            return Err(Problem::new(
                404,
                "not_found",
                format!("There is no export \"{what}\"."),
                format!("Choose one of: {}.", KINDS.join(", ")),
            ));
        }
    }
    Ok((out, CSV))
}

/// All improvements as a table, a row each. Effects of days are in days, of shares from 0 to 1.
pub fn ledger(ledger: &Ledger) -> String {
    let day = |moment: Option<mining::Micros>| moment.map(show_day).unwrap_or_default();
    let mut out = String::from(
        "id,name,tool,step,measure,goal,state,first_start,ended,verdict,effect,low,high,decided,sentence\r\n",
    );
    for row in ledger.rows() {
        let imp = &row.improvement;
        let texts = [
            &imp.id,
            &imp.name,
            imp.tool.word(),
            &imp.step,
            imp.measure.word(),
            row.goal.as_deref().unwrap_or_default(),
            imp.state.word(),
        ]
        .map(cell)
        .join(",");
        out += &format!(
            "{texts},{},{},{},{},{},{},{},{}\r\n",
            day(imp.since()),
            day(imp.ended),
            row.mark.word(),
            number(row.effect),
            number(row.low),
            number(row.high),
            day(row.decided),
            cell(row.sentence.as_deref().unwrap_or_default())
        );
    }
    out
}

fn number(n: Option<f64>) -> String {
    n.map(|n| n.to_string()).unwrap_or_default()
}

/// A text as a cell (RFC 4180); what a spreadsheet would run as a formula is marked as text.
pub fn cell(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_string()
    };
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}
