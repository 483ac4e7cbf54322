//! Small symmetric positive-definite systems: as many rows as there are covariates or groups, rarely more than ten.
//!
//! Matrices are flat and row-major, `n * n` numbers. Cholesky's factorisation (Golub and Van Loan 2013, "Matrix
//! Computations", section 4.2).

/// The lower triangle `l` of a matrix `l l'`.
#[derive(Debug, Clone)]
pub(crate) struct Cholesky {
    n: usize,
    lower: Vec<f64>,
}

impl Cholesky {
    /// Factors a matrix. What is left of a diagonal entry once the earlier columns are taken out must be more than
    /// `tolerance` times what it was; otherwise the error is that column, which the earlier ones explain.
    pub(crate) fn factor(matrix: &[f64], n: usize, tolerance: f64) -> Result<Self, usize> {
        let mut lower = matrix.to_vec();
        for j in 0..n {
            for i in j..n {
                let dot: f64 = (0..j).map(|k| lower[i * n + k] * lower[j * n + k]).sum();
                let left = lower[i * n + j] - dot;
                if i > j {
                    lower[i * n + j] = left / lower[j * n + j];
                } else if left > tolerance * matrix[j * n + j] && left.is_finite() {
                    lower[j * n + j] = left.sqrt();
                } else {
                    return Err(j);
                }
            }
        }
        Ok(Self { n, lower })
    }

    /// Replaces `b` by the solution of `matrix x = b`.
    pub(crate) fn solve(&self, b: &mut [f64]) {
        let (n, l) = (self.n, &self.lower);
        for i in 0..n {
            let dot: f64 = (0..i).map(|k| l[i * n + k] * b[k]).sum();
            b[i] = (b[i] - dot) / l[i * n + i];
        }
        for i in (0..n).rev() {
            let dot: f64 = (i + 1..n).map(|k| l[k * n + i] * b[k]).sum();
            b[i] = (b[i] - dot) / l[i * n + i];
        }
    }

    /// `b' matrix^-1 b`.
    pub(crate) fn quadratic(&self, b: &[f64]) -> f64 {
        let mut x = b.to_vec();
        self.solve(&mut x);
        x.iter().zip(b).map(|(x, b)| x * b).sum()
    }

    /// The inverse of the matrix, row-major.
    pub(crate) fn inverse(&self) -> Vec<f64> {
        let n = self.n;
        let mut inverse = vec![0.0; n * n];
        for j in 0..n {
            let mut unit = vec![0.0; n];
            unit[j] = 1.0;
            self.solve(&mut unit);
            for i in 0..n {
                inverse[i * n + j] = unit[i];
            }
        }
        inverse
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MATRIX: [f64; 9] = [4.0, 2.0, 0.4, 2.0, 3.0, 0.1, 0.4, 0.1, 1.0];

    #[test]
    fn a_matrix_times_its_inverse_is_the_unit_matrix() {
        let inverse = Cholesky::factor(&MATRIX, 3, 1e-12).unwrap().inverse();
        for i in 0..3 {
            for j in 0..3 {
                let at: f64 = (0..3).map(|k| MATRIX[i * 3 + k] * inverse[k * 3 + j]).sum();
                assert!((at - f64::from(u8::from(i == j))).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn a_column_the_others_explain_is_named() {
        let twice = [1.0, 2.0, 2.0, 4.0];
        assert_eq!(Cholesky::factor(&twice, 2, 1e-12).unwrap_err(), 1);
        assert_eq!(Cholesky::factor(&[f64::NAN], 1, 1e-12).unwrap_err(), 0);
    }
}
