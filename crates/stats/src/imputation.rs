//! Difference in differences by imputation, weighted by cases.
//!
//! What an untreated cell would show is a team effect plus a period effect. Both are fitted on comparison cells only;
//! the effect is the mean, over treated cases, of what was seen less what was to be expected. It does not go wrong when
//! teams start at different times and effects grow or differ (Borusyak, Jaravel and Spiess 2024, "Revisiting event-study
//! designs", Rev. Econ. Stud. 91:3253-3285, theorem 2 and eq. 6). Only periods with at least two comparison teams count.
//! The error comes from leaving out one team at a time (Efron and Stein 1981), because cases of one team share their luck.

mod design;
mod effect;
mod interval;
mod jackknife;
mod parts;

pub use design::Design;
pub use effect::Estimate;
pub use interval::Interval;
pub use jackknife::Jackknife;
