//! Turns blocks of rows into uploads: only what is new, each row once it is whole.

use std::ops::Range;

use bevy_ecs::prelude::*;
use crossbeam::channel::Sender;
use soundfall_analysis::RowBytes;
use soundfall_dsp::rows::{LEVEL_BYTES, RowSpan, push_holes};

use super::field::{AllocationIds, HeightField, HeightFieldSize, RowPart, Set};
use crate::{
    analysis::{
        AnalysisOf, AnalysisProgress, JobKind, JobQueue, RowBlock, RowBlocks, RowPlan, RowWindow,
        RowsOf,
    },
    diagnostics::RunStats,
    stream::StreamStatus,
    view::{ViewSettings, Views},
};

/// New rows of one mip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeightPart {
    /// First layer.
    pub first_layer: u32,
    /// Layers, one a channel.
    pub layers: u32,
    /// Texture row of the first row; the rest follow and wrap at the texture's end.
    pub first_row: u32,
    /// Rows.
    pub rows: u32,
    /// Where the first row of the first layer is in the bytes.
    pub first_byte: u64,
    /// Rows from one layer's first row to the next one's, in the bytes.
    pub rows_per_layer: u32,
}

/// New rows, for all channels.
pub struct HeightUpload {
    /// Texture they are meant for, see [`super::Allocation`].
    pub allocation: u64,
    /// What of the bytes goes where.
    pub parts: Vec<HeightPart>,
    /// Little-endian half floats, rows of axis columns.
    pub bytes: RowBytes,
}

/// The way to the render world.
#[derive(Resource)]
pub struct HeightUploads(pub Sender<HeightUpload>);

/// Whose rows the bytes are.
#[derive(Clone, Copy, PartialEq)]
enum Of {
    /// Of every channel its own.
    Each,
    /// The same of all channels.
    All,
}

/// Packs for one set.
struct Packer<'a> {
    set: &'a mut Set,
    row_bytes: u64,
    uploads: &'a HeightUploads,
    stats: &'a mut RunStats,
}

impl Packer<'_> {
    fn channels(&self) -> u32 {
        self.set.allocation.channels
    }

    fn send(&mut self, parts: Vec<HeightPart>, bytes: RowBytes) {
        for part in &parts {
            let rows = u64::from(part.rows) * u64::from(part.layers);
            self.stats.rows_uploaded += rows;
            self.stats.bytes_of_new_rows += rows * self.row_bytes;
        }
        // Without a renderer nothing receives it; the books are kept all the same.
        let _ = self.uploads.0.send(HeightUpload {
            allocation: self.set.allocation.id,
            parts,
            bytes,
        });
    }

    /// Where rows of a mip go: `data` are those in the bytes of a layer, `rows` the ones meant.
    fn part(&self, mip: u32, rows: &Range<u64>, data: &Range<u64>, first_byte: u64) -> HeightPart {
        let texture_rows = u64::from(self.set.plan.texture_rows);
        HeightPart {
            first_layer: self.set.plan.first_layer(mip),
            layers: self.channels(),
            first_row: (rows.start % texture_rows) as u32,
            rows: (rows.end - rows.start) as u32,
            first_byte: first_byte + (rows.start - data.start) * self.row_bytes,
            rows_per_layer: (data.end - data.start) as u32,
        }
    }

    /// One row of all channels.
    fn send_row(&mut self, mip: u32, row: u64, bytes: Vec<u8>) {
        let rows = row..row + 1;
        if self.set.places(mip, rows.end).contains(&row) {
            let part = self.part(mip, &rows, &rows, 0);
            self.set.learn(mip, rows);
            self.send(vec![part], bytes.into());
        }
    }

    /// Everything of a block.
    fn block(&mut self, block: RowBlock) {
        let span = &block.span;
        let channels = u64::from(self.channels());
        let Some(bytes) = block.rows else {
            self.holes(span, block.kind);
            return;
        };
        if bytes.len() as u64 != span.total_rows() * channels * self.row_bytes {
            tracing::error!("rows of {span:?} came in {} bytes: lost", bytes.len());
            if block.kind == JobKind::Live {
                self.holes(span, block.kind);
            }
            return;
        }
        self.rows(span, block.kind, bytes, Of::Each);
    }

    /// The rows of some columns.
    fn rows(&mut self, span: &RowSpan, kind: JobKind, bytes: RowBytes, of: Of) {
        let channels = u64::from(self.channels());
        // Channels that the bytes hold.
        let in_bytes = match of {
            Of::Each => channels,
            Of::All => 1,
        };
        let mut parts = Vec::with_capacity(span.mips.len());
        for mip in span.mips.clone() {
            let data = span.rows(mip);
            let first_byte = span.first_row(mip, in_bytes) * self.row_bytes;
            let mut whole = data.clone();
            if kind != JobKind::Coarse {
                for row in partial_rows(mip, &span.columns) {
                    whole = if row == whole.start {
                        row + 1..whole.end
                    } else {
                        whole.start..row
                    };
                    let of_channel = |channel: u64| {
                        let row = (channel % in_bytes) * (data.end - data.start) + row - data.start;
                        let at = (first_byte + row * self.row_bytes) as usize;
                        &bytes[at..at + self.row_bytes as usize]
                    };
                    let merged = self.set.merge(RowPart {
                        mip,
                        row,
                        columns: covered(mip, row, &span.columns),
                        channels: &mut (0..channels).map(of_channel),
                    });
                    if let Some(merged) = merged {
                        self.send_row(mip, row, merged);
                    }
                }
            }
            // What scrolled out while it was analysed has no place any more.
            let places = self.set.places(mip, whole.end);
            whole.start = whole.start.max(places.start);
            whole.end = whole.end.min(places.end);
            if whole.start < whole.end {
                let part = self.part(mip, &whole, &data, first_byte);
                match of {
                    Of::Each => parts.push(part),
                    // Layer by layer, every one from the same bytes.
                    Of::All => parts.extend((0..part.layers).map(|layer| HeightPart {
                        first_layer: part.first_layer + layer,
                        layers: 1,
                        ..part
                    })),
                }
                self.set.learn(mip, whole);
            }
        }
        if !parts.is_empty() {
            self.send(parts, bytes);
        }
    }

    /// Columns that were lost: every row with one of them is a hole. A mip at a time, and no more
    /// bytes than one layer of its texture holds.
    fn holes(&mut self, lost: &RowSpan, kind: JobKind) {
        for mip in lost.mips.clone() {
            let mut columns = lost.columns.clone();
            let kept = u64::from(self.set.plan.texture_rows) << mip;
            let reach = columns.end.saturating_sub(kept);
            if columns.start <= reach && kind == JobKind::Live {
                // Of what was there nothing is left to be seen: as in a new generation, the picture
                // begins anew, at the row that goes on with what comes next.
                let row = columns.end >> mip;
                self.set.forget_below(mip, row);
                columns.start = row << mip;
            }
            columns.start = columns.start.max(reach);
            let span = RowSpan {
                columns,
                mips: mip..mip + 1,
                every: 1,
            };
            if span.columns.is_empty() {
                continue;
            }
            let mut rows = Vec::new();
            let bytes = span.total_rows() * self.row_bytes;
            push_holes(bytes as usize / LEVEL_BYTES, &mut rows);
            self.rows(&span, kind, rows.into(), Of::All);
        }
    }
}

/// Columns of a range that belong to a row.
fn covered(mip: u32, row: u64, columns: &Range<u64>) -> u64 {
    let (start, end) = (row << mip, (row + 1) << mip);
    columns.end.min(end) - columns.start.max(start)
}

/// The rows at the ends of a range of columns that it does not cover wholly: first and last.
fn partial_rows(mip: u32, columns: &Range<u64>) -> impl Iterator<Item = u64> {
    let (first, last) = (columns.start >> mip, (columns.end - 1) >> mip);
    let whole = 1 << mip;
    let is_part = move |row: &u64, columns: &Range<u64>| covered(mip, *row, columns) < whole;
    let first_part = Some(first).filter(|row| is_part(row, columns));
    let last_part = Some(last).filter(|row| last != first && is_part(row, columns));
    first_part.into_iter().chain(last_part)
}

/// Turns blocks into uploads and lets finished sets take over. Set `Stage`.
pub fn stage_rows(
    mut windows: Query<(
        &RowWindow,
        &RowsOf,
        &RowPlan,
        &JobQueue,
        &mut RowBlocks,
        &mut HeightField,
    )>,
    analyses: Query<(&AnalysisOf, &Views, &AnalysisProgress)>,
    streams: Query<&StreamStatus>,
    views: Query<&ViewSettings>,
    size: Res<HeightFieldSize>,
    uploads: Res<HeightUploads>,
    mut ids: ResMut<AllocationIds>,
    mut stats: ResMut<RunStats>,
) {
    for (window, of, plan, queue, mut blocks, mut field) in &mut windows {
        let Ok((stream, of_views, progress)) = analyses.get(of.0) else {
            continue;
        };
        let Ok(status) = streams.get(stream.0) else {
            continue;
        };
        let Some(set) = field.set_for(plan, &mut ids) else {
            continue;
        };
        if let Some(columns) = window.fixed_columns(plan) {
            set.keep_places_for(&columns);
        } else {
            set.follow_newest();
        }
        let mut packer = Packer {
            set,
            row_bytes: u64::from(size.axis_bins) * LEVEL_BYTES as u64,
            uploads: &uploads,
            stats: &mut stats,
        };
        for block in blocks.0.drain(..) {
            if block.generation == plan.generation && !block.span.columns.is_empty() {
                packer.block(block);
            }
        }
        // Where nothing more will come, a row that is not full is all there will be of it.
        if (status.ended || status.held) && progress.idle() {
            for (mip, row, bytes) in packer.set.unfinished() {
                packer.send_row(mip, row, bytes);
            }
        }
        let spans = of_views.iter().filter_map(|view| views.get(view).ok());
        let span_secs = spans.map(|view| view.span_secs).fold(0.0, f64::max);
        field.take_over(queue, span_secs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_at_the_ends_are_in_part() {
        let partial = |mip, columns| partial_rows(mip, &columns).collect::<Vec<_>>();
        assert!(partial(0, 3..9).is_empty());
        assert!(partial(2, 4..12).is_empty());
        assert_eq!(partial(2, 5..12), [1]);
        assert_eq!(partial(2, 4..11), [2]);
        assert_eq!(partial(2, 5..11), [1, 2]);
        assert_eq!(partial(2, 5..7), [1]);
        assert_eq!(covered(2, 1, &(5..11)), 3);
        assert_eq!(covered(2, 2, &(5..11)), 3);
    }
}
