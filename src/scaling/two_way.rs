//! Two-way layout: the variance of differences between points under common random numbers.
//!
//! In a table with one row per point and one column per replication,
//!
//! > `y_ij = m + point_i + replication_j + e_ij`.
//!
//! With common random numbers the effect of a replication is common to all points and cancels when they are compared.
//! The interaction e remains. Its variance is the mean square of interaction of a two-way layout (H. Scheffe, "The
//! Analysis of Variance", Wiley 1959, section 4.2). A difference of two points' means over n replications has the
//! variance 2 Var(e)/n.

/// Sums of a two-way layout, accumulated row by row.
#[derive(Clone, Debug, Default)]
pub struct TwoWay {
    rows: usize,
    /// Subtracted from every value, so that squares do not cancel.
    origin: f64,
    by_column: Vec<f64>,
    by_row_squared: f64,
    squares: f64,
}

impl TwoWay {
    /// Adds a row. A row with another number of columns than the first is left out.
    pub fn push(&mut self, row: &[f64]) {
        if self.rows == 0 {
            self.origin = row.first().copied().unwrap_or(0.0);
            self.by_column = vec![0.0; row.len()];
        }
        if row.len() != self.by_column.len() {
            return;
        }
        self.rows += 1;
        let mut sum = 0.0;
        for (column, value) in self.by_column.iter_mut().zip(row) {
            let value = value - self.origin;
            *column += value;
            sum += value;
            self.squares += value * value;
        }
        self.by_row_squared += sum * sum;
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Var(e): the mean square of interaction; none below two rows or two columns.
    ///
    /// ```
    /// use brooks::scaling::two_way::TwoWay;
    /// let mut table = TwoWay::default();
    /// // Both rows have the same pattern: no interaction.
    /// table.push(&[1.0, 2.0, 5.0]);
    /// table.push(&[11.0, 12.0, 15.0]);
    /// assert_eq!(table.interaction(), Some(0.0));
    /// assert_eq!(TwoWay::default().interaction(), None);
    /// ```
    pub fn interaction(&self) -> Option<f64> {
        let (n, r) = (self.rows as f64, self.by_column.len() as f64);
        if self.rows < 2 || self.by_column.len() < 2 {
            return None;
        }
        let whole: f64 = self.by_column.iter().sum();
        let columns: f64 = self.by_column.iter().map(|sum| sum * sum).sum();
        let squares = self.squares - self.by_row_squared / r - columns / n + whole * whole / (n * r);
        Some(squares.max(0.0) / ((n - 1.0) * (r - 1.0)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_what_rows_and_columns_leave(
            table in prop::collection::vec(prop::collection::vec(-9.0..9.0_f64, 4), 2..12), level in -1e4..1e4_f64,
        ) {
            let mut sums = TwoWay::default();
            for row in &table {
                sums.push(&row.iter().map(|value| level + value).collect::<Vec<_>>());
            }
            sums.push(&[1.0]);
            let (n, r) = (table.len() as f64, 4.0);
            let whole = table.iter().flatten().sum::<f64>() / (n * r);
            let row = |i: usize| table[i].iter().sum::<f64>() / r;
            let column = |j: usize| table.iter().map(|row| row[j]).sum::<f64>() / n;
            let mut squares = 0.0;
            for (i, values) in table.iter().enumerate() {
                for (j, value) in values.iter().enumerate() {
                    let e = value - row(i) - column(j) + whole;
                    squares += e * e;
                }
            }
            let expected = squares / ((n - 1.0) * (r - 1.0));
            let found = sums.interaction().expect("two rows, four columns");
            prop_assert!(sums.rows() == table.len() && (found - expected).abs() < 1e-6 * (1.0 + expected), "{found} {expected}");
        }
    }
}
