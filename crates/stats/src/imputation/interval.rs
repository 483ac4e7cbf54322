//! An interval.

use serde::{Deserialize, Serialize};

/// From `low` to `high`, in the unit of the outcome; infinite where nothing bounds it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Interval {
    /// Lower end. Written as nothing when infinite.
    #[serde(with = "low_end")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<f64>))]
    pub low: f64,
    /// Upper end. Written as nothing when infinite.
    #[serde(with = "high_end")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<f64>))]
    pub high: f64,
    /// How often such intervals hold the true value: 0.95.
    pub level: f64,
}

/// JSON has no infinity: an open end is written as null.
mod low_end {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(end: &f64, to: S) -> Result<S::Ok, S::Error> {
        end.is_finite().then_some(*end).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        Ok(Option::deserialize(from)?.unwrap_or(f64::NEG_INFINITY))
    }
}

mod high_end {
    use serde::{Deserialize, Deserializer};

    pub(super) use super::low_end::serialize;

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        Ok(Option::deserialize(from)?.unwrap_or(f64::INFINITY))
    }
}

impl Interval {
    /// Whether `value` lies inside, ends included.
    pub fn holds(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// Whether it lies wholly within `-zone` to `zone`.
    pub fn within(&self, zone: f64) -> bool {
        self.low >= -zone && self.high <= zone
    }
}
