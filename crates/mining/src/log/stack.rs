//! Two logs one behind the other.

use super::{Column, Dict, EventLog, NONE, Values};
use crate::time::{MISSING, Micros};

/// Both logs; cases of one name are still two.
pub(super) fn stack(mut a: EventLog, mut b: EventLog) -> EventLog {
    let names = std::mem::take(&mut b.case_names);
    let in_both = intern_all(&mut a.case_names, &names);
    let coded = b.case_name.iter_mut();
    coded.for_each(|name| *name = in_both[*name as usize]);
    stack_named(a, b)
}

/// The same where both logs number the names of cases alike.
pub(super) fn stack_named(mut a: EventLog, b: EventLog) -> EventLog {
    let shift = a.events() as u32;
    let (rows_a, rows_b) = ((a.cases(), a.events()), (b.cases(), b.events()));
    a.case_name = joined(a.case_name, b.case_name);
    let offsets = b.offsets.into_iter().skip(1).map(|n| n + shift);
    a.offsets = joined(a.offsets, offsets);
    (a.activities, a.activity) =
        stack_codes((a.activities, a.activity), (b.activities, b.activity));
    a.time = joined(a.time, b.time);
    if !(a.start.is_empty() && b.start.is_empty()) {
        let side = |start: Vec<Micros>, rows| match start.is_empty() {
            true => vec![MISSING; rows],
            false => start,
        };
        a.start = joined(side(a.start, rows_a.1), side(b.start, rows_b.1));
    }
    a.case_columns = stack_columns(a.case_columns, rows_a.0, b.case_columns, rows_b.0);
    a.event_columns = stack_columns(a.event_columns, rows_a.1, b.event_columns, rows_b.1);
    a
}

/// A column made longer where it is, by no more than it needs.
pub(super) fn joined<T>(
    mut values: Vec<T>,
    more: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator>,
) -> Vec<T> {
    let more = more.into_iter();
    values.reserve_exact(more.len());
    values.extend(more);
    values
}

fn stack_codes(a: (Dict, Vec<u32>), b: (Dict, Vec<u32>)) -> (Dict, Vec<u32>) {
    let ((mut dict, codes), (other, others)) = (a, b);
    let in_both = intern_all(&mut dict, &other);
    let others = others.into_iter().map(|code| match code {
        NONE => NONE,
        code => in_both[code as usize],
    });
    (dict, joined(codes, others))
}

/// By code in the other dictionary, the code in this one, which then has all of its texts.
fn intern_all(dict: &mut Dict, other: &Dict) -> Vec<u32> {
    other.iter().map(|value| dict.intern(value)).collect()
}

fn stack_columns(a: Vec<Column>, rows_a: usize, b: Vec<Column>, rows_b: usize) -> Vec<Column> {
    let mut b = b;
    let of_a = a.into_iter().map(|column| {
        let other = take(&mut b, &column.name);
        stack_column(Some(column), rows_a, other, rows_b)
    });
    let mut out: Vec<Column> = of_a.flatten().collect();
    let of_b = b.into_iter();
    out.extend(of_b.filter_map(|column| stack_column(None, rows_a, Some(column), rows_b)));
    out
}

/// The column of a name, taken out.
pub(super) fn take(columns: &mut Vec<Column>, name: &str) -> Option<Column> {
    let at = columns.iter().position(|c| c.name == name)?;
    Some(columns.remove(at))
}

/// A column of both; the side that does not have it has nothing in it.
pub(super) fn stack_column(
    a: Option<Column>,
    rows_a: usize,
    b: Option<Column>,
    rows_b: usize,
) -> Option<Column> {
    let (a, b) = match (a, b) {
        (Some(a), Some(b)) => (a, b),
        (Some(a), None) => {
            let b = absent(&a, rows_b);
            (a, b)
        }
        (None, Some(b)) => (absent(&b, rows_a), b),
        (None, None) => return None,
    };
    Some(Column {
        name: a.name,
        values: stack_values(a.values, b.values),
    })
}

/// A column of the same kind with nothing in it.
fn absent(like: &Column, rows: usize) -> Column {
    let values = match &like.values {
        Values::Text { .. } => Values::Text {
            codes: vec![NONE; rows],
            dict: Dict::new(),
        },
        Values::Int(_) => Values::Int(vec![MISSING; rows]),
        Values::Float(_) => Values::Float(vec![f64::NAN; rows]),
        Values::Time(_) => Values::Time(vec![MISSING; rows]),
        Values::Bool(_) => Values::Bool(vec![2; rows]),
    };
    Column {
        name: like.name.clone(),
        values,
    }
}

fn stack_values(a: Values, b: Values) -> Values {
    match (a, b) {
        (
            Values::Text { codes, dict },
            Values::Text {
                codes: others,
                dict: other,
            },
        ) => {
            let (dict, codes) = stack_codes((dict, codes), (other, others));
            Values::Text { codes, dict }
        }
        (Values::Int(a), Values::Int(b)) => Values::Int(joined(a, b)),
        (Values::Float(a), Values::Float(b)) => Values::Float(joined(a, b)),
        (Values::Time(a), Values::Time(b)) => Values::Time(joined(a, b)),
        (Values::Bool(a), Values::Bool(b)) => Values::Bool(joined(a, b)),
        (a, b) => stack_values(as_text(a), as_text(b)),
    }
}

fn as_text(values: Values) -> Values {
    let name = String::new();
    let column = Column { name, values };
    let mut dict = Dict::new();
    let codes = (0..column.len())
        .map(|row| column.display(row).map_or(NONE, |v| dict.intern(&v)))
        .collect();
    Values::Text { codes, dict }
}
