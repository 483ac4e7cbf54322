//! Rows of a table on their way into the columns of a log.

use super::dates;
use super::guess::{is_absent, number};
use super::mapping::{Decimal, Mapping, Shape};
use super::table::error;
use crate::error::{Place, ReadError};
use crate::log::{Column, Dict, EventLog, GROUP, NONE, RESOURCE, Values, sort_by_time};
use crate::readers::{Imported, Note, Skipped};
use crate::time::{MISSING, Micros};
use jiff::tz::TimeZone;
use rustc_hash::FxHashSet;
use std::cmp::Ordering;

/// Text columns while rows come: a code a row.
#[derive(Default)]
struct Growing {
    codes: Vec<u32>,
    dict: Dict,
    last: u32,
}

pub(super) struct Collector<'a> {
    mapping: &'a Mapping,
    zone: TimeZone,
    width: usize,
    case: usize,
    fields: Fields,
    /// Columns that are attributes: position in the row, name, and values.
    attributes: Vec<(usize, String, Growing)>,
    case_names: Dict,
    activities: Dict,
    /// Of each event.
    event_case: Vec<u32>,
    event_activity: Vec<u32>,
    time: Vec<Micros>,
    start: Vec<Micros>,
    /// Row of attributes of each event, [`NONE`] for one that no row tells of.
    event_row: Vec<u32>,
    rows: u32,
    skipped: Skipped,
    first_problem: Option<ReadError>,
    seen_cases: FxHashSet<u32>,
    seen_rows: FxHashSet<u64>,
    untold: u64,
    doubled: u64,
    last_time: (String, Micros),
}

/// Positions of the columns a shape needs.
enum Fields {
    Events {
        activity: usize,
        time: Option<usize>,
        start: Option<usize>,
    },
    StageHistory {
        from: Option<usize>,
        to: usize,
        time: usize,
    },
    Snapshot {
        stages: Vec<(usize, String)>,
    },
}

impl<'a> Collector<'a> {
    pub fn new(names: &[String], mapping: &'a Mapping) -> Result<Self, ReadError> {
        let at = |name: &String| {
            names.iter().position(|n| n == name).ok_or_else(|| {
                let list = names
                    .iter()
                    .take(40)
                    .cloned()
                    .collect::<Vec<_>>()
                    .join(", ");
                error(
                    "no_column",
                    format!("The table has no column \"{name}\"."),
                    Place::line(1),
                    &format!("Choose one of: {list}."),
                )
            })
        };
        let maybe = |name: &Option<String>| name.as_ref().map(at).transpose();
        let fields = match &mapping.shape {
            Shape::Events {
                activity,
                time,
                start,
            } => Fields::Events {
                activity: at(activity)?,
                time: maybe(time)?,
                start: maybe(start)?,
            },
            Shape::StageHistory { from, to, time } => Fields::StageHistory {
                from: maybe(from)?,
                to: at(to)?,
                time: at(time)?,
            },
            Shape::Snapshot { stages } => Fields::Snapshot {
                stages: stages
                    .iter()
                    .map(|(c, s)| Ok((at(c)?, s.clone())))
                    .collect::<Result<_, ReadError>>()?,
            },
        };
        let case = at(&mapping.case)?;
        let mut used: Vec<usize> = vec![case];
        match &fields {
            Fields::Events {
                activity,
                time,
                start,
            } => used.extend([Some(*activity), *time, *start].into_iter().flatten()),
            Fields::StageHistory { from, to, time } => {
                used.extend([*from, Some(*to), Some(*time)].into_iter().flatten())
            }
            Fields::Snapshot { stages } => used.extend(stages.iter().map(|(i, _)| *i)),
        }
        let (resource, team) = (maybe(&mapping.resource)?, maybe(&mapping.team)?);
        let attributes = (0..names.len()).filter(|i| !used.contains(i)).map(|i| {
            let name = match i {
                _ if Some(i) == resource => RESOURCE.to_string(),
                _ if Some(i) == team && !names[i].starts_with("case:") => GROUP.to_string(),
                _ => names[i].clone(),
            };
            (
                i,
                name,
                Growing {
                    last: NONE,
                    ..Growing::default()
                },
            )
        });
        let zone = TimeZone::get(&mapping.zone).map_err(|_| {
            error(
                "unknown_zone",
                format!("There is no time zone \"{}\".", mapping.zone),
                Place::default(),
                "Use a name such as Europe/Berlin.",
            )
        })?;
        Ok(Collector {
            mapping,
            zone,
            width: names.len(),
            case,
            attributes: attributes.collect(),
            fields,
            case_names: Dict::new(),
            activities: Dict::new(),
            event_case: Vec::new(),
            event_activity: Vec::new(),
            time: Vec::new(),
            start: Vec::new(),
            event_row: Vec::new(),
            rows: 0,
            skipped: Skipped::default(),
            first_problem: None,
            seen_cases: FxHashSet::default(),
            seen_rows: FxHashSet::default(),
            untold: 0,
            doubled: 0,
            last_time: (String::new(), MISSING),
        })
    }

    /// Takes a row, or skips it and says why. Fails only when the table is too large to hold.
    pub fn row(&mut self, line: u64, record: &csv::ByteRecord) -> Result<(), ReadError> {
        let field = |i: usize| {
            record
                .get(i)
                .map_or("", |f| std::str::from_utf8(f).unwrap_or("\u{fffd}").trim())
        };
        if record.len() > self.width {
            return self.skip(
                line,
                record,
                format!(
                    "The row has {} fields, the header has {}.",
                    record.len(),
                    self.width
                ),
                None,
            );
        }
        let case = field(self.case);
        if is_absent(case) {
            return self.skip(
                line,
                record,
                "The row names no case.".into(),
                Some(self.mapping.case.clone()),
            );
        }
        // What the row tells, checked before anything of it is kept.
        let mut told: Vec<(&str, Micros, Micros)> = Vec::with_capacity(1);
        let mut before: Option<&str> = None;
        match &self.fields {
            Fields::Events {
                activity,
                time,
                start,
            } => {
                let (activity, time, start) = (*activity, *time, *start);
                if is_absent(field(activity)) {
                    return self.skip(line, record, "The row names no activity.".into(), None);
                }
                let moment = match time.map(|i| self.moment(field(i))).transpose() {
                    Ok(t) => t.unwrap_or(MISSING),
                    Err(why) => return self.skip(line, record, why, None),
                };
                let begun = match start.map(|i| self.moment(field(i))).transpose() {
                    Ok(t) => t.unwrap_or(MISSING),
                    Err(why) => return self.skip(line, record, why, None),
                };
                told.push((field(activity), moment, begun));
            }
            Fields::StageHistory { from, to, time } => {
                let (from, to, time) = (*from, *to, *time);
                if is_absent(field(to)) {
                    return self.skip(
                        line,
                        record,
                        "The row does not say to which stage.".into(),
                        None,
                    );
                }
                match self.moment(field(time)) {
                    Ok(t) => told.push((field(to), t, MISSING)),
                    Err(why) => return self.skip(line, record, why, None),
                }
                before = from.map(field).filter(|f| !is_absent(f));
            }
            Fields::Snapshot { stages } => {
                let stages: Vec<(usize, String)> = stages.clone();
                let mut moments = Vec::new();
                for (i, _) in &stages {
                    match self.moment(field(*i)) {
                        Ok(t) => moments.push(t),
                        Err(why) => return self.skip(line, record, why, None),
                    }
                }
                let case = self.case_names.intern(case);
                if !self.seen_cases.insert(case) && !self.is_new_row(record) {
                    self.doubled += 1;
                    return Ok(());
                }
                self.is_new_row(record);
                let row = self.attributes(record)?;
                for ((_, stage), moment) in
                    stages.iter().zip(moments).filter(|(_, t)| *t != MISSING)
                {
                    self.event(case, &stage.clone(), moment, MISSING, row);
                }
                return Ok(());
            }
        }
        let case = self.case_names.intern(case);
        let row = self.attributes(record)?;
        if let (Some(stage), true) = (before, self.seen_cases.insert(case)) {
            // The case was somewhere before its first change; since when, nobody says.
            self.event(case, stage, MISSING, MISSING, NONE);
            self.untold += 1;
        }
        for (activity, time, start) in told {
            self.event(case, activity, time, start, row);
        }
        Ok(())
    }

    fn event(&mut self, case: u32, activity: &str, time: Micros, start: Micros, row: u32) {
        self.event_case.push(case);
        self.event_activity.push(self.activities.intern(activity));
        self.time.push(time);
        self.start.push(start);
        self.event_row.push(row);
    }

    /// Keeps the attributes of a row and returns its number.
    fn attributes(&mut self, record: &csv::ByteRecord) -> Result<u32, ReadError> {
        if self.rows == NONE - 1 {
            return Err(error(
                "too_long",
                "The table has more than four thousand million rows.",
                Place::default(),
                "Import it in parts.",
            ));
        }
        for (i, _, column) in &mut self.attributes {
            let text = record
                .get(*i)
                .map_or("", |f| std::str::from_utf8(f).unwrap_or("\u{fffd}").trim());
            let code = if is_absent(text) {
                NONE
            } else if column.last != NONE && column.dict.get(column.last) == text {
                column.last
            } else {
                column.dict.intern(text)
            };
            column.last = code;
            column.codes.push(code);
        }
        self.rows += 1;
        Ok(self.rows - 1)
    }

    /// Whether this very row was not there before.
    fn is_new_row(&mut self, record: &csv::ByteRecord) -> bool {
        use std::hash::BuildHasher;
        self.seen_rows
            .insert(rustc_hash::FxBuildHasher.hash_one(record.as_slice()))
    }

    /// Events at the same time that say the same in every column as one before them.
    fn doubles(&self, order: &[u32], offsets: &[u32]) -> Vec<u32> {
        if matches!(self.fields, Fields::Snapshot { .. }) {
            return Vec::new();
        }
        let compare = |&a: &u32, &b: &u32| {
            let (a, b) = (a as usize, b as usize);
            let told = |e: usize| (self.event_activity[e], self.start[e]);
            let (row_a, row_b) = (self.event_row[a] as usize, self.event_row[b] as usize);
            let mut columns = self.attributes.iter().map(|(_, _, column)| {
                let codes = &column.codes;
                codes[row_a].cmp(&codes[row_b])
            });
            told(a)
                .cmp(&told(b))
                .then_with(|| columns.find(|o| o.is_ne()).unwrap_or(Ordering::Equal))
        };
        let mut doubles = Vec::new();
        for case in offsets.windows(2) {
            let events = &order[case[0] as usize..case[1] as usize];
            let at_once = events.chunk_by(|&a, &b| self.time[a as usize] == self.time[b as usize]);
            for run in at_once {
                if run.len() < 2 || self.time[run[0] as usize] == MISSING {
                    continue;
                }
                let mut run = run.to_vec();
                run.sort_unstable_by(|a, b| compare(a, b).then(a.cmp(b)));
                let later = run.windows(2).filter(|w| compare(&w[0], &w[1]).is_eq());
                doubles.extend(later.map(|w| w[1]));
            }
        }
        doubles
    }

    /// Whether a column names each event, so that rows alike in it are one event.
    fn has_event_id(&self) -> bool {
        const NAMES: &[&str] = &[
            "event id",
            "eventid",
            "event:id",
            "ocel:eid",
            "eid",
            "event uuid",
        ];
        self.attributes.iter().any(|(_, name, _)| {
            let plain = name.trim().to_lowercase().replace(['_', '-'], " ");
            NAMES.contains(&plain.as_str())
        })
    }

    fn moment(&mut self, text: &str) -> Result<Micros, String> {
        if is_absent(text) {
            return Ok(MISSING);
        }
        if self.last_time.0 == text {
            return Ok(self.last_time.1);
        }
        let format = self.mapping.date_format;
        let moment = dates::parse(text, format, &self.zone).ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            format!("\"{shown}\" is no date in the format {}.", format.word())
        })?;
        self.last_time = (text.to_string(), moment);
        Ok(moment)
    }

    fn skip(
        &mut self,
        line: u64,
        record: &csv::ByteRecord,
        why: String,
        field: Option<String>,
    ) -> Result<(), ReadError> {
        if self.first_problem.is_none() {
            let place = Place {
                line: Some(line),
                field,
                ..Place::default()
            };
            self.first_problem = Some(error(
                "unusable_rows",
                why.clone(),
                place,
                "Name the columns and the date format, or mend the rows.",
            ));
        }
        let text: Vec<String> = record
            .iter()
            .map(|f| String::from_utf8_lossy(f).chars().take(200).collect())
            .collect();
        self.skipped
            .add(line, why, text.join(&self.mapping.delimiter.to_string()));
        Ok(())
    }

    /// The log, or why there is none.
    pub fn finish(self, rows: u64) -> Result<Imported, ReadError> {
        if self.skipped.count * 2 > rows
            && let Some(mut problem) = self.first_problem
        {
            problem.what = format!(
                "{} of {rows} rows cannot be used. The first: {}",
                self.skipped.count, problem.what
            );
            return Err(problem);
        }
        if self.event_case.is_empty() {
            return Err(error(
                "empty_log",
                "The table has no events.",
                Place::line(1),
                "Export it again with at least one event.",
            ));
        }
        let mut notes = Vec::new();
        let mut note = |code, count: u64, text: String| {
            if count > 0 {
                notes.push(Note { code, text });
            }
        };
        note(
            "unknown_start",
            self.untold,
            format!(
                "{} cases were in a stage before their first change; since when is not said.",
                self.untold
            ),
        );
        note(
            "double_rows",
            self.doubled,
            format!("{} rows were there twice and were read once.", self.doubled),
        );
        let untimed = self.time.iter().filter(|&&t| t == MISSING).count() as u64 - self.untold;
        note(
            "no_time",
            untimed,
            format!(
                "{untimed} of {} events have no time; only their order is used.",
                self.time.len()
            ),
        );

        // Events into cases, in the order of time.
        let cases = self.case_names.len();
        let mut offsets = vec![0u32; cases + 1];
        self.event_case
            .iter()
            .for_each(|&c| offsets[c as usize + 1] += 1);
        (0..cases).for_each(|i| offsets[i + 1] += offsets[i]);
        let mut next = offsets.clone();
        let mut order = vec![0u32; self.event_case.len()];
        for (event, &case) in self.event_case.iter().enumerate() {
            order[next[case as usize] as usize] = event as u32;
            next[case as usize] += 1;
        }
        let mut disordered = 0;
        for c in 0..cases {
            let slot = &mut order[offsets[c] as usize..offsets[c + 1] as usize];
            let before = slot.to_vec();
            sort_by_time(slot, &self.time);
            disordered += u64::from(before != slot);
        }
        let doubles = self.doubles(&order, &offsets);
        let number = doubles.len() as u64;
        let (rows_say, they) = match number {
            1 => ("1 row says".to_string(), "It"),
            n => (format!("{n} rows say"), "They"),
        };
        let were = if number == 1 { "was" } else { "were" };
        if self.has_event_id() {
            drop_events(&mut order, &mut offsets, &doubles);
            note(
                "double_rows",
                number,
                format!(
                    "{rows_say} the same as another in every column, the id of the event too. {they} {were} read once."
                ),
            );
        } else {
            note(
                "same_rows",
                number,
                format!(
                    "{rows_say} the same as another in every column. {they} {were} kept, since some systems record an event twice on purpose; take them out of the file if they did not happen."
                ),
            );
        }
        note(
            "out_of_order",
            disordered,
            format!("Rows of {disordered} cases were not in the order of time; they are now."),
        );

        let any_start = self.start.iter().any(|&t| t != MISSING);
        let mut log = EventLog {
            case_names: self.case_names,
            case_name: (0..cases as u32).collect(),
            offsets,
            activity: order
                .iter()
                .map(|&e| self.event_activity[e as usize])
                .collect(),
            activities: self.activities,
            time: order.iter().map(|&e| self.time[e as usize]).collect(),
            start: if any_start {
                order.iter().map(|&e| self.start[e as usize]).collect()
            } else {
                Vec::new()
            },
            case_columns: Vec::new(),
            event_columns: Vec::new(),
        };
        let rows_of: Vec<u32> = order.iter().map(|&e| self.event_row[e as usize]).collect();
        for (_, name, column) in self.attributes {
            if column.codes.iter().all(|&c| c == NONE) {
                continue;
            }
            let codes: Vec<u32> = rows_of
                .iter()
                .map(|&r| {
                    if r == NONE {
                        NONE
                    } else {
                        column.codes[r as usize]
                    }
                })
                .collect();
            let of_case = name.strip_prefix("case:");
            let standard = name == RESOURCE || name == GROUP || name == crate::log::LIFECYCLE;
            let per_case = (of_case.is_some() || !standard)
                .then(|| constant(&log, &codes))
                .flatten();
            match (per_case, of_case) {
                (Some(codes), bare) => {
                    let name = bare.unwrap_or(&name).to_string();
                    log.case_columns.push(Column {
                        name,
                        values: typed(
                            codes,
                            column.dict,
                            self.mapping.decimal,
                            &self.zone,
                            self.mapping,
                        ),
                    });
                }
                (None, _) => log.event_columns.push(Column {
                    name,
                    values: typed(
                        codes,
                        column.dict,
                        self.mapping.decimal,
                        &self.zone,
                        self.mapping,
                    ),
                }),
            }
        }
        Ok(Imported {
            log,
            notes,
            skipped: self.skipped,
        })
    }
}

/// Takes events out of their cases.
fn drop_events(order: &mut Vec<u32>, offsets: &mut [u32], gone: &[u32]) {
    if gone.is_empty() {
        return;
    }
    let gone: FxHashSet<u32> = gone.iter().copied().collect();
    let mut kept = Vec::with_capacity(order.len() - gone.len());
    let mut from = 0;
    for end in offsets.iter_mut().skip(1) {
        let events = &order[from..*end as usize];
        kept.extend(events.iter().filter(|e| !gone.contains(e)));
        from = *end as usize;
        *end = kept.len() as u32;
    }
    *order = kept;
}

/// One value a case, if no case has two.
fn constant(log: &EventLog, codes: &[u32]) -> Option<Vec<u32>> {
    (0..log.cases())
        .map(|case| {
            let mut values = log.case(case).map(|row| codes[row]).filter(|&c| c != NONE);
            let first = values.next().unwrap_or(NONE);
            values.all(|c| c == first).then_some(first)
        })
        .collect()
}

/// Texts as what they all are: whole numbers, numbers, dates, truths, or texts. Each different text is looked at once.
fn typed(
    codes: Vec<u32>,
    dict: Dict,
    decimal: Decimal,
    zone: &TimeZone,
    mapping: &Mapping,
) -> Values {
    // A number with leading zeros is a name, such as a postcode.
    let whole = |t: &str| {
        t.parse::<i64>()
            .ok()
            .filter(|_| t == "0" || !t.trim_start_matches('-').starts_with('0'))
    };
    if let Some(values) = dict.iter().map(whole).collect::<Option<Vec<i64>>>() {
        return Values::Int(
            codes
                .iter()
                .map(|&c| {
                    if c == NONE {
                        i64::MIN
                    } else {
                        values[c as usize]
                    }
                })
                .collect(),
        );
    }
    let real = |t: &str| {
        number(t, decimal)
            .filter(|_| !t.starts_with('0') || t.len() == 1 || t[1..].starts_with(['.', ',']))
    };
    if let Some(values) = dict.iter().map(real).collect::<Option<Vec<f64>>>() {
        return Values::Float(
            codes
                .iter()
                .map(|&c| {
                    if c == NONE {
                        f64::NAN
                    } else {
                        values[c as usize]
                    }
                })
                .collect(),
        );
    }
    let moment = |t: &str| {
        (t.len() >= 8)
            .then(|| dates::parse(t, mapping.date_format, zone))
            .flatten()
    };
    if let Some(values) = dict.iter().map(moment).collect::<Option<Vec<Micros>>>() {
        return Values::Time(
            codes
                .iter()
                .map(|&c| {
                    if c == NONE {
                        MISSING
                    } else {
                        values[c as usize]
                    }
                })
                .collect(),
        );
    }
    let truth = |t: &str| match t.to_ascii_lowercase().as_str() {
        "true" => Some(1u8),
        "false" => Some(0),
        _ => None,
    };
    if let Some(values) = dict.iter().map(truth).collect::<Option<Vec<u8>>>() {
        return Values::Bool(
            codes
                .iter()
                .map(|&c| if c == NONE { 2 } else { values[c as usize] })
                .collect(),
        );
    }
    Values::Text { codes, dict }
}
