//! What every endpoint that shows a process can be asked.

use utoipa::IntoParams;

/// Conditions on cases; all must hold.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes a query; `filter_query` reads it")]
pub struct Asked {
    /// Cases that started on this day or later, as 2026-03-01 in UTC.
    from: Option<String>,
    /// Cases that started on this day or earlier.
    to: Option<String>,
    /// Cases of this team; may be given several times.
    team: Option<Vec<String>>,
    /// Cases with this value in the column NAME, of cases or of events, such as `attr.segment=Housing`. One column given
    /// several times asks for any of its values; several columns must all hold.
    #[param(rename = "attr.NAME")]
    attribute: Option<Vec<String>>,
    /// Cases that took the variant with this id.
    variant: Option<String>,
    /// Cases that were in the step of this name.
    step: Option<String>,
    /// Cases with this activity.
    activity: Option<String>,
    /// With `edge_to`: cases that went directly from this activity to that one.
    edge_from: Option<String>,
    edge_to: Option<String>,
    /// Cases this person worked on.
    person: Option<String>,
    /// `open`, `closed`, `won` or `lost`.
    state: Option<String>,
    /// A time zone such as Europe/Berlin: spans count its working hours only, Monday to Friday, nine to five. A span of a
    /// day is then 24 working hours.
    working: Option<String>,
}

/// The second of two periods.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes a query; `filter_query` reads it")]
pub struct Second {
    /// First day of the second period.
    vs_from: Option<String>,
    /// Last day of the second period.
    vs_to: Option<String>,
}

/// A part of a long list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes a query")]
pub struct Part {
    /// Rows to pass over.
    offset: Option<u64>,
    /// Rows to give, 100 unless told, at most 1000.
    limit: Option<u64>,
}

/// How much of the map an export draws.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes a query")]
pub struct Detail {
    /// `map.svg`: how many of the moves, from 0 (the fewest) to 100 (all); as many as can be read unless told.
    detail: Option<u32>,
}
