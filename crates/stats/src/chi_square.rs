//! How likely a chi-square at least this large is when nothing is going on.
//!
//! The upper regularised incomplete gamma function Q(df/2, x/2): its series below df/2 + 1, its continued fraction
//! above (Press, Teukolsky, Vetterling and Flannery 2007, "Numerical Recipes", section 6.2, eqs. 6.2.5 and 6.2.7).
//! Gamma at half-integers is exact, so nothing is approximated but the sums.

/// A statistic that is chi-square distributed when nothing is going on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChiSquare {
    /// The statistic, never negative.
    pub statistic: f64,
    /// Degrees of freedom, at least 1.
    pub df: u32,
}

impl ChiSquare {
    /// The probability of a statistic at least this large by chance alone, between 0 and 1.
    pub fn p(&self) -> f64 {
        upper_tail(self.statistic, self.df)
    }
}

/// `P(X >= x)` for a chi-square `X` of `df` degrees of freedom. 1 at or below zero; not a number for one that is not
/// a number, or for no degrees of freedom.
pub fn upper_tail(x: f64, df: u32) -> f64 {
    if df == 0 || x.is_nan() {
        return f64::NAN;
    }
    if x <= 0.0 {
        return 1.0;
    }
    if x.is_infinite() {
        return 0.0;
    }
    let (a, x) = (f64::from(df) / 2.0, x / 2.0);
    let front = (a * x.ln() - x - ln_gamma_half(df)).exp();
    if x < a + 1.0 {
        (1.0 - front * series(a, x)).clamp(0.0, 1.0)
    } else {
        (front * fraction(a, x)).clamp(0.0, 1.0)
    }
}

/// ln Gamma(df / 2), by Gamma(a + 1) = a Gamma(a) from Gamma(1/2) or Gamma(1).
fn ln_gamma_half(df: u32) -> f64 {
    let start = if df % 2 == 1 {
        std::f64::consts::PI.ln() / 2.0
    } else {
        0.0
    };
    let first = if df % 2 == 1 { 1 } else { 2 };
    (first..df)
        .step_by(2)
        .fold(start, |sum, k| sum + (f64::from(k) / 2.0).ln())
}

fn series(a: f64, x: f64) -> f64 {
    let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
    while term > sum * f64::EPSILON / 4.0 {
        n += 1.0;
        term *= x / n;
        sum += term;
    }
    sum
}

/// Lentz's method. It converges everywhere above a + 1; the limit only guards against a mistake.
fn fraction(a: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / b;
    let mut h = d;
    for i in 1..100_000 {
        let i = f64::from(i);
        let an = -i * (i - a);
        b += 2.0;
        d = 1.0 / nonzero(an * d + b, TINY);
        c = nonzero(b + an / c, TINY);
        h *= d * c;
        if (d * c - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    h
}

fn nonzero(x: f64, tiny: f64) -> f64 {
    if x.abs() < tiny { tiny } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two degrees of freedom have the closed form exp(-x/2).
    #[test]
    fn two_degrees_of_freedom_are_exponential() {
        for x in [0.01, 0.5, 1.0, 3.0, 10.0, 50.0, 300.0] {
            let p = upper_tail(x, 2);
            let exact = (-x / 2.0_f64).exp();
            assert!((p / exact - 1.0).abs() < 1e-12, "{x}: {p} is not {exact}");
        }
    }

    /// Any even number of them is a Poisson sum.
    #[test]
    fn even_degrees_of_freedom_are_poisson_sums() {
        for (x, df) in [(1.0, 4), (9.0, 6), (30.0, 20), (140.0, 120)] {
            let half: f64 = x / 2.0;
            let (mut term, mut sum) = ((-half).exp(), 0.0);
            for k in 0..df / 2 {
                sum += term;
                term *= half / f64::from(k + 1);
            }
            assert!((upper_tail(x, df) / sum - 1.0).abs() < 1e-12, "{x} {df}");
        }
    }

    /// The usual critical values, to the digits printed in tables.
    #[test]
    fn tables_agree() {
        for (x, df, p) in [
            (3.841458820694124, 1, 0.05),
            (6.634896601021213, 1, 0.01),
            (7.814727903251179, 3, 0.05),
            (24.99579013972863, 15, 0.05),
        ] {
            assert!((upper_tail(x, df) - p).abs() < 1e-12, "{x} {df}");
        }
    }

    #[test]
    fn the_edges_are_certain_or_impossible() {
        assert_eq!(upper_tail(0.0, 3), 1.0);
        assert_eq!(upper_tail(-1.0, 3), 1.0);
        assert_eq!(upper_tail(f64::INFINITY, 3), 0.0);
        assert!(upper_tail(1.0, 0).is_nan());
        assert!(upper_tail(f64::NAN, 1).is_nan());
    }
}
