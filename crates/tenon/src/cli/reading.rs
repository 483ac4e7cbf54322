//! Flags that say how a file is to be read; the same for every command that reads one.

use mining::readers::csv::{DateFormat, Decimal, Delimiter, Overrides, ShapeKind};
use service::processes::files::ReadOptions;

#[derive(clap::Args, Clone, Debug)]
pub struct Reading {
    /// XES: join start and completion of an activity into one event
    #[arg(long)]
    pair_lifecycle: bool,
    /// XES: the classifier that tells activities apart
    #[arg(long)]
    classifier: Option<String>,
    /// Object-centric log: the type of object that is the case
    #[arg(long, value_name = "TYPE")]
    ocel_type: Option<String>,
    /// Table: the column of the case, when the guess is wrong
    #[arg(long, value_name = "COLUMN", help_heading = "Tables (CSV)")]
    csv_case: Option<String>,
    /// What a row is: events, stage-history or snapshot
    #[arg(long, value_name = "KIND", help_heading = "Tables (CSV)")]
    csv_rows: Option<ShapeKind>,
    /// The column that says what was done, or to which stage a case went
    #[arg(long, value_name = "COLUMN", help_heading = "Tables (CSV)")]
    csv_activity: Option<String>,
    /// The column that says when it was done; '' for none
    #[arg(long, value_name = "COLUMN", help_heading = "Tables (CSV)")]
    csv_time: Option<String>,
    /// The column that says when it was begun; '' for none
    #[arg(long, value_name = "COLUMN", help_heading = "Tables (CSV)")]
    csv_start: Option<String>,
    /// The column that says who did it; '' for none
    #[arg(long, value_name = "COLUMN", help_heading = "Tables (CSV)")]
    csv_resource: Option<String>,
    /// The column that says which team it belongs to; '' for none
    #[arg(long, value_name = "COLUMN", help_heading = "Tables (CSV)")]
    csv_team: Option<String>,
    /// How dates are written: ymd (ISO), dmy, mdy, epoch-s, epoch-ms, epoch-us or excel (days as a spreadsheet counts)
    #[arg(long, value_name = "FORMAT", help_heading = "Tables (CSV)")]
    csv_date_format: Option<DateFormat>,
    /// What parts whole numbers from fractions: point or comma
    #[arg(long, value_name = "MARK", help_heading = "Tables (CSV)")]
    csv_decimal: Option<Decimal>,
    /// What parts columns: one character, or tab
    #[arg(long, value_name = "CHARACTER", help_heading = "Tables (CSV)")]
    csv_delimiter: Option<Delimiter>,
    /// Encoding of the text: utf-8, utf-16le, windows-1252 …
    #[arg(long, value_name = "NAME", help_heading = "Tables (CSV)")]
    csv_encoding: Option<String>,
    /// Zone of times that name none, such as Europe/Berlin
    #[arg(long, value_name = "ZONE", help_heading = "Tables (CSV)")]
    csv_zone: Option<String>,
}

impl Reading {
    pub fn options(&self) -> ReadOptions {
        ReadOptions {
            classifier: self.classifier.clone(),
            pair_lifecycle: self.pair_lifecycle,
            csv: Overrides {
                shape: self.csv_rows,
                case: self.csv_case.clone(),
                activity: self.csv_activity.clone(),
                time: self.csv_time.clone(),
                start: self.csv_start.clone(),
                resource: self.csv_resource.clone(),
                team: self.csv_team.clone(),
                date_format: self.csv_date_format,
                decimal: self.csv_decimal,
                zone: self.csv_zone.clone(),
                delimiter: self.csv_delimiter.map(|d| d.0),
                encoding: self.csv_encoding.clone(),
            },
            mapping: None,
            object_type: self.ocel_type.clone(),
        }
    }
}
