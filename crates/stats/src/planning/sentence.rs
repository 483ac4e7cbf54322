//! What is said before anything starts.

use super::Forecast;
use crate::calendar::{Every, WEEK};
use crate::claim::Claim;
use crate::measure::Measure;

/// An effect this much larger than the smallest that could be found at all is found well before the end.
const WORTH_SAYING: f64 = 1.1;

impl Forecast {
    /// "With 7 teams and about 120 cases a week you will likely know after 9 weeks whether it changes by more than 1.2
    /// days.", or why it can't be known.
    pub fn sentence(&self, measure: &Measure) -> String {
        let (every, months) = match self.every {
            Every::Week => ("week", false),
            Every::Month => ("month", true),
        };
        let size = format!(
            "With {} teams and about {:.0} cases a {every}",
            self.teams, self.cases_a_period
        );
        match self.claim {
            Claim::CannotBeAnswered => {
                return format!(
                    "{size} this roll-out cannot be answered: too few orders of teams could be drawn for any of them \
                     to stand out. Add teams, or let them start at different dates."
                );
            }
            Claim::ConsistentWith => {
                return format!(
                    "{size} and one date for all, nobody is left to compare with: at best the cases will be consistent \
                     with an effect. Let teams start one after the other."
                );
            }
            Claim::Indicative => {
                return format!(
                    "{size} and so few of them starting, the result will be indicative at best. Draw the order by lot, \
                     or let more teams start."
                );
            }
            Claim::DrawnByLot | Claim::Observational => {}
        }
        let wanted = self.detectable().map(|smallest| WORTH_SAYING * smallest);
        let known = wanted.and_then(|effect| Some((effect, self.known_after(effect)?)));
        let (Some((effect, ahead)), Some(start)) = (known, self.first_start) else {
            return format!(
                "{size} too little will be known by the planned end. Measure for longer."
            );
        };
        let weeks = (ahead.on - start + WEEK / 2) / WEEK;
        let wait = if months && weeks > 8 {
            format!("{:.0} months", weeks as f64 / 4.35)
        } else {
            format!("{weeks} weeks")
        };
        let amount = measure.with_unit(effect, measure.decimals(effect));
        format!(
            "{size} you will likely know after {wait} whether it makes a difference of more than {amount}."
        )
    }
}
