//! Two logs one behind the other.

use super::{Column, Dict, EventLog, NONE, Values};
use crate::time::MISSING;

/// Both logs; cases of one name are still two.
pub(super) fn stack(a: EventLog, b: EventLog) -> EventLog {
    let shift = a.events() as u32;
    let (rows_a, rows_b) = ((a.cases(), a.events()), (b.cases(), b.events()));
    let (case_names, case_name) =
        stack_codes((a.case_names, a.case_name), (b.case_names, b.case_name));
    let (activities, activity) =
        stack_codes((a.activities, a.activity), (b.activities, b.activity));
    let start = match (a.start.is_empty(), b.start.is_empty()) {
        (true, true) => Vec::new(),
        (a_empty, b_empty) => {
            let side = |empty, v, n| if empty { vec![MISSING; n] } else { v };
            [
                side(a_empty, a.start, rows_a.1),
                side(b_empty, b.start, rows_b.1),
            ]
            .concat()
        }
    };
    EventLog {
        case_names,
        case_name,
        offsets: a
            .offsets
            .into_iter()
            .chain(b.offsets.into_iter().skip(1).map(|n| n + shift))
            .collect(),
        activity,
        activities,
        time: [a.time, b.time].concat(),
        start,
        case_columns: stack_columns(a.case_columns, rows_a.0, b.case_columns, rows_b.0),
        event_columns: stack_columns(a.event_columns, rows_a.1, b.event_columns, rows_b.1),
    }
}

fn stack_codes(a: (Dict, Vec<u32>), b: (Dict, Vec<u32>)) -> (Dict, Vec<u32>) {
    let ((mut dict, mut codes), (other, other_codes)) = (a, b);
    let map: Vec<u32> = other.iter().map(|value| dict.intern(value)).collect();
    codes.extend(
        other_codes
            .into_iter()
            .map(|c| if c == NONE { NONE } else { map[c as usize] }),
    );
    (dict, codes)
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
        name: a.name.clone(),
        values: stack_values(a, b),
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

fn stack_values(a: Column, b: Column) -> Values {
    match (a.values, b.values) {
        (
            Values::Text { codes, dict },
            Values::Text {
                codes: other,
                dict: others,
            },
        ) => {
            let (dict, codes) = stack_codes((dict, codes), (others, other));
            Values::Text { codes, dict }
        }
        (Values::Int(a), Values::Int(b)) => Values::Int([a, b].concat()),
        (Values::Float(a), Values::Float(b)) => Values::Float([a, b].concat()),
        (Values::Time(a), Values::Time(b)) => Values::Time([a, b].concat()),
        (Values::Bool(a), Values::Bool(b)) => Values::Bool([a, b].concat()),
        (a, b) => {
            let text = |values| {
                let column = Column {
                    name: String::new(),
                    values,
                };
                let mut dict = Dict::new();
                let codes = (0..column.len())
                    .map(|row| column.display(row).map_or(NONE, |v| dict.intern(&v)))
                    .collect();
                (dict, codes)
            };
            let (dict, codes) = stack_codes(text(a), text(b));
            Values::Text { codes, dict }
        }
    }
}
