//! Discovery and fit on public logs, when they lie beside the project.

#![allow(clippy::unwrap_used)]

use mining::EventLog;
use mining::discovery::inductive::{Options, mine};
use mining::fit::{self, FitReport, Limits};
use mining::model::petri::PetriNet;
use mining::readers::{bpmn, xes};
use mining::source::{Progress, Source};
use std::path::PathBuf;

fn shared(file: &str) -> Option<Source> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let root = std::env::var_os("TENON_SHARED").map_or(beside, PathBuf::from);
    let source = Source::open(&root.join("data").join(file)).ok();
    if source.is_none() {
        println!("skipped: shared data absent");
    }
    source
}

fn log(name: &str) -> Option<EventLog> {
    let source = shared(&format!("logs/{name}.xes.gz"))?;
    Some(
        xes::read(&source, &xes::XesOptions::default(), &Progress::default())
            .unwrap()
            .log,
    )
}

fn mined(log: &EventLog, noise: f64) -> PetriNet {
    let variants: Vec<(Vec<u32>, u64)> = fit::variants(log, None)
        .into_iter()
        .map(|v| (v.trace, v.cases.len() as u64))
        .collect();
    mine(&variants, &log.activities, Options { noise }).to_petri()
}

fn report(log: &EventLog, net: &PetriNet) -> FitReport {
    fit::check(log, None, net, Limits::default()).unwrap()
}

/// The log as if one activity had never been recorded.
fn without(log: &EventLog, activity: u32) -> EventLog {
    let mut builder = mining::log::LogBuilder::new();
    for case in 0..log.cases() {
        let number = builder.case(log.case_name(case));
        for event in log.case(case).filter(|&e| log.activity[e] != activity) {
            let name = log.activity_name(log.activity[event]);
            builder.event(number, name, log.time[event], log.time[event]);
        }
    }
    builder.finish()
}

#[test]
fn receipt_fits_the_model_that_came_with_it() {
    let (Some(log), Some(source)) = (log("receipt"), shared("models/receipt.bpmn")) else {
        return;
    };
    let model = bpmn::read(&source, &Progress::default()).unwrap();
    let report = report(&log, &model.to_petri().unwrap());
    assert_eq!((report.cases, report.not_within_limit), (1434, 0));
    assert_eq!(
        (report.fitting, report.average_trace_fitness),
        (Some(1.0), Some(1.0))
    );
    // In unit costs a log that fits costs nothing. The reference's 0.99942 counts silent steps at a ten-thousandth each.
    assert_eq!(report.log_fitness, Some(1.0));
}

#[test]
fn every_log_fits_what_is_mined_from_it_without_noise() {
    for name in ["receipt", "helpdesk", "repairExample", "bpic2012"] {
        let Some(log) = log(name) else { return };
        let report = report(&log, &mined(&log, 0.0));
        assert_eq!(
            (report.fitting, report.not_within_limit),
            (Some(1.0), 0),
            "{name}"
        );
    }
}

/// Neither does precision: deleting an activity from the log also deletes the places where the model allowed too much, so it
/// may rise. Only coverage tells every time.
#[test]
fn fitness_alone_proves_little() {
    let Some(log) = log("receipt") else { return };
    let net = mined(&log, 0.0);
    let whole = report(&log, &net);
    assert!(whole.never_seen.is_empty());
    let (mut still_fit, mut less_precise) = (0, 0);
    for activity in 0..log.activities.len() as u32 {
        let report = report(&without(&log, activity), &net);
        assert_eq!(report.never_seen, [log.activity_name(activity)]);
        if report.fitting == Some(1.0) {
            still_fit += 1;
            less_precise += usize::from(report.precision < whole.precision);
            assert_ne!(
                report.precision,
                whole.precision,
                "{}",
                log.activity_name(activity)
            );
        }
    }
    println!("{still_fit} of 27 can be deleted and still fit, {less_precise} of them less precise");
    assert_eq!((log.activities.len(), still_fit), (27, 21));
    assert!(0 < less_precise && less_precise < still_fit);
}

#[test]
fn replay_is_near_the_alignments_on_receipt() {
    let (Some(log), Some(source)) = (log("receipt"), shared("models/receipt.bpmn")) else {
        return;
    };
    let net = bpmn::read(&source, &Progress::default())
        .unwrap()
        .to_petri()
        .unwrap();
    let replayed = fit::replay::replay(&net, &log.activities, &fit::variants(&log, None)).unwrap();
    println!("{replayed:?}");
    assert!(replayed.average_trace_fitness > 0.99, "{replayed:?}");
}

#[test]
fn every_reference_model_that_has_a_net_can_be_aligned_with() {
    for name in [
        "A.1.0", "A.2.0", "A.2.1", "A.3.0", "A.4.0", "B.1.0", "C.1.0",
    ] {
        let Some(source) = shared(&format!("models/miwg-{name}.bpmn")) else {
            return;
        };
        let model = bpmn::read(&source, &Progress::default()).unwrap();
        let Ok(net) = model.to_petri() else { continue };
        let aligner = fit::Aligner::new(&net, &Default::default(), Limits::default()).unwrap();
        let empty = aligner.align(&[]);
        assert_eq!(
            empty.aligned().map(|a| a.cost),
            Some(aligner.shortest_run()),
            "{name}"
        );
    }
}
