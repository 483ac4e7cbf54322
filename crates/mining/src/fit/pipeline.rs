//! Fit to a pipeline: an ordered list of steps that a case goes through one after the other.

use super::sentence::{finish, how_often, join};
use serde::Serialize;

/// How one case departed from the order. Steps are indices into the pipeline.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PathDeviation {
    /// Steps before the furthest one reached that the case never was in. What lies ahead of an open case is not skipped.
    pub skipped: Vec<usize>,
    /// From, to, how often; in order of first happening.
    pub went_back: Vec<(usize, usize, u32)>,
    /// Steps entered more than once, with the number of entries.
    pub repeated: Vec<(usize, u32)>,
}

/// Reads one case: the steps it was in, one after the other. Staying in a step (the same step twice running) is one visit.
pub fn deviation(visits: &[usize]) -> PathDeviation {
    let Some(&furthest) = visits.iter().max() else {
        return PathDeviation::default();
    };
    let mut entries = vec![0u32; furthest + 1];
    let mut went_back: Vec<(usize, usize, u32)> = Vec::new();
    let mut before = None;
    for &step in visits {
        if before == Some(step) {
            continue;
        }
        entries[step] += 1;
        if let Some(from) = before.filter(|&from| step < from) {
            match went_back.iter_mut().find(|b| (b.0, b.1) == (from, step)) {
                Some(known) => known.2 += 1,
                None => went_back.push((from, step, 1)),
            }
        }
        before = Some(step);
    }
    PathDeviation {
        skipped: (0..furthest).filter(|&step| entries[step] == 0).collect(),
        went_back,
        repeated: (0..=furthest)
            .map(|s| (s, entries[s]))
            .filter(|&(_, n)| n > 1)
            .collect(),
    }
}

impl PathDeviation {
    /// Nothing skipped and never back.
    pub fn on_path(&self) -> bool {
        self.skipped.is_empty() && self.went_back.is_empty()
    }

    /// "Skipped Propose, went back from Negotiate to Identify need twice."
    pub fn sentence<S: AsRef<str>>(&self, steps: &[S]) -> String {
        let name = |step: usize| steps.get(step).map_or("an unknown step", |s| s.as_ref());
        let mut parts = Vec::new();
        if !self.skipped.is_empty() {
            let skipped: Vec<String> = self.skipped.iter().map(|&s| name(s).to_string()).collect();
            parts.push(format!("skipped {}", join(&skipped)));
        }
        for &(from, to, times) in &self.went_back {
            let often = how_often(times);
            parts.push(format!(
                "went back from {} to {}{often}",
                name(from),
                name(to)
            ));
        }
        if parts.is_empty() {
            return "Went through the steps in order.".to_string();
        }
        finish(&parts.join(", "))
    }
}

/// What cases did to the order, added up. Shares are from 0 to 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PipelineFit {
    /// Cases that were in at least one step.
    pub cases: u64,
    pub on_path: u64,
    pub share_on_path: Option<f64>,
    pub steps: Vec<StepFit>,
    /// Most cases first.
    pub step_backs: Vec<StepBack>,
    /// In the order given; `None` for paths without a step.
    pub paths: Vec<Option<PathDeviation>>,
}

/// All in cases.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct StepFit {
    pub name: String,
    pub visited: u64,
    pub skipped: u64,
    pub repeated: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct StepBack {
    pub from: String,
    pub to: String,
    pub cases: u64,
    /// A case may go back several times.
    pub times: u64,
}

/// `paths` are distinct sequences of step indices with their number of cases.
///
/// Indices past the end of `steps` are read past, as a step the owner removed would be.
pub fn pipeline_fit<S: AsRef<str>>(steps: &[S], paths: &[(Vec<usize>, u64)]) -> PipelineFit {
    let named = |name: &S| StepFit {
        name: name.as_ref().to_string(),
        ..StepFit::default()
    };
    let mut fit = PipelineFit {
        steps: steps.iter().map(named).collect(),
        ..PipelineFit::default()
    };
    let mut backs: Vec<(usize, usize, u64, u64)> = Vec::new();
    for (path, cases) in paths {
        let visits: Vec<usize> = path.iter().copied().filter(|&s| s < steps.len()).collect();
        if visits.is_empty() {
            fit.paths.push(None);
            continue;
        }
        let found = deviation(&visits);
        fit.cases += cases;
        fit.on_path += if found.on_path() { *cases } else { 0 };
        for (i, step) in fit.steps.iter_mut().enumerate() {
            step.visited += if visits.contains(&i) { *cases } else { 0 };
        }
        found
            .skipped
            .iter()
            .for_each(|&s| fit.steps[s].skipped += cases);
        found
            .repeated
            .iter()
            .for_each(|&(s, _)| fit.steps[s].repeated += cases);
        for &(from, to, times) in &found.went_back {
            let times = u64::from(times) * cases;
            match backs.iter_mut().find(|b| (b.0, b.1) == (from, to)) {
                Some(known) => (known.2, known.3) = (known.2 + cases, known.3 + times),
                None => backs.push((from, to, *cases, times)),
            }
        }
        fit.paths.push(Some(found));
    }
    backs.sort_by_key(|&(from, to, cases, _)| (std::cmp::Reverse(cases), from, to));
    let name = |step: usize| steps[step].as_ref().to_string();
    fit.step_backs = backs
        .into_iter()
        .map(|(from, to, cases, times)| StepBack {
            from: name(from),
            to: name(to),
            cases,
            times,
        })
        .collect();
    fit.share_on_path = (fit.cases > 0).then(|| fit.on_path as f64 / fit.cases as f64);
    fit
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: [&str; 5] = ["Qualify", "Identify need", "Propose", "Negotiate", "Close"];

    #[test]
    fn each_case_is_told_in_one_sentence() {
        let table: &[(&[usize], &str)] = &[
            (&[0, 1, 2, 3, 4], "Went through the steps in order."),
            (&[0, 0, 1, 1], "Went through the steps in order."),
            (
                &[0, 1, 3, 1, 3, 1, 3],
                "Skipped Propose, went back from Negotiate to Identify need twice.",
            ),
            (&[2], "Skipped Qualify and Identify need."),
            (&[1, 0, 1, 2], "Went back from Identify need to Qualify."),
            (&[3], "Skipped Qualify, Identify need and Propose."),
        ];
        for (visits, sentence) in table {
            assert_eq!(deviation(visits).sentence(&STEPS), *sentence);
        }
    }

    #[test]
    fn a_pipeline_adds_up_over_cases() {
        let paths = [
            (vec![0, 1, 2], 6),
            (vec![0, 2], 3),
            (vec![0, 1, 0, 1, 0], 1),
            (vec![9], 4),
        ];
        let fit = pipeline_fit(&STEPS, &paths);
        assert_eq!(
            (fit.cases, fit.on_path, fit.share_on_path),
            (10, 6, Some(0.6))
        );
        let step = |i: usize| {
            (
                fit.steps[i].visited,
                fit.steps[i].skipped,
                fit.steps[i].repeated,
            )
        };
        assert_eq!(
            (step(0), step(1), step(3)),
            ((10, 0, 1), (7, 3, 1), (0, 0, 0))
        );
        let back = StepBack {
            from: "Identify need".into(),
            to: "Qualify".into(),
            cases: 1,
            times: 2,
        };
        assert_eq!(fit.step_backs, [back]);
        assert_eq!(fit.paths[3], None);
    }
}
