//! The little linear algebra that is needed: symmetric systems that may lack rank, solved by L D L' (Golub and Van
//! Loan 2013, section 4.1), row by row so that everything is a dot product of neighbours in memory.

/// Sum of products; eight sums side by side so that the compiler can use vector instructions.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let (mut left, mut right) = (a.chunks_exact(8), b.chunks_exact(8));
    for (x, y) in left.by_ref().zip(right.by_ref()) {
        for lane in 0..8 {
            lanes[lane] += x[lane] * y[lane];
        }
    }
    let rest: f64 = left
        .remainder()
        .iter()
        .zip(right.remainder())
        .map(|(x, y)| x * y)
        .sum();
    rest + lanes.iter().sum::<f64>()
}

/// `y += factor * x`.
pub(crate) fn axpy(factor: f64, x: &[f64], y: &mut [f64]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += factor * x);
}

/// Pivots this much smaller than the largest entry of the diagonal stand for a missing rank.
const RANK: f64 = 1e-11;

/// The factors of a symmetric matrix. Unknowns that the matrix does not determine are pinned at zero.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ldl {
    size: usize,
    /// Lower triangle by rows, `size` numbers a row.
    lower: Vec<f64>,
    /// Pivots; 0 where the unknown is pinned.
    pivots: Vec<f64>,
    row: Vec<f64>,
}

impl Ldl {
    /// Starts on a matrix of this size whose lower triangle the caller fills in.
    pub(crate) fn start(&mut self, size: usize) -> &mut [f64] {
        self.size = size;
        self.lower.clear();
        self.lower.resize(size * size, 0.0);
        &mut self.lower
    }

    /// Factors what was filled in. Returns how many unknowns were pinned although their row is not empty.
    pub(crate) fn factor(&mut self) -> usize {
        let n = self.size;
        self.pivots.clear();
        self.row.clear();
        self.row.resize(n, 0.0);
        let largest = (0..n).map(|i| self.lower[i * n + i]).fold(0.0, f64::max);
        let mut pinned = 0;
        for i in 0..n {
            let (above, current) = self.lower.split_at_mut(i * n);
            let current = &mut current[..=i];
            for (k, &entry) in current[..i].iter().enumerate() {
                let reduced = entry - dot(&self.row[..k], &above[k * n..k * n + k]);
                self.row[k] = if self.pivots[k] == 0.0 { 0.0 } else { reduced };
            }
            let before = current[i];
            let mut pivot = before;
            for (k, entry) in current[..i].iter_mut().enumerate() {
                let scaled = if self.pivots[k] == 0.0 {
                    0.0
                } else {
                    self.row[k] / self.pivots[k]
                };
                pivot -= scaled * self.row[k];
                *entry = scaled;
            }
            let lacking = pivot <= RANK * largest;
            pinned += usize::from(lacking && before > RANK * largest);
            self.pivots.push(if lacking { 0.0 } else { pivot });
        }
        pinned
    }

    /// Solves in place.
    pub(crate) fn solve(&self, x: &mut [f64]) {
        self.forward(x);
        self.back(x);
    }

    /// The first half: x becomes the inverse of L times x. Pinned entries then hold what no solution can reach.
    pub(crate) fn forward(&self, x: &mut [f64]) {
        let n = self.size;
        for i in 0..n {
            let (done, rest) = x.split_at_mut(i);
            rest[0] -= dot(&self.lower[i * n..i * n + i], done);
        }
    }

    /// The second half, after [`Self::forward`].
    pub(crate) fn back(&self, x: &mut [f64]) {
        let n = self.size;
        for (value, &pivot) in x.iter_mut().zip(&self.pivots) {
            *value = if pivot == 0.0 { 0.0 } else { *value / pivot };
        }
        for i in (0..n).rev() {
            let (before, rest) = x.split_at_mut(i);
            axpy(-rest[0], &self.lower[i * n..i * n + i], before);
        }
    }

    /// Whether an unknown is pinned.
    pub(crate) fn is_pinned(&self, i: usize) -> bool {
        self.pivots[i] == 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regular_system_is_solved() {
        let mut ldl = Ldl::default();
        let rows = [[4.0, 0.0, 0.0], [2.0, 5.0, 0.0], [1.0, 3.0, 6.0]];
        ldl.start(3).copy_from_slice(rows.as_flattened());
        assert_eq!(ldl.factor(), 0);
        // The matrix times (1, -2, 3).
        let mut x = [3.0, 1.0, 13.0];
        ldl.solve(&mut x);
        for (found, expected) in x.iter().zip([1.0, -2.0, 3.0]) {
            assert!((found - expected).abs() < 1e-12, "{x:?}");
        }
    }

    #[test]
    fn an_undetermined_unknown_is_pinned_at_zero() {
        let mut ldl = Ldl::default();
        // Laplacian of a path of three, which lacks one rank.
        let rows = [[1.0, 0.0, 0.0], [-1.0, 2.0, 0.0], [0.0, -1.0, 1.0]];
        ldl.start(3).copy_from_slice(rows.as_flattened());
        assert_eq!(ldl.factor(), 1);
        let mut x = [1.0, 0.0, -1.0];
        ldl.solve(&mut x);
        assert_eq!(x, [2.0, 1.0, 0.0]);
        assert!(ldl.is_pinned(2));
    }

    #[test]
    fn long_dot_products_agree_with_the_plain_sum() {
        let a: Vec<f64> = (0..37).map(f64::from).collect();
        let plain: f64 = a.iter().map(|x| x * x).sum();
        assert_eq!(dot(&a, &a), plain);
    }
}
