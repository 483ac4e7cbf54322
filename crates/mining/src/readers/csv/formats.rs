//! In which format the dates of each column are written.

use super::dates;
use super::guess::{Ambiguity, Guesser};
use super::mapping::DateFormat;
use crate::error::{Place, ReadError};
use jiff::tz::TimeZone;

/// Formats of texts, and those that are numbers with the range of moments between 1990 and 2100.
const TEXTS: [DateFormat; 3] = [DateFormat::Ymd, DateFormat::Dmy, DateFormat::Mdy];
const NUMBERS: [(DateFormat, f64, f64); 4] = [
    (DateFormat::EpochSeconds, 6.3e8, 4.1e9),
    (DateFormat::EpochMillis, 6.3e11, 4.1e12),
    (DateFormat::EpochMicros, 6.3e14, 4.1e15),
    (DateFormat::Excel, 32_874.0, 73_415.0),
];

enum Found {
    No,
    One(DateFormat),
    /// Day first and month first read as many of its values.
    DayOrMonth,
}

impl Guesser<'_> {
    /// The date format of each column that holds dates, and where dates could be read in two ways.
    pub(super) fn dates(&self) -> (Vec<Option<DateFormat>>, Vec<Ambiguity>) {
        let found: Vec<Found> = (0..self.head.names.len())
            .map(|i| self.format(i, &self.values(i).collect::<Vec<_>>()))
            .collect();
        // What one column leaves open another may tell.
        let told = |order| {
            found
                .iter()
                .any(|f| matches!(f, Found::One(f) if *f == order))
        };
        let told = match (told(DateFormat::Dmy), told(DateFormat::Mdy)) {
            (true, false) => Some(DateFormat::Dmy),
            (false, true) => Some(DateFormat::Mdy),
            _ => None,
        };
        let mut ambiguous = Vec::new();
        let formats = found.iter().enumerate().map(|(i, found)| match found {
            Found::No => None,
            Found::One(format) => Some(*format),
            Found::DayOrMonth => Some(told.unwrap_or_else(|| {
                let values: Vec<&str> = self.values(i).collect();
                let order = likelier(&values);
                ambiguous.extend(self.ambiguity(i, &values, order));
                order
            })),
        });
        (formats.collect(), ambiguous)
    }

    /// The format that reads most of a column's values, if it reads enough of them.
    fn format(&self, column: usize, values: &[&str]) -> Found {
        let timely = self.is_timely(column);
        // A column that says it is a time may hold more that is none; such rows are skipped and told.
        let needed = if timely { 10 } else { 19 };
        let count = |format| {
            let read = |v: &&&str| dates::parse(v, format, &TimeZone::UTC).is_some();
            // Most columns hold no dates, and show it soon.
            match values.iter().take(100).any(|v| read(&v)) {
                true => values.iter().filter(read).count(),
                false => 0,
            }
        };
        let enough = |n: usize| n > 0 && n * 20 >= values.len() * needed;
        let within = |low: f64, high: f64| {
            !values.is_empty()
                && values.iter().all(|v| {
                    let n = v.replace(',', ".").parse::<f64>();
                    n.is_ok_and(|n| n >= low && n < high)
                })
        };
        let range = |format| NUMBERS.iter().find(|(f, ..)| *f == format);
        if let Some(format) = self.said.date_format {
            // Any number is a moment since 1970; a column of them is a time only if it may be.
            let may = range(format).is_none_or(|&(_, low, high)| timely || within(low, high));
            return match may && enough(count(format)) {
                true => Found::One(format),
                false => Found::No,
            };
        }
        let counts = TEXTS.map(count);
        let best = counts.into_iter().max().unwrap_or(0);
        if enough(best) {
            let reads = |format| {
                TEXTS
                    .iter()
                    .zip(counts)
                    .any(|(&f, n)| f == format && n == best)
            };
            return match self.earlier.map(|m| m.date_format).filter(|f| reads(*f)) {
                Some(format) => Found::One(format),
                None if reads(DateFormat::Ymd) => Found::One(DateFormat::Ymd),
                None => match (reads(DateFormat::Dmy), reads(DateFormat::Mdy)) {
                    (true, true) => Found::DayOrMonth,
                    (true, false) => Found::One(DateFormat::Dmy),
                    _ => Found::One(DateFormat::Mdy),
                },
            };
        }
        // Whole numbers of a spreadsheet's size may be anything; its moments have fractions.
        let dated = self.head.names[column].to_lowercase().contains("dat")
            || values.iter().any(|v| v.contains(['.', ',']));
        let numbers = NUMBERS.iter().filter(|_| timely);
        numbers
            .filter(|(f, ..)| *f != DateFormat::Excel || dated)
            .find(|(_, low, high)| within(*low, *high))
            .map_or(Found::No, |(format, ..)| Found::One(*format))
    }

    fn ambiguity(&self, column: usize, values: &[&str], taken: DateFormat) -> Option<Ambiguity> {
        let utc = TimeZone::UTC;
        let both =
            |v: &str| [DateFormat::Dmy, DateFormat::Mdy].map(|order| dates::parse(v, order, &utc));
        let two = |v: &&&str| matches!(both(v), [Some(a), Some(b)] if a != b);
        let example = values.iter().find(two)?;
        let [day_first, month_first] = both(example).map(|t| {
            t.and_then(|t| jiff::Timestamp::from_microsecond(t).ok())
                .map(|t| utc.to_datetime(t).strftime("%-d %B %Y").to_string())
                .unwrap_or_default()
        });
        Some(Ambiguity {
            column: self.head.names[column].clone(),
            example: example.to_string(),
            day_first,
            month_first,
            taken,
        })
    }

    /// When no column holds dates in the format that was said, but one does in another: what to say instead.
    pub(super) fn wrong_format(&self) -> Option<ReadError> {
        let format = self.said.date_format?;
        let said = super::Overrides {
            date_format: None,
            ..self.said.clone()
        };
        let free = Guesser {
            said: &said,
            ..*self
        };
        let formats = free.dates().0;
        let dated = (0..formats.len()).filter(|&i| formats[i].is_some());
        let column = dated.max_by_key(|&i| (self.is_timely(i), std::cmp::Reverse(i)))?;
        let (row, value) = self
            .head
            .rows
            .iter()
            .enumerate()
            .find_map(|(row, fields)| {
                let value = fields.get(column).filter(|v| !super::guess::is_absent(v))?;
                let is_none = dates::parse(value, format, &TimeZone::UTC).is_none();
                is_none.then_some((row, value))
            })?;
        let shown: String = value.chars().take(40).collect();
        Some(ReadError::new(
            "wrong_date_format",
            format!("\"{shown}\" is no date in the format {}.", format.word()),
            Place::line(self.head.lines[row]).in_field(&self.head.names[column]),
            format!(
                "The column is written in the format {}: say that, or leave the format to be found.",
                formats[column].unwrap_or_default().word()
            ),
        ))
    }
}

/// Of two readings the one in which rows lie closer together in time; day first when neither does.
fn likelier(values: &[&str]) -> DateFormat {
    let travel = |format| -> f64 {
        let times: Vec<i64> = values
            .iter()
            .filter_map(|v| dates::parse(v, format, &TimeZone::UTC))
            .collect();
        times.windows(2).map(|w| (w[1] - w[0]).abs() as f64).sum()
    };
    if values.iter().any(|v| v.contains('.')) || travel(DateFormat::Dmy) <= travel(DateFormat::Mdy)
    {
        DateFormat::Dmy
    } else {
        DateFormat::Mdy
    }
}
