//! What a survival curve can be asked.

/// A survival curve: a step down at each time at which something ended.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Curve {
    /// Rising distinct times with at least one end, in the unit of the durations.
    pub times: Vec<f64>,
    /// Share still going on just after each time.
    pub survival: Vec<f64>,
    /// How many were watched just before each time.
    pub at_risk: Vec<u64>,
    /// How many ended at each time.
    pub ends: Vec<u64>,
    /// Largest duration, ended or not: nothing is known beyond it. `None` of nothing.
    pub last: Option<f64>,
}

/// Two products that stand for the same share differ by rounding; R's `survfit` uses this tolerance too.
const EQUAL: f64 = 1.490_116_119_384_765_6e-8;

impl Curve {
    /// Share still going on just after `time`: 1 before the first end. `None` of nothing, or beyond the last duration
    /// while some still went on then.
    pub fn survival_at(&self, time: f64) -> Option<f64> {
        self.known(time).then(|| match self.steps_until(time) {
            0 => 1.0,
            n => self.survival[n - 1],
        })
    }

    /// How many steps down there are up to and with `time`.
    pub(super) fn steps_until(&self, time: f64) -> usize {
        self.times.partition_point(|&t| t <= time)
    }

    fn known(&self, time: f64) -> bool {
        let finished = self.survival.last().is_some_and(|s| *s <= EQUAL);
        self.last.is_some_and(|last| time <= last || finished)
    }

    /// The time by which half have ended; `None` when the curve does not come down to a half.
    pub fn median(&self) -> Option<f64> {
        self.quantile(0.5)
    }

    /// The time by which a share `p` (between 0 and 1) has ended; `None` when that is not reached.
    pub fn quantile(&self, p: f64) -> Option<f64> {
        let level = 1.0 - p;
        let at = self.survival.iter().position(|&s| s <= level + EQUAL)?;
        if self.survival[at] < level - EQUAL {
            return Some(self.times[at]);
        }
        let until = self.times.get(at + 1).copied().unwrap_or(self.times[at]);
        Some((self.times[at] + until) / 2.0)
    }

    /// Mean time up to `horizon`. `None` of nothing, or when watching stopped before the horizon while some still
    /// went on: what happens after is not known and is not made up.
    pub fn restricted_mean(&self, horizon: f64) -> Option<f64> {
        if !self.known(horizon) {
            return None;
        }
        let (mut area, mut from, mut level) = (0.0, 0.0, 1.0);
        for (&time, &survival) in self.times.iter().zip(&self.survival) {
            if time >= horizon {
                break;
            }
            area += level * (time - from);
            (from, level) = (time, survival);
        }
        Some(area + level * (horizon - from))
    }
}
