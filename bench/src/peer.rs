//! Crate `process_mining`, given the same tasks. It has no times of moves and no inductive miner: those are added here.

use crate::fitting;
use crate::measure::Watch;
use anyhow::Result;
use mining::model::petri::PetriNet as Net;
use process_mining::conformance::case_centric::alignments::{AlignmentOptions, align_variants};
use process_mining::core::event_data::case_centric::utils::activity_projection::EventLogActivityProjection;
use process_mining::core::event_data::case_centric::xes::{XESImportOptions, import_xes_path};
use process_mining::core::event_data::case_centric::{AttributeValue, XESEditableAttribute};
use process_mining::core::process_models::case_centric::petri_net::{ArcType, Marking};
use process_mining::discovery::case_centric::dfg::discover_dfg;
use process_mining::{EventLog, PetriNet};
use serde_json::json;
use std::collections::HashMap;
use std::path::Path;

fn open(path: &Path) -> Result<EventLog> {
    let options = XESImportOptions {
        verbose: false,
        ..XESImportOptions::default()
    };
    Ok(import_xes_path(path, options)?)
}

/// Import, map, times of moves, variants.
pub fn figures(path: &Path) -> Result<()> {
    let mut watch = Watch::start();
    let log = open(path)?;
    watch.part("import");
    let dfg = discover_dfg(&log);
    let times = edge_times(&log);
    let variants = EventLogActivityProjection::from(&log);
    watch.part("figures");
    let cases: u64 = variants.traces.iter().map(|v| v.1).sum();
    assert_eq!(times.len(), dfg.directly_follows_relations.len());
    watch.print(json!({
        "cases": cases, "events": log.traces.iter().map(|t| t.events.len()).sum::<usize>(),
        "variants": variants.traces.len(), "edges": times.len(),
    }));
    Ok(())
}

/// Mean and median seconds of each move.
fn edge_times(log: &EventLog) -> Vec<(String, String, f64, f64)> {
    let mut gaps: HashMap<(&str, &str), Vec<i64>> = HashMap::new();
    for trace in &log.traces {
        let mut last: Option<(&str, i64)> = None;
        for event in &trace.events {
            let (Some(name), Some(time)) = (
                event.attributes.get_by_key("concept:name"),
                event.attributes.get_by_key("time:timestamp"),
            ) else {
                continue;
            };
            if let (AttributeValue::String(name), AttributeValue::Date(time)) =
                (&name.value, &time.value)
            {
                let time = time.timestamp_micros();
                if let Some((before, at)) = last.replace((name, time)) {
                    gaps.entry((before, name)).or_default().push(time - at);
                }
            }
        }
    }
    let figures = gaps.into_iter().map(|((from, to), mut gaps)| {
        let mean = gaps.iter().map(|&g| g as f64).sum::<f64>() / gaps.len() as f64 / 1e6;
        let at = gaps.len() / 2;
        let median = *gaps.select_nth_unstable(at).1 as f64 / 1e6;
        (from.to_string(), to.to_string(), mean, median)
    });
    figures.collect()
}

/// Alignments of all variants with the model that Tenon mines.
pub fn fit(path: &Path, noise: f64) -> Result<()> {
    let net = translated(&fitting::mined(&crate::children::open(path)?, noise));
    let variants = EventLogActivityProjection::from(&open(path)?);
    let watch = Watch::start();
    let options = AlignmentOptions {
        max_states: None,
        ..AlignmentOptions::default()
    };
    let aligned = align_variants(&net, &variants, &options);
    let (mut cost, mut failed) = (0, 0);
    for variant in &aligned {
        match &variant.result {
            Ok(result) => cost += u64::from(result.cost) * variant.frequency,
            Err(_) => failed += 1,
        }
    }
    watch.print(json!({ "variants": aligned.len(), "cost": cost, "failed": failed }));
    Ok(())
}

fn translated(net: &Net) -> PetriNet {
    let mut out = PetriNet::new();
    let places: Vec<_> = (0..net.places).map(|_| out.add_place(None)).collect();
    for transition in &net.transitions {
        let id = out.add_transition(transition.label.clone(), None);
        for &place in &transition.inputs {
            out.add_arc(
                ArcType::place_to_transition(places[place as usize], id),
                None,
            );
        }
        for &place in &transition.outputs {
            out.add_arc(
                ArcType::transition_to_place(id, places[place as usize]),
                None,
            );
        }
    }
    let marking = |tokens: &[u32]| {
        let mut marking = Marking::new();
        for &place in tokens {
            *marking.entry(places[place as usize]).or_default() += 1;
        }
        marking
    };
    out.initial_marking = Some(marking(&net.initial));
    out.final_markings = Some(vec![marking(&net.r#final)]);
    out
}
