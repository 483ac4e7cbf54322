//! What the columns of a table most likely mean: by their names first, by what is in them second.

use super::mapping::{DateFormat, Decimal, Mapping, Overrides, Shape, ShapeKind};
use super::stages::{stage_name, stages};
use super::table::{self, Head, error};
use crate::error::{Place, ReadError};
use jiff::tz::TimeZone;
use serde::Serialize;

/// The first part of a table with what it most likely means.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Preview {
    pub columns: Vec<ColumnGuess>,
    /// The first rows, at most twenty.
    pub rows: Vec<Vec<String>>,
    pub mapping: Mapping,
    /// What was guessed, a sentence each.
    pub reasons: Vec<String>,
    /// Dates that can be read in two ways.
    pub ambiguity: Option<Ambiguity>,
    /// The same for every file with this header.
    pub fingerprint: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnGuess {
    pub name: String,
    pub kind: ColumnKind,
    /// Different values in what was looked at.
    pub distinct: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    Empty,
    Text,
    Number,
    Date,
}

/// The same text read day first and month first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ambiguity {
    pub column: String,
    pub example: String,
    pub day_first: String,
    pub month_first: String,
    pub taken: DateFormat,
}

const CASE: &[&str] = &[
    "case:concept:name",
    "case_id",
    "case id",
    "caseid",
    "case",
    "opportunity id",
    "opportunityid",
    "deal id",
    "dealid",
    "record id",
    "vorgang",
    "vorgangsnummer",
    "fall",
    "fall-id",
    "fallnummer",
    "order id",
    "orderid",
    "ticket id",
    "ticket",
    "incident",
    "application id",
    "lead id",
    "trace",
    "process instance",
    "id",
];
const ACTIVITY: &[&str] = &[
    "concept:name",
    "activity",
    "activity name",
    "activity_name",
    "event",
    "event name",
    "task",
    "action",
    "aktivität",
    "tätigkeit",
    "schritt",
    "stage",
    "stage name",
    "status",
    "step",
    "operation",
    "phase",
    "what",
    "was",
];
const TIME: &[&str] = &[
    "time:timestamp",
    "timestamp",
    "complete timestamp",
    "completion time",
    "end timestamp",
    "end time",
    "end",
    "completed at",
    "entered at",
    "edit date",
    "changed at",
    "created date",
    "time",
    "date",
    "datetime",
    "zeitstempel",
    "zeitpunkt",
    "datum",
    "ende",
    "event time",
    "eventtime",
    "when",
    "wann",
];
const START: &[&str] = &[
    "start_timestamp",
    "start timestamp",
    "start time",
    "start",
    "started at",
    "begin",
    "beginn",
    "startzeit",
];
const RESOURCE: &[&str] = &[
    "org:resource",
    "resource",
    "user",
    "edited by",
    "performer",
    "agent",
    "owner",
    "employee",
    "bearbeiter",
    "mitarbeiter",
    "person",
    "changed by",
    "created by",
    "who",
    "wer",
];
const TEAM: &[&str] = &[
    "org:group",
    "team",
    "group",
    "department",
    "abteilung",
    "gruppe",
    "case:team",
    "case:group",
    "sales team",
];
const FROM: &[&str] = &[
    "old value",
    "from",
    "from stage",
    "from_stage",
    "previous stage",
    "old stage",
    "von",
    "from status",
    "old status",
];
const TO: &[&str] = &[
    "new value",
    "to",
    "to stage",
    "to_stage",
    "new stage",
    "nach",
    "to status",
    "new status",
];

/// Looks at the beginning of a table and guesses; what a person said counts before any guess.
pub fn preview(source: &crate::source::Source, said: &Overrides) -> Result<Preview, ReadError> {
    let head = table::head(source, said.delimiter, said.encoding.as_deref())?;
    let guesser = Guesser {
        head: &head,
        said,
        earlier: None,
    };
    guesser.preview()
}

/// The same for a table with the header of an earlier one: its columns mean what they meant then, unless something else
/// is said now. How the file is written is looked at anew; where that leaves a choice, it is made as it was then.
pub fn preview_like(
    source: &crate::source::Source,
    said: &Overrides,
    earlier: &Mapping,
) -> Result<Preview, ReadError> {
    let said = said.or(&earlier.columns_as_said());
    let head = table::head(source, said.delimiter, said.encoding.as_deref())?;
    let guesser = Guesser {
        head: &head,
        said: &said,
        earlier: Some(earlier),
    };
    guesser.preview()
}

/// What [`Preview::fingerprint`] would be, without any guess; fails on what is no table.
pub fn header(source: &crate::source::Source, said: &Overrides) -> Result<String, ReadError> {
    let head = table::head(source, said.delimiter, said.encoding.as_deref())?;
    Ok(fingerprint(&head.names))
}

#[derive(Clone, Copy)]
pub(super) struct Guesser<'a> {
    pub head: &'a Head,
    pub said: &'a Overrides,
    pub earlier: Option<&'a Mapping>,
}

impl Guesser<'_> {
    fn preview(&self) -> Result<Preview, ReadError> {
        let head = self.head;
        let (dates, ambiguous) = self.dates();
        let columns: Vec<ColumnGuess> = (0..head.names.len())
            .map(|i| {
                let mut values: Vec<&str> = self.values(i).collect();
                let kind = match values.as_slice() {
                    [] => ColumnKind::Empty,
                    _ if dates[i].is_some() => ColumnKind::Date,
                    v if v.iter().all(|x| {
                        number(x, Decimal::Point)
                            .or(number(x, Decimal::Comma))
                            .is_some()
                    }) =>
                    {
                        ColumnKind::Number
                    }
                    _ => ColumnKind::Text,
                };
                values.sort_unstable();
                values.dedup();
                ColumnGuess {
                    name: head.names[i].clone(),
                    kind,
                    distinct: values.len(),
                }
            })
            .collect();
        let mut reasons = Vec::new();
        let mapping = self.mapping(&columns, &dates, &mut reasons)?;
        let time_columns = time_columns(&mapping);
        let ambiguity = ambiguous
            .into_iter()
            .find(|a| time_columns.contains(&a.column.as_str()));
        if let Some(a) = &ambiguity {
            let order = if a.taken == DateFormat::Mdy {
                "month"
            } else {
                "day"
            };
            reasons.push(format!(
                "Dates such as {} can be read in two ways; they were read with the {order} first.",
                a.example
            ));
        }
        Ok(Preview {
            fingerprint: fingerprint(&head.names),
            columns,
            rows: head.rows.iter().take(20).cloned().collect(),
            mapping,
            reasons,
            ambiguity,
        })
    }

    pub(super) fn values(&self, column: usize) -> impl Iterator<Item = &str> {
        self.head
            .rows
            .iter()
            .filter_map(move |row| row.get(column))
            .map(String::as_str)
            .filter(|v| !is_absent(v))
    }

    /// Whether a column's name speaks of time, or a person says that it is one.
    pub(super) fn is_timely(&self, column: usize) -> bool {
        let name = &self.head.names[column];
        let said = [&self.said.time, &self.said.start];
        [TIME, START].iter().any(|list| matches_name(name, list))
            || name.to_lowercase().contains("time")
            || said.iter().any(|n| n.as_ref() == Some(name))
    }

    /// A column by what was said, else by a list of names, best first.
    fn column(
        &self,
        said: &Option<String>,
        names: &[&str],
        fits: impl Fn(usize) -> bool,
    ) -> Result<Option<usize>, ReadError> {
        if said.as_deref() == Some("") {
            return Ok(None);
        }
        if let Some(name) = said {
            let found = self.head.names.iter().position(|n| n == name).or_else(|| {
                self.head
                    .names
                    .iter()
                    .position(|n| n.eq_ignore_ascii_case(name))
            });
            return found.map(Some).ok_or_else(|| {
                error(
                    "no_column",
                    format!("The table has no column \"{name}\"."),
                    Place::line(1),
                    &format!(
                        "Choose one of: {}.",
                        self.head
                            .names
                            .iter()
                            .take(40)
                            .cloned()
                            .collect::<Vec<_>>()
                            .join(", ")
                    ),
                )
            });
        }
        let by_name = names.iter().find_map(|wanted| {
            self.head
                .names
                .iter()
                .enumerate()
                .find(|(i, n)| plain(n) == *wanted && fits(*i))
                .map(|(i, _)| i)
        });
        Ok(by_name)
    }

    fn mapping(
        &self,
        columns: &[ColumnGuess],
        dates: &[Option<DateFormat>],
        reasons: &mut Vec<String>,
    ) -> Result<Mapping, ReadError> {
        let said = self.said;
        let rows = self.head.rows.len();
        let name = |i: usize| self.head.names[i].clone();
        let is_date = |i: usize| columns[i].kind == ColumnKind::Date;
        let filled = |i: usize| columns[i].kind != ColumnKind::Empty;
        let start = self.column(&said.start, START, is_date)?;
        let time = match self.column(&said.time, TIME, |i| is_date(i) && Some(i) != start)? {
            Some(time) => Some(time),
            None if said.time.is_some() => None,
            None => (0..columns.len()).find(|&i| is_date(i) && Some(i) != start),
        };
        if time.is_none()
            && said.time.is_none()
            && let Some(wrong) = self.wrong_format()
        {
            return Err(wrong);
        }
        let case = match self.column(&said.case, CASE, |i| filled(i) && !is_date(i))? {
            Some(case) => case,
            None => {
                // Values that come again but not too often name cases.
                let often = |i: &usize| columns[*i].distinct as f64 / rows.max(1) as f64;
                let repeats = (0..columns.len())
                    .filter(|i| filled(*i) && !is_date(*i) && columns[*i].distinct > 1);
                let by_name = (0..columns.len())
                    .find(|&i| plain(&self.head.names[i]).ends_with(" id") && filled(i));
                let found = by_name
                    .or_else(|| {
                        repeats
                            .clone()
                            .filter(|i| often(i) < 0.9)
                            .max_by(|a, b| often(a).total_cmp(&often(b)))
                    })
                    .or_else(|| repeats.into_iter().next());
                found.ok_or_else(|| {
                    error(
                        "no_case",
                        "No column says which case a row belongs to.",
                        Place::line(1),
                        "Name the column of the case.",
                    )
                })?
            }
        };
        let resource = self.column(&said.resource, RESOURCE, |i| {
            filled(i) && !is_date(i) && i != case
        })?;
        let team = self.column(&said.team, TEAM, |i| filled(i) && !is_date(i) && i != case)?;
        let from = self.column(&None, FROM, |i| !is_date(i) && i != case)?;
        let is_history = said.shape == Some(ShapeKind::StageHistory);
        let to = is_history.then(|| said.activity.clone()).flatten();
        let to = self.column(&to, TO, |i| filled(i) && !is_date(i) && i != case)?;
        let date_columns: Vec<usize> = (0..columns.len()).filter(|&i| is_date(i)).collect();
        let stage_columns = match stages(&self.head.names, &date_columns) {
            none if none.is_empty() => date_columns.clone(),
            some => some,
        };
        let named = self.column(&said.activity, ACTIVITY, |i| {
            filled(i) && !is_date(i) && i != case && Some(i) != resource
        })?;
        let kind = match said.shape {
            Some(kind) => kind,
            None if said.activity.is_none() && from.is_some() && to.is_some() && time.is_some() => {
                ShapeKind::StageHistory
            }
            None if named.is_none()
                && said.activity.is_none()
                && self.is_snapshot(&stage_columns, columns, case) =>
            {
                ShapeKind::Snapshot
            }
            None => ShapeKind::Events,
        };
        let shape = match kind {
            ShapeKind::StageHistory => {
                let (Some(to), Some(time)) = (to.or(named), time) else {
                    return Err(error(
                        "no_stage",
                        "No column says to which stage a case went, or when.",
                        Place::line(1),
                        "Name the column of the activity and that of the time, or say that a row is an event.",
                    ));
                };
                let of = from.map_or(String::new(), |f| format!("\"{}\" to ", name(f)));
                reasons.push(format!(
                    "Each row is a change of stage: {of}\"{}\".",
                    name(to)
                ));
                Shape::StageHistory {
                    from: from.map(name),
                    to: name(to),
                    time: name(time),
                }
            }
            ShapeKind::Snapshot => {
                if date_columns.is_empty() {
                    return Err(error(
                        "no_dates",
                        "No column holds dates, so a row cannot be a case with a date for each stage.",
                        Place::line(1),
                        "Say that a row is an event, or choose another date format.",
                    ));
                }
                let left: Vec<String> = date_columns
                    .iter()
                    .filter(|i| !stage_columns.contains(i))
                    .map(|&i| format!("\"{}\"", name(i)))
                    .collect();
                let left = match left.as_slice() {
                    [] => String::new(),
                    [one] => format!("; {one} is kept as an attribute, since it is no stage"),
                    more => format!(
                        "; {} are kept as attributes, since they are no stages",
                        more.join(", ")
                    ),
                };
                reasons.push(format!(
                    "Each row is a case with a date for each of {} stages{left}.",
                    stage_columns.len()
                ));
                Shape::Snapshot {
                    stages: stage_columns
                        .iter()
                        .map(|&i| (name(i), stage_name(&self.head.names[i])))
                        .collect(),
                }
            }
            ShapeKind::Events => {
                let activity = match named {
                    Some(activity) => activity,
                    None => {
                        // Few different texts name activities.
                        let texts = (0..columns.len()).filter(|&i| {
                            columns[i].kind == ColumnKind::Text
                                && i != case
                                && Some(i) != resource
                                && Some(i) != team
                        });
                        texts
                            .filter(|&i| columns[i].distinct > 1)
                            .min_by_key(|&i| columns[i].distinct)
                            .ok_or_else(|| {
                                error(
                                    "no_activity",
                                    "No column says what was done.",
                                    Place::line(1),
                                    "Name the column of the activity.",
                                )
                            })?
                    }
                };
                let roles = [
                    ("activity", Some(activity)),
                    ("time", time),
                    ("begin", start),
                ];
                let told: String = roles
                    .into_iter()
                    .filter_map(|(role, i)| Some(format!(", {role} is \"{}\"", name(i?))))
                    .collect();
                let no_time = if time.is_none() {
                    ", and there is no time"
                } else {
                    ""
                };
                reasons.push(format!("Case is \"{}\"{told}{no_time}.", name(case)));
                reasons.extend(self.untimely(time));
                Shape::Events {
                    activity: name(activity),
                    time: time.map(name),
                    start: start.map(name),
                }
            }
        };
        let people: Vec<String> = [("Person", resource), ("team", team)]
            .into_iter()
            .filter_map(|(role, i)| Some(format!("{role} is \"{}\"", name(i?))))
            .collect();
        if !people.is_empty() {
            let told = people.join(", ");
            reasons.push(format!("{}{}.", told[..1].to_uppercase(), &told[1..]));
        }
        let of_time = time.or(stage_columns.first().copied());
        // A column tells the mark when only one of the two makes all of it numbers.
        let only = |mark: Decimal, other: Decimal| {
            (0..columns.len()).any(|i| {
                filled(i)
                    && self.values(i).all(|v| number(v, mark).is_some())
                    && self.values(i).any(|v| number(v, other).is_none())
            })
        };
        let point = only(Decimal::Point, Decimal::Comma);
        let decimal = match (only(Decimal::Comma, Decimal::Point), point, self.earlier) {
            (true, false, _) => Decimal::Comma,
            (false, true, _) => Decimal::Point,
            (_, _, Some(earlier)) => earlier.decimal,
            (comma, ..) if comma => Decimal::Comma,
            _ => Decimal::Point,
        };
        let zone = said.zone.clone().unwrap_or_else(|| "UTC".into());
        TimeZone::get(&zone).map_err(|_| {
            error(
                "unknown_zone",
                format!("There is no time zone \"{zone}\"."),
                Place::default(),
                "Use a name such as Europe/Berlin.",
            )
        })?;
        Ok(Mapping {
            shape,
            case: name(case),
            resource: resource.map(name),
            team: team.map(name),
            date_format: said
                .date_format
                .or(of_time.and_then(|i| dates[i]))
                .unwrap_or_default(),
            decimal: said.decimal.unwrap_or(decimal),
            zone,
            delimiter: char::from(self.head.delimiter),
            encoding: self.head.encoding.name().to_lowercase(),
        })
    }

    /// A column that is named as a time but holds no dates, in words.
    fn untimely(&self, time: Option<usize>) -> Option<String> {
        let none = time.is_none() && self.said.time.is_none();
        let named = (0..self.head.names.len()).filter(|_| none).find(|&i| {
            matches_name(&self.head.names[i], TIME) && self.values(i).next().is_some()
        })?;
        let shown: String = self.values(named).next()?.chars().take(40).collect();
        Some(format!(
            "\"{}\" is no time: \"{shown}\" is in no date format that is known here.",
            self.head.names[named]
        ))
    }

    /// Several dates of stages and a case in each row.
    fn is_snapshot(&self, stages: &[usize], columns: &[ColumnGuess], case: usize) -> bool {
        let entered = stages
            .iter()
            .filter(|&&i| stage_name(&self.head.names[i]) != self.head.names[i])
            .count();
        let (cases, rows) = (columns[case].distinct, self.head.rows.len());
        (entered >= 2 && cases * 2 >= rows) || (stages.len() >= 3 && cases * 10 >= rows * 9)
    }
}

pub(super) fn time_columns(mapping: &Mapping) -> Vec<&str> {
    match &mapping.shape {
        Shape::Events { time, start, .. } => time.iter().chain(start).map(String::as_str).collect(),
        Shape::StageHistory { time, .. } => vec![time],
        Shape::Snapshot { stages } => stages.iter().map(|(c, _)| c.as_str()).collect(),
    }
}

/// Lower case, with blanks for underscores.
fn plain(name: &str) -> String {
    let lower = name.trim().to_lowercase();
    if lower.contains(':') || lower == "start_timestamp" || lower == "case_id" {
        lower
    } else {
        lower.replace(['_', '-'], " ")
    }
}

fn matches_name(name: &str, list: &[&str]) -> bool {
    list.contains(&plain(name).as_str())
}

/// Cells that say there is nothing.
pub(super) fn is_absent(value: &str) -> bool {
    matches!(
        value,
        "" | "NaN" | "nan" | "NaT" | "NULL" | "null" | "None" | "N/A" | "n/a" | "-" | "#N/A"
    )
}

/// A number in either notation, with separators of thousands.
pub(super) fn number(text: &str, decimal: Decimal) -> Option<f64> {
    let text = text.trim();
    let plain = match decimal {
        Decimal::Point if !text.contains(',') => {
            return text.parse().ok().filter(|n: &f64| n.is_finite());
        }
        Decimal::Point => grouped(text, ',', '.')?,
        Decimal::Comma => grouped(text, '.', ',')?.replace(',', "."),
    };
    plain.parse().ok().filter(|n: &f64| n.is_finite())
}

/// Takes out separators of thousands, if they stand where they should.
fn grouped(text: &str, separator: char, point: char) -> Option<String> {
    let (whole, fraction) = text
        .split_once(point)
        .map_or((text, None), |(w, f)| (w, Some(f)));
    let mut groups = whole.trim_start_matches(['-', '+']).split(separator);
    let first = groups.next()?;
    let separated = whole.contains(separator);
    if separated && (first.is_empty() || first.len() > 3 || !groups.all(|g| g.len() == 3))
        || fraction.is_some_and(|f| f.contains(separator))
    {
        return None;
    }
    let whole: String = whole.chars().filter(|c| *c != separator).collect();
    Some(fraction.map_or(whole.clone(), |f| format!("{whole}{point}{f}")))
}

/// The same for the same header.
pub(super) fn fingerprint(names: &[String]) -> String {
    // FNV-1a, 64 bits.
    let hash = names
        .iter()
        .flat_map(|n| n.bytes().chain([0]))
        .fold(0xcbf2_9ce4_8422_2325u64, |h, b| {
            (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("{hash:016x}")
}
