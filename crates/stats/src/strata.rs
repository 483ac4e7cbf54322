//! Labels made into small whole numbers, so that estimators can count by team, site or wave without knowing what a
//! label is.

/// One code per row, and what each code stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strata<T> {
    /// For each row, an index into `labels`.
    pub codes: Vec<usize>,
    /// The distinct labels, rising.
    pub labels: Vec<T>,
}

/// Numbers the distinct labels in rising order.
pub fn strata<T: Ord + Clone>(rows: &[T]) -> Strata<T> {
    let mut labels = rows.to_vec();
    labels.sort_unstable();
    labels.dedup();
    let code = |row: &T| labels.partition_point(|l| l < row);
    Strata {
        codes: rows.iter().map(code).collect(),
        labels,
    }
}

impl<T: Ord + Clone> Strata<T> {
    /// The strata of both at once: one for each pair of labels that occurs. Rows beyond the shorter are left out.
    pub fn cross<U: Ord + Clone>(&self, other: &Strata<U>) -> Strata<(T, U)> {
        let pair = |(&a, &b): (&usize, &usize)| (self.labels[a].clone(), other.labels[b].clone());
        let rows: Vec<(T, U)> = self.codes.iter().zip(&other.codes).map(pair).collect();
        strata(&rows)
    }

    /// The rows of each stratum, in the order of the labels.
    pub fn rows(&self) -> Vec<Vec<usize>> {
        let mut rows = vec![Vec::new(); self.labels.len()];
        for (row, &code) in self.codes.iter().enumerate() {
            rows[code].push(row);
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_numbered_in_order_and_crossed_in_pairs() {
        let teams = strata(&["b", "a", "b"]);
        assert_eq!(
            (teams.codes.clone(), teams.labels.clone()),
            (vec![1, 0, 1], vec!["a", "b"])
        );
        assert_eq!(teams.rows(), [vec![1], vec![0, 2]]);
        let both = teams.cross(&strata(&[1, 1, 2]));
        assert_eq!(both.labels, [("a", 1), ("b", 1), ("b", 2)]);
        assert_eq!(both.codes, [1, 0, 2]);
    }
}
