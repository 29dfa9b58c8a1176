//! Spectral rows folded by maximum over 2^k columns. Never keeps finished rows: they go to
//! whoever holds the picture.

use crate::level::FLOOR_DBFS;
use crate::vector;

/// A finished row of some level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaxRow<'a> {
    /// Level: the row is the maximum over 2^level columns.
    pub level: usize,
    /// Index on that level: it covers the columns `index·2^level .. (index+1)·2^level`.
    pub index: u64,
    /// Levels in dBFS, one per bin.
    pub row: &'a [f32],
}

/// Folds columns, as they come, into rows of every level.
///
/// Level 0 are the columns themselves, level `k` the maxima over 2^k of them. A column costs less
/// than two rows of work whatever the number of levels.
///
/// ```
/// use soundfall_dsp::pyramid::MaxRows;
/// let mut rows = MaxRows::new(2, 3, 0);
/// let mut done = Vec::new();
/// for column in [[-10.0, -50.0], [-20.0, -40.0], [-30.0, -30.0], [-40.0, -20.0]] {
///     rows.push(&column, |r| done.push((r.level, r.index, r.row.to_vec())));
/// }
/// assert_eq!(done.last(), Some(&(2, 0, vec![-10.0, -20.0])));
/// ```
#[derive(Clone, Debug)]
pub struct MaxRows {
    bins: usize,
    next_column: u64,
    /// Slot 0 is the latest column; slot k the finished first child of level k's open row.
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
struct Row {
    values: Vec<f32>,
    filled: bool,
}

impl MaxRows {
    /// For columns of `bins` values and `levels` levels (level 0 included, at least 1, at most
    /// 63), the first column having the index `first_column`.
    #[must_use]
    pub fn new(bins: usize, levels: usize, first_column: u64) -> Self {
        let row = Row {
            values: vec![FLOOR_DBFS; bins],
            filled: false,
        };
        Self {
            bins,
            next_column: first_column,
            rows: vec![row; levels.clamp(1, 63)],
        }
    }

    /// Forgets everything; the next column will be `first_column`. Keeps its memory.
    #[must_use]
    pub fn restarted(mut self, first_column: u64) -> Self {
        self.next_column = first_column;
        for row in &mut self.rows {
            row.filled = false;
        }
        self
    }

    /// Number of levels.
    #[must_use]
    pub fn levels(&self) -> usize {
        self.rows.len()
    }

    /// Values in a row.
    #[must_use]
    pub fn bins(&self) -> usize {
        self.bins
    }

    /// Index the next column will have.
    #[must_use]
    pub fn next_column(&self) -> u64 {
        self.next_column
    }

    /// Takes one column and hands every row it finishes to `emit`, level 0 first.
    ///
    /// NaN and missing values count as the floor; values beyond `bins` are left out.
    pub fn push(&mut self, column: &[f32], mut emit: impl FnMut(MaxRow<'_>)) {
        let latest = &mut self.rows[0];
        latest.values.fill(FLOOR_DBFS);
        fold_max(&mut latest.values, column);
        latest.filled = true;
        self.advance(self.next_column.saturating_add(1), &mut emit);
    }

    /// Leaves out the columns up to `column` (lost ones). Open rows that end before it are handed
    /// to `emit` with what they have; rows nothing was pushed for are never emitted, so whoever
    /// holds the picture clears them. Earlier columns are no-ops.
    pub fn skip_to(&mut self, column: u64, mut emit: impl FnMut(MaxRow<'_>)) {
        if column > self.next_column {
            self.advance(column, &mut emit);
        }
    }

    /// Writes what has arrived of the open row of `level` to `out` and returns its index; none
    /// where nothing has.
    pub fn open_row(&self, level: usize, out: &mut [f32]) -> Option<u64> {
        let open = self.rows.get(1..=level)?;
        out.fill(FLOOR_DBFS);
        let mut any = false;
        for row in open.iter().filter(|row| row.filled) {
            fold_max(out, &row.values);
            any = true;
        }
        any.then_some(self.next_column >> level)
    }

    /// Moves to `column`: emits the rows that end on the way and folds each into its parent.
    fn advance(&mut self, column: u64, emit: &mut impl FnMut(MaxRow<'_>)) {
        for level in 0..self.rows.len() {
            let index = self.next_column >> level;
            if index == column >> level {
                break;
            }
            let (below, above) = self.rows.split_at_mut(level + 1);
            let row = &mut below[level];
            if !std::mem::take(&mut row.filled) {
                continue;
            }
            emit(MaxRow {
                level,
                index,
                row: &row.values,
            });
            if let Some(parent) = above.first_mut() {
                if parent.filled {
                    fold_max(&mut parent.values, &row.values);
                } else {
                    parent.values.copy_from_slice(&row.values);
                    parent.filled = true;
                }
            }
        }
        self.next_column = column;
    }
}

/// Raises each value of `top` to that of `row` where it is higher. NaN in `row` changes nothing.
pub fn fold_max(top: &mut [f32], row: &[f32]) {
    vector::fold_max(top, row);
}
