//! The fit of a log to a model, with where it deviates: what the Fit tab shows.

use super::alignment::{Aligner, AlignmentResult, Limits, ModelError, Move};
use super::precision::precision;
use super::report::{
    ActivityFit, DeviationKind, FitReport, NamedMove, TopDeviation, VariantCases, VariantFit,
};
use super::sentence::Deviations;
use super::variants::{Variant, variants};
use crate::log::{Dict, EventLog};
use crate::model::petri::PetriNet;

/// Aligns the variants of the selected cases (all when `None`) with the model.
pub fn check(
    log: &EventLog,
    selection: Option<&[u32]>,
    model: &PetriNet,
    limits: Limits,
) -> Result<FitReport, ModelError> {
    let variants = variants(log, selection);
    let aligner = Aligner::new(model, &log.activities, limits)?;
    let traces: Vec<&[u32]> = variants.iter().map(|v| v.trace.as_slice()).collect();
    let results = aligner.align_all(&traces);
    Ok(report(model, &aligner, variants, results))
}

fn report(
    model: &PetriNet,
    aligner: &Aligner,
    variants: Vec<Variant>,
    results: Vec<AlignmentResult>,
) -> FitReport {
    let names = &aligner.names;
    let weight = |v: &Variant| v.cases.len() as u64;
    let cases: u64 = variants.iter().map(weight).sum();
    let mut sums = Sums::default();
    let mut activities = activities(model, names, &variants);
    for (variant, result) in variants.iter().zip(&results) {
        let Some(alignment) = result.aligned() else {
            continue;
        };
        let n = weight(variant);
        sums.cases += n;
        sums.fitness += alignment.fitness * n as f64;
        sums.cost += u64::from(alignment.cost) * n;
        sums.worst += (variant.trace.len() as u64 + u64::from(aligner.shortest_run())) * n;
        sums.fitting += if alignment.cost == 0 { n } else { 0 };
        for step in &alignment.moves {
            match *step {
                Move::Synchronous(a) => activities[a as usize].synchronous += n,
                Move::Model(a) => activities[a as usize].skipped += n,
                Move::Log(a) => activities[a as usize].extra += n,
            }
        }
    }
    let aligned = variants
        .iter()
        .zip(&results)
        .filter_map(|(v, r)| Some((r.aligned()?, weight(v))));
    let precision = precision(aligner, aligned);
    let of_all = |sum: f64| (sums.cases > 0).then(|| sum / sums.cases as f64);
    let named = |keep: fn(&ActivityFit) -> bool| {
        activities
            .iter()
            .filter(|a| keep(a))
            .map(|a| a.name.clone())
            .collect::<Vec<_>>()
    };
    let (never_seen, not_in_model) = (named(|a| !a.in_log), named(|a| !a.in_model));
    activities.retain(|a| a.in_log || a.in_model);
    activities.sort_by_key(|a| std::cmp::Reverse(a.skipped + a.extra));
    let per_variant: Vec<VariantFit> = variants
        .into_iter()
        .zip(results)
        .map(|(v, r)| variant_fit(names, v, r))
        .collect();
    FitReport {
        cases,
        variants: per_variant.len() as u64,
        average_trace_fitness: of_all(sums.fitness),
        log_fitness: match (sums.cases, sums.worst) {
            (0, _) => None,
            (_, 0) => Some(1.0),
            (_, worst) => Some(1.0 - sums.cost as f64 / worst as f64),
        },
        fitting: of_all(sums.fitting as f64),
        precision,
        not_within_limit: cases - sums.cases,
        shortest_run: aligner.shortest_run(),
        top_deviations: top_deviations(&per_variant, cases),
        per_activity: activities,
        never_seen,
        not_in_model,
        per_variant,
    }
}

#[derive(Default)]
struct Sums {
    cases: u64,
    fitness: f64,
    cost: u64,
    worst: u64,
    fitting: u64,
}

/// By code in `names`.
fn activities(model: &PetriNet, names: &Dict, variants: &[Variant]) -> Vec<ActivityFit> {
    let of = |name: &str| ActivityFit {
        name: name.to_string(),
        ..ActivityFit::default()
    };
    let mut activities: Vec<ActivityFit> = names.iter().map(of).collect();
    for code in model
        .transitions
        .iter()
        .filter_map(|t| names.code(t.label.as_deref()?))
    {
        activities[code as usize].in_model = true;
    }
    for &code in variants.iter().flat_map(|v| &v.trace) {
        activities[code as usize].in_log = true;
    }
    activities
}

fn variant_fit(names: &Dict, variant: Variant, result: AlignmentResult) -> VariantFit {
    let variant = VariantCases {
        activities: variant
            .trace
            .iter()
            .map(|&a| names.get(a).to_string())
            .collect(),
        cases: variant.cases.len() as u64,
        case_numbers: variant.cases,
    };
    match result {
        AlignmentResult::Aligned(alignment) => {
            let deviations = Deviations::of(&alignment.moves, names);
            VariantFit {
                variant,
                cost: Some(alignment.cost),
                fitness: Some(alignment.fitness),
                cost_at_least: alignment.cost,
                moves: alignment
                    .moves
                    .iter()
                    .map(|&step| NamedMove::of(step, names))
                    .collect(),
                sentence: deviations.sentence(),
                deviations,
            }
        }
        AlignmentResult::NotWithinLimit { at_least } => VariantFit {
            variant,
            cost: None,
            fitness: None,
            cost_at_least: at_least,
            moves: Vec::new(),
            deviations: Deviations::default(),
            sentence: format!(
                "At least {at_least} deviations; the exact fit was not found within the limit."
            ),
        },
    }
}

fn top_deviations(variants: &[VariantFit], all: u64) -> Vec<TopDeviation> {
    let mut top: Vec<TopDeviation> = Vec::new();
    for fit in variants {
        let kinds = [
            (DeviationKind::LeftOut, &fit.deviations.left_out),
            (DeviationKind::OutOfOrder, &fit.deviations.out_of_order),
            (DeviationKind::Unexpected, &fit.deviations.unexpected),
        ];
        for (kind, items) in kinds {
            for item in items {
                match top
                    .iter_mut()
                    .find(|t| t.kind == kind && t.activity == item.name)
                {
                    Some(known) => known.cases += fit.variant.cases,
                    None => top.push(TopDeviation {
                        kind,
                        activity: item.name.clone(),
                        cases: fit.variant.cases,
                        share: 0.0,
                        sentence: String::new(),
                    }),
                }
            }
        }
    }
    for deviation in &mut top {
        deviation.share = deviation.cases as f64 / all as f64;
        deviation.sentence = deviation.in_words();
    }
    top.sort_by(|a, b| {
        b.cases
            .cmp(&a.cases)
            .then_with(|| a.activity.cmp(&b.activity))
    });
    top
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::LogBuilder;
    use crate::model::tree::ProcessTree;
    use crate::time::MISSING;

    fn log(words: &[(&str, usize)]) -> EventLog {
        let mut builder = LogBuilder::new();
        for (word, n) in words {
            for i in 0..*n {
                let case = builder.case(&format!("{word}-{i}"));
                for c in word.chars() {
                    builder.event(case, &c.to_string(), MISSING, MISSING);
                }
            }
        }
        builder.finish()
    }

    fn report_of(words: &[(&str, usize)], selection: Option<&[u32]>) -> FitReport {
        let net = "->('a', 'b', X('c', 'd'))"
            .parse::<ProcessTree>()
            .unwrap()
            .to_petri();
        check(&log(words), selection, &net, Limits::default()).unwrap()
    }

    #[test]
    fn a_report_says_how_well_and_where() {
        let report = report_of(&[("abc", 6), ("ac", 3), ("abxc", 1)], None);
        assert_eq!(
            (report.cases, report.variants, report.not_within_limit),
            (10, 3, 0)
        );
        assert_eq!(report.fitting, Some(0.6));
        let mean = (6.0 + 3.0 * 0.8 + (1.0 - 1.0 / 7.0)) / 10.0;
        assert!((report.average_trace_fitness.unwrap() - mean).abs() < 1e-12);
        assert_eq!(report.log_fitness, Some(1.0 - 4.0 / 58.0));
        assert_eq!(
            (report.never_seen, report.not_in_model),
            (vec!["d".into()], vec!["x".into()])
        );
        assert_eq!(report.precision, Some(3.0 / 4.0));
        let sentences: Vec<&str> = report
            .top_deviations
            .iter()
            .map(|d| d.sentence.as_str())
            .collect();
        assert_eq!(
            sentences,
            [
                "3 cases left out 'b'.",
                "1 case did 'x' where the process does not expect it."
            ]
        );
        let b = report.per_activity.iter().find(|a| a.name == "b").unwrap();
        assert_eq!((b.synchronous, b.skipped, b.extra), (7, 3, 0));
    }

    #[test]
    fn only_the_selected_cases_count() {
        let report = report_of(&[("abc", 2), ("ac", 1)], Some(&[2]));
        assert_eq!((report.cases, report.fitting), (1, Some(0.0)));
        assert_eq!(report.per_variant[0].sentence, "Left out 'b'.");
        assert_eq!(
            report_of(&[("abc", 1)], Some(&[])).average_trace_fitness,
            None
        );
    }
}
