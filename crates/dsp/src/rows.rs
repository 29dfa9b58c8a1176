//! Rows of a height field: the maximum over a few STFT columns, folded onto a frequency axis and
//! packed as half floats. The same code on every thread and in every worker; never knows where
//! samples come from or who draws the rows.

use std::ops::Range;
use std::sync::Arc;

use half::f16;

use crate::scale::BinMap;
use crate::stft::{Stft, StftError, StftParams};

/// The dB range a level is stored over: heights are normalised by it.
pub const STORED_DB_SPAN: f32 = 160.0;

/// What a row stores where nothing is known: a gap. Below every level.
pub const HOLE: f32 = -1.0;

/// Bytes of one level in a row.
pub const LEVEL_BYTES: usize = 2;

/// Level in dBFS as stored in a row: 0 at −160 dBFS, 1 at 0 dBFS, at most 1.25.
#[must_use]
pub fn stored_level(dbfs: f32) -> f32 {
    (1.0 + dbfs / STORED_DB_SPAN).clamp(0.0, 1.25)
}

/// How a row is made of samples.
#[derive(Clone, Debug)]
pub struct RowShape {
    /// Window, sizes and hop.
    pub stft: StftParams,
    /// Columns folded into one row, at least 1.
    pub columns_per_row: usize,
    /// From bins to the columns of the frequency axis.
    pub bin_map: Arc<BinMap>,
}

impl RowShape {
    /// Frames that so many rows are made of.
    #[must_use]
    pub fn frames(&self, rows: usize) -> usize {
        let columns = rows * self.columns_per_row;
        columns.saturating_sub(1) * self.stft.hop_frames + self.stft.window_size
    }

    /// Bytes of a row.
    #[must_use]
    pub fn row_bytes(&self) -> usize {
        self.bin_map.columns() * LEVEL_BYTES
    }
}

/// Engine and scratch for rows of one kind of STFT; kept from job to job.
pub struct RowBench {
    params: StftParams,
    stft: Stft,
    bins: Vec<f32>,
    column: Vec<f32>,
    row: Vec<f32>,
}

impl RowBench {
    /// A bench for these parameters.
    ///
    /// # Errors
    /// As [`Stft::new`].
    pub fn new(params: &StftParams) -> Result<Self, StftError> {
        let stft = Stft::new(params)?;
        let bins = vec![0.0; stft.bins()];
        Ok(Self {
            params: *params,
            stft,
            bins,
            column: Vec::new(),
            row: Vec::new(),
        })
    }

    /// What it was made for.
    #[must_use]
    pub fn params(&self) -> &StftParams {
        &self.params
    }

    /// Appends the rows of one channel to `out`: [row][axis column], little-endian half floats.
    ///
    /// `samples` are exactly [`RowShape::frames`] of whole rows. `is_lost` says whether a range of
    /// frames, counted from the first sample, touches lost ones: a row with such a column is a
    /// [`HOLE`] as a whole, since a loss must be seen at every zoom, like a click.
    pub fn rows(
        &mut self,
        shape: &RowShape,
        samples: &[f32],
        is_lost: impl Fn(Range<u64>) -> bool,
        out: &mut Vec<u8>,
    ) {
        let (hop, size) = (shape.stft.hop_frames, shape.stft.window_size);
        let width = shape.bin_map.columns();
        self.column.resize(width, 0.0);
        self.row.resize(width, 0.0);
        let columns =
            (samples.len().saturating_sub(size)) / hop + usize::from(samples.len() >= size);
        for row in 0..columns / shape.columns_per_row {
            let mut known = false;
            let mut lost = false;
            for column in row * shape.columns_per_row..(row + 1) * shape.columns_per_row {
                let at = column * hop;
                if is_lost(at as u64..(at + size) as u64) {
                    lost = true;
                    break;
                }
                self.stft.column(&samples[at..at + size], &mut self.bins);
                if known {
                    shape.bin_map.apply(&self.bins, &mut self.column);
                    for (kept, new) in self.row.iter_mut().zip(&self.column) {
                        *kept = kept.max(*new);
                    }
                } else {
                    shape.bin_map.apply(&self.bins, &mut self.row);
                    known = true;
                }
            }
            if known && !lost {
                out.extend(
                    self.row
                        .iter()
                        .flat_map(|&level| f16::from_f32(stored_level(level)).to_le_bytes()),
                );
            } else {
                push_holes(width, out);
            }
        }
    }
}

/// Appends so many levels of nothing.
pub fn push_holes(levels: usize, out: &mut Vec<u8>) {
    let hole = f16::from_f32(HOLE).to_le_bytes();
    out.extend(std::iter::repeat_n(hole, levels).flatten());
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use crate::scale::{FrequencyAxis, Scale};
    use crate::window::Window;

    fn levels(bytes: &[u8]) -> Vec<f32> {
        bytes
            .chunks_exact(2)
            .map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32())
            .collect()
    }

    /// Every row against its columns, taken one by one.
    #[test]
    fn a_row_is_the_maximum_of_its_columns() {
        let stft = StftParams::new(Window::Hann, 256, 64).unwrap();
        let axis = FrequencyAxis::new(Scale::Linear, 0.0, 24_000.0, 40).unwrap();
        let shape = RowShape {
            stft,
            columns_per_row: 4,
            bin_map: Arc::new(BinMap::new(&axis, 48_000.0, stft.fft_size)),
        };
        let samples: Vec<f32> = (0..shape.frames(3))
            .map(|i| (i as f32 * i as f32 * 0.001).sin() * 0.5)
            .collect();
        let mut bench = RowBench::new(&stft).unwrap();
        let mut bytes = Vec::new();
        bench.rows(&shape, &samples, |_| false, &mut bytes);
        assert_eq!(bytes.len(), 3 * shape.row_bytes());

        let mut engine = Stft::new(&stft).unwrap();
        let (mut bins, mut column) = (vec![0.0; engine.bins()], vec![0.0; 40]);
        let mut expected = vec![0.0_f32; 3 * 40];
        for at in 0..12 {
            engine.column(&samples[at * 64..at * 64 + 256], &mut bins);
            shape.bin_map.apply(&bins, &mut column);
            for (x, &level) in column.iter().enumerate() {
                let slot = &mut expected[at / 4 * 40 + x];
                *slot = slot.max(stored_level(level));
            }
        }
        for (got, want) in levels(&bytes).iter().zip(&expected) {
            assert!((got - want).abs() < 1e-3, "{got} {want}");
        }
    }

    #[test]
    fn a_row_that_touches_a_loss_is_a_hole() {
        let stft = StftParams::new(Window::Hann, 256, 128).unwrap();
        let axis = FrequencyAxis::new(Scale::Linear, 0.0, 24_000.0, 10).unwrap();
        let shape = RowShape {
            stft,
            columns_per_row: 2,
            bin_map: Arc::new(BinMap::new(&axis, 48_000.0, stft.fft_size)),
        };
        let samples = vec![0.1; shape.frames(4)];
        let mut bytes = Vec::new();
        let lost = 600..601_u64;
        RowBench::new(&stft).unwrap().rows(
            &shape,
            &samples,
            |frames| frames.start < lost.end && frames.end > lost.start,
            &mut bytes,
        );
        // Row r covers the frames 256·r … 256·r + 384.
        let holes: Vec<bool> = levels(&bytes).chunks(10).map(|row| row[0] < 0.0).collect();
        assert_eq!(holes, [false, true, true, false]);
    }
}
