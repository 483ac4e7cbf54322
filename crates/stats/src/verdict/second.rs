//! Second readings: the effect for those who use the tool.

use super::{Input, PerUser};
use crate::imputation::{Design, Interval, Jackknife};
use crate::rollout::Rollout;

/// The plan as an instrument: effect of the plan on the outcome over its effect on use. Who uses the tool is never
/// compared with who does not: long cases get used on more.
pub(super) fn per_user(input: &Input<'_>, rollout: &Rollout) -> Option<PerUser> {
    let used = input.beside.used?;
    let periods = input.cells.periods().min(used.periods());
    let outcome = Design::new(input.cells, rollout, periods).jackknife()?;
    let used = Design::new(used, rollout, periods).jackknife()?;
    let use_interval = used.interval(1.0 - input.plan.alpha);
    let clear = use_interval.low > 0.0;
    Some(PerUser {
        effect: clear.then(|| outcome.effect / used.effect),
        interval: clear
            .then(|| fieller(&outcome, &used, 1.0 - input.plan.alpha))
            .flatten(),
        use_share: used.effect,
    })
}

/// The ratios `r` for which outcome less `r` times use is not clearly different from none (Fieller 1954).
fn fieller(outcome: &Jackknife, used: &Jackknife, level: f64) -> Option<Interval> {
    let fits = |ratio: f64| {
        let pairs = outcome.without.iter().zip(&used.without);
        let without = pairs.map(|(o, u)| Some((*o)? - ratio * (*u)?)).collect();
        let effect = outcome.effect - ratio * used.effect;
        let left = Jackknife::of(effect, without, outcome.cases, outcome.teams);
        left.interval(level).holds(0.0)
    };
    let middle = outcome.effect / used.effect;
    let step = (outcome.se / used.effect).abs();
    if step.is_nan() || step <= 0.0 {
        return None;
    }
    let edge = |sign: f64| {
        let (mut near, mut far) = (0.0, step);
        while fits(middle + sign * far) {
            near = far;
            far *= 2.0;
            if far > 1e6 * step {
                return f64::INFINITY;
            }
        }
        while far - near > 1e-7 * far {
            let half = 0.5 * (near + far);
            if fits(middle + sign * half) {
                near = half;
            } else {
                far = half;
            }
        }
        near
    };
    Some(Interval {
        low: middle - edge(-1.0),
        high: middle + edge(1.0),
        level,
    })
}
