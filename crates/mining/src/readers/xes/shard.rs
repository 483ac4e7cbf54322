//! What one thread makes of the pieces of text it was given: cases, events and their columns.

use super::ahead::{Ahead, Goes};
use super::columns::{Columns, Kind};
use super::date;
use super::scan::{Attributes, Scanner, Tag, value};
use crate::error::ReadError;
use crate::log::{Dict, NONE};
use crate::time::{MISSING, Micros};

/// Attributes may be nested this deep; real logs stop at three.
const DEEPEST: usize = 256;

/// A run of cases that stood together in the file.
#[derive(Debug)]
pub(super) struct Run {
    /// Place of the piece in the file.
    pub piece: usize,
    pub cases: std::ops::Range<usize>,
    pub events: std::ops::Range<usize>,
}

/// The cases and events one thread has read.
#[derive(Debug, Default)]
pub(super) struct Shard {
    pub runs: Vec<Run>,
    pub case_names: Dict,
    /// Case to code in `case_names`, [`NONE`] for a trace without a name.
    pub case_name: Vec<u32>,
    /// Case to number of events.
    pub lengths: Vec<u32>,
    pub activities: Dict,
    /// Event to code in `activities`, [`NONE`] for an event without a name.
    pub activity: Vec<u32>,
    pub time: Vec<Micros>,
    pub case_columns: Columns,
    pub event_columns: Columns,
    /// Dates of events that could not be read.
    pub bad_times: u64,
    /// Nested attributes for which there was no room.
    pub left_out: u64,
    last_activity: u32,
    case_tags: Ahead,
    event_tags: Ahead,
}

/// Where in the tree of elements the scanner is.
enum Level {
    Outside,
    Trace,
    Event,
}

impl Shard {
    /// Reads a piece of text that holds whole traces. `base` is its first byte in the file.
    pub fn read(&mut self, piece: usize, text: &[u8], base: u64) -> Result<(), ReadError> {
        let (first_case, first_event) = (self.case_name.len(), self.activity.len());
        let mut scan = Scanner::new(text, base);
        let mut level = Level::Outside;
        loop {
            level = self.at_once(&mut scan, level);
            let Some((at, tag)) = scan.next()? else { break };
            level = match (level, tag) {
                (
                    Level::Outside,
                    Tag::Open {
                        name: b"trace",
                        empty,
                        ..
                    },
                ) => {
                    self.begin_case();
                    if empty { Level::Outside } else { Level::Trace }
                }
                (
                    Level::Outside,
                    Tag::Open {
                        name: b"event",
                        empty: false,
                        ..
                    },
                ) => {
                    pass_over(&mut scan, at, b"event")?;
                    Level::Outside
                }
                (Level::Outside, Tag::Close { name: b"log" }) => Level::Outside,
                (Level::Outside, Tag::Close { .. }) => {
                    return Err(scan.broken(at, "A closing tag has no opening tag."));
                }
                (Level::Outside, Tag::Open { name, empty, .. }) => {
                    if !empty {
                        pass_over(&mut scan, at, name)?;
                    }
                    Level::Outside
                }
                (
                    Level::Trace,
                    Tag::Open {
                        name: b"event",
                        empty,
                        ..
                    },
                ) => {
                    self.begin_event();
                    if empty { Level::Trace } else { Level::Event }
                }
                (Level::Trace, Tag::Close { name: b"trace" }) => Level::Outside,
                (Level::Event, Tag::Close { name: b"event" }) => Level::Trace,
                (
                    level,
                    Tag::Open {
                        name,
                        attributes,
                        empty,
                    },
                ) => {
                    let event = matches!(level, Level::Event);
                    if let Some(kind) = Kind::of(name) {
                        self.attribute(&scan, at, event, (name, kind), attributes)?;
                    }
                    if !empty {
                        self.nested(&mut scan, at, event, name, attributes)?;
                    }
                    level
                }
                (_, Tag::Close { name }) => {
                    let name = String::from_utf8_lossy(name).into_owned();
                    return Err(scan.broken(at, format!("</{name}> closes what was not opened.")));
                }
            };
        }
        if !matches!(level, Level::Outside) {
            return Err(scan.error(
                "truncated",
                text.len(),
                "The file ends inside a trace.",
                "Copy or export the file again; it is not complete.",
            ));
        }
        self.runs.push(Run {
            piece,
            cases: first_case..self.case_name.len(),
            events: first_event..self.activity.len(),
        });
        Ok(())
    }

    /// Takes tags as long as they are those that stood here before; the scanner does the rest.
    #[inline]
    fn at_once(&mut self, scan: &mut Scanner, mut level: Level) -> Level {
        loop {
            let text = scan.past_blanks();
            let used;
            (level, used) = match level {
                Level::Event if text.starts_with(b"</event>") => (Level::Trace, 8),
                Level::Event => match self.event_tags.next(text) {
                    Some(found) => {
                        self.event_value(found.goes, found.value);
                        (level, found.used)
                    }
                    None => return level,
                },
                Level::Trace if text.starts_with(b"<event>") => {
                    self.begin_event();
                    (Level::Event, 7)
                }
                Level::Trace if text.starts_with(b"</trace>") => (Level::Outside, 8),
                Level::Trace => match self.case_tags.next(text) {
                    Some(found) => {
                        self.case_value(found.goes, found.value);
                        (level, found.used)
                    }
                    None => return level,
                },
                Level::Outside if text.starts_with(b"<trace>") => {
                    self.begin_case();
                    (Level::Trace, 7)
                }
                Level::Outside => return level,
            };
            scan.at += used;
        }
    }

    #[inline]
    fn event_value(&mut self, goes: Goes, value: &[u8]) {
        match goes {
            Goes::Time => self.event_time(value),
            Goes::Name => self.event_name(value),
            Goes::Column(at) => self
                .event_columns
                .set_at(self.activity.len() - 1, at, value),
        }
    }

    #[inline]
    fn case_value(&mut self, goes: Goes, value: &[u8]) {
        match goes {
            Goes::Name => {
                if let Some(slot) = self.case_name.last_mut() {
                    *slot = self.case_names.intern_bytes(value);
                }
            }
            Goes::Column(at) => self
                .case_columns
                .set_at(self.case_name.len() - 1, at, value),
            Goes::Time => {}
        }
    }

    #[inline]
    fn event_time(&mut self, raw: &[u8]) {
        if let (Some(slot), time) = (self.time.last_mut(), date::parse(raw)) {
            *slot = time.unwrap_or(MISSING);
            self.bad_times += u64::from(time.is_none() && !raw.is_empty());
        }
    }

    /// `name` is text that was checked as UTF-8.
    #[inline]
    fn event_name(&mut self, name: &[u8]) {
        if self.activities.is_empty() || !self.activities.is(self.last_activity, name) {
            self.last_activity = self.activities.intern_bytes(name);
        }
        if let Some(slot) = self.activity.last_mut() {
            *slot = self.last_activity;
        }
    }

    fn begin_case(&mut self) {
        self.case_name.push(NONE);
        self.lengths.push(0);
        self.case_columns.begin_row();
        self.case_tags.begin();
    }

    #[inline]
    fn begin_event(&mut self) {
        self.activity.push(NONE);
        self.time.push(MISSING);
        if let Some(n) = self.lengths.last_mut() {
            *n += 1;
        }
        self.event_columns.begin_row();
        self.event_tags.begin();
    }

    /// Takes an attribute apart, and remembers what it looks like.
    fn attribute(
        &mut self,
        scan: &Scanner,
        at: usize,
        event: bool,
        (name, kind): (&[u8], Kind),
        text: &[u8],
    ) -> Result<(), ReadError> {
        let (key, raw) = pair(scan, at, text)?;
        let goes = if event && kind == Kind::Time && key == b"time:timestamp" {
            self.event_time(raw);
            Goes::Time
        } else if key == b"concept:name" {
            let text = value(raw).map_err(|e| unknown(scan, at, e))?;
            if event {
                self.event_name(text.as_bytes());
            } else {
                self.case_value(Goes::Name, text.as_bytes());
            }
            Goes::Name
        } else {
            Goes::Column(self.column_value(scan, at, event, kind, (key, raw))?)
        };
        let tags = if event {
            &mut self.event_tags
        } else {
            &mut self.case_tags
        };
        tags.learn(scan.from(at), name, key, goes);
        Ok(())
    }

    fn column_value(
        &mut self,
        scan: &Scanner,
        at: usize,
        event: bool,
        kind: Kind,
        (key, raw): (&[u8], &[u8]),
    ) -> Result<usize, ReadError> {
        let text = value(raw).map_err(|e| unknown(scan, at, e))?;
        let key = value(key).map_err(|e| unknown(scan, at, e))?;
        let (columns, row) = if event {
            (&mut self.event_columns, self.activity.len() - 1)
        } else {
            (&mut self.case_columns, self.case_name.len() - 1)
        };
        columns.set(row, kind, &key, &text).ok_or_else(|| {
            scan.error(
                "too_many_columns",
                at,
                format!(
                    "The log has more than {} different attributes.",
                    super::columns::MOST_COLUMNS
                ),
                "Put data into values rather than into attribute names.",
            )
        })
    }
}

impl Shard {
    /// Takes the children of the attribute that was just opened as columns of their own, named after the way to
    /// them, such as `cost/total`.
    #[cold]
    fn nested<'a>(
        &mut self,
        scan: &mut Scanner<'a>,
        from: usize,
        event: bool,
        name: &'a [u8],
        attributes: &'a [u8],
    ) -> Result<(), ReadError> {
        let (key, _) = pair(scan, from, attributes)?;
        let mut path = value(key).map_err(|e| unknown(scan, from, e))?.into_owned();
        // Names of the elements that are open, with the length of the way before each.
        let mut open: Vec<(&[u8], usize)> = vec![(name, 0)];
        while !open.is_empty() {
            match scan.next()? {
                Some((
                    at,
                    Tag::Open {
                        name,
                        attributes,
                        empty,
                    },
                )) => {
                    let before = path.len();
                    let (key, raw) = pair(scan, at, attributes)?;
                    if !key.is_empty() {
                        path.push('/');
                        path += &value(key).map_err(|e| unknown(scan, at, e))?;
                    }
                    if let Some(kind) = Kind::of(name) {
                        let text = value(raw).map_err(|e| unknown(scan, at, e))?;
                        let (columns, row) = if event {
                            (&mut self.event_columns, self.activity.len() - 1)
                        } else {
                            (&mut self.case_columns, self.case_name.len() - 1)
                        };
                        let kept = columns.set(row, kind, &path, &text);
                        self.left_out += u64::from(kept.is_none());
                    }
                    if empty {
                        path.truncate(before);
                    } else {
                        deeper(scan, from, &mut open, (name, before))?;
                    }
                }
                Some((at, Tag::Close { name })) => {
                    let opened = open.pop();
                    matching(scan, at, opened.map(|o| o.0), name)?;
                    path.truncate(opened.map_or(0, |o| o.1));
                }
                None => return Err(cut(scan, from)),
            }
        }
        Ok(())
    }
}

/// Passes over the children of the element that was just opened.
fn pass_over<'a>(scan: &mut Scanner<'a>, from: usize, name: &'a [u8]) -> Result<(), ReadError> {
    let mut open = vec![name];
    while !open.is_empty() {
        match scan.next()? {
            Some((_, Tag::Open { name, empty, .. })) if !empty => {
                deeper(scan, from, &mut open, name)?
            }
            Some((_, Tag::Open { .. })) => {}
            Some((at, Tag::Close { name })) => {
                let opened = open.pop();
                matching(scan, at, opened, name)?;
            }
            None => return Err(cut(scan, from)),
        }
    }
    Ok(())
}

fn deeper<T>(scan: &Scanner, from: usize, open: &mut Vec<T>, one: T) -> Result<(), ReadError> {
    open.push(one);
    if open.len() <= DEEPEST {
        return Ok(());
    }
    Err(scan.error(
        "too_deep",
        from,
        format!("Elements are nested more than {DEEPEST} deep."),
        "Event logs need two or three levels; export the log again.",
    ))
}

fn matching(
    scan: &Scanner,
    at: usize,
    opened: Option<&[u8]>,
    closed: &[u8],
) -> Result<(), ReadError> {
    match opened {
        Some(opened) if opened == closed => Ok(()),
        opened => Err(scan.broken(
            at,
            format!(
                "</{}> closes <{}>.",
                String::from_utf8_lossy(closed),
                String::from_utf8_lossy(opened.unwrap_or_default())
            ),
        )),
    }
}

fn cut(scan: &Scanner, from: usize) -> ReadError {
    scan.error(
        "truncated",
        from,
        "The file ends inside an element.",
        "Copy or export the file again; it is not complete.",
    )
}

/// `key` and `value` of an attribute, raw.
#[inline]
fn pair<'a>(scan: &Scanner, at: usize, text: &'a [u8]) -> Result<(&'a [u8], &'a [u8]), ReadError> {
    let (mut key, mut raw): (&[u8], &[u8]) = (b"", b"");
    for pair in Attributes::new(text) {
        match pair {
            Ok((b"key", v)) => key = v,
            Ok((b"value", v)) => raw = v,
            Ok(_) => {}
            Err(()) => {
                return Err(scan.broken(at, "A tag has an attribute without a quoted value."));
            }
        }
    }
    Ok((key, raw))
}

fn unknown(scan: &Scanner, at: usize, entity: String) -> ReadError {
    scan.broken(at, format!("The entity {entity} is not known."))
}
