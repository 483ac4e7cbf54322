//! Which columns of a table are the case, the stage and the time: guessed as those of a file that is imported.

use super::{Connect, told};
use base::problem::Problem;
use connectors::Settings;
use connectors::csv_url::table::COLUMNS;
use mining::readers::csv::{Overrides, Preview, Shape, preview};
use mining::source::Source;

/// The beginning of a table is enough to guess by.
const ENOUGH: usize = 256 * 1024;

fn guessed(preview: &Preview) -> [Option<&str>; 3] {
    let mapping = &preview.mapping;
    let (stage, time) = match &mapping.shape {
        Shape::Events { activity, time, .. } => (Some(activity.as_str()), time.as_deref()),
        Shape::StageHistory { to, time, .. } => (Some(to.as_str()), Some(time.as_str())),
        Shape::Snapshot { .. } => (None, None),
    };
    [Some(mapping.case.as_str()), stage, time]
}

impl Connect {
    /// The columns of a table, where a kind of source has one; those that are not chosen yet are, as they are guessed.
    pub async fn guess_columns(
        &self,
        kind: &str,
        settings: &mut Settings,
    ) -> Result<Vec<String>, Problem> {
        let Ok(source) = self.source(kind) else {
            return Ok(Vec::new());
        };
        let sample = source.sample(&self.via(settings)).await;
        let sample = sample.map_err(|fault| told(&source.about(), &fault))?;
        let Some(mut sample) = sample else {
            return Ok(Vec::new());
        };
        if sample.len() > ENOUGH {
            let end = sample[..ENOUGH].iter().rposition(|b| *b == b'\n');
            sample.truncate(end.unwrap_or(ENOUGH));
        }
        // What is wrong with it is told where it is read.
        let Ok(preview) = preview(&Source::bytes(sample), &Overrides::default()) else {
            return Ok(Vec::new());
        };
        let names: Vec<String> = preview.columns.iter().map(|c| c.name.clone()).collect();
        let usual = ["case", "stage", "time"];
        let guessed = guessed(&preview).into_iter().zip(usual);
        for (setting, (guess, usual)) in COLUMNS.into_iter().zip(guessed) {
            let said = settings.get(setting).trim();
            if let Some(name) = names.iter().find(|n| n.eq_ignore_ascii_case(said)) {
                settings.0.insert(setting.into(), name.clone());
            }
            // A column that says what it is needs no guess.
            let named = names.iter().find(|n| n.eq_ignore_ascii_case(usual));
            let column = named.map(String::as_str).or(guess);
            if let Some(column) = column
                && settings.get(setting).trim().is_empty()
            {
                settings.0.insert(setting.into(), column.into());
            }
        }
        Ok(names)
    }
}
