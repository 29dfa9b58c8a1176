//! The ring of a worker that shares no memory with the page: blocks come as messages, the header
//! goes back as bytes. The same protocol and the same losses as with a shared ring.

use std::sync::Arc;

use soundfall_analysis::RingHistory;
use soundfall_ring::layout::HEADER_WORDS;
use soundfall_ring::{
    Extension, GapReason, HeapRingError, HeapStorage, ReadStorage, RingFormat, RingReader,
    RingWriter, WriteError,
};
use thiserror::Error;

/// Bytes of a ring's header.
const HEADER_BYTES: usize = HEADER_WORDS as usize * 8;

/// Why a block was not written.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum BlockError {
    /// Not as long as a block.
    #[error("a block of {samples} samples where {channels} × {frames} were due")]
    Length {
        /// Samples of all channels.
        samples: usize,
        /// Channels of the ring.
        channels: usize,
        /// Frames of a block.
        frames: usize,
    },
    /// The ring does not take it.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// A ring in this worker's own memory, and its writer.
pub struct CopiedRing {
    storage: HeapStorage,
    writer: RingWriter<HeapStorage>,
    history: RingHistory,
    interleaved: Vec<f32>,
}

impl CopiedRing {
    /// An empty ring.
    ///
    /// # Errors
    /// [`HeapRingError`] where there is no memory for it.
    pub fn new(format: &RingFormat, extension: &Extension) -> Result<Self, HeapRingError> {
        let storage = HeapStorage::new(format.total_words())?;
        let writer = RingWriter::create(storage.clone(), format, extension)?;
        let ring = Arc::new(RingReader::new(storage.clone())?);
        Ok(Self {
            storage,
            writer,
            history: RingHistory::new(ring),
            interleaved: Vec::new(),
        })
    }

    /// What was written, to be analysed.
    #[must_use]
    pub fn history(&self) -> &RingHistory {
        &self.history
    }

    /// Samples of a block, of all channels.
    #[must_use]
    pub fn block_samples(&self) -> usize {
        let format = self.writer.format();
        format.channels as usize * format.block_frames as usize
    }

    /// Writes one whole block, `[channel][frame]`. `now_unix_ns` is the sign of life.
    ///
    /// # Errors
    /// [`BlockError`] for a block of another length.
    pub fn write(&mut self, planes: &[f32], now_unix_ns: u64) -> Result<(), BlockError> {
        let format = self.writer.format();
        let (channels, frames) = (format.channels as usize, format.block_frames as usize);
        if planes.len() != channels * frames {
            return Err(BlockError::Length {
                samples: planes.len(),
                channels,
                frames,
            });
        }
        self.interleaved.resize(planes.len(), 0.0);
        for (channel, plane) in planes.chunks_exact(frames).enumerate() {
            let slots = self.interleaved.iter_mut().skip(channel).step_by(channels);
            for (slot, sample) in slots.zip(plane) {
                *slot = *sample;
            }
        }
        self.writer.write_block(&self.interleaved)?;
        self.writer.heartbeat(now_unix_ns);
        Ok(())
    }

    /// Writes `blocks` blocks of silence; a loss of hours costs no more than one of the length of the
    /// ring. `now_unix_ns` is the sign of life.
    ///
    /// # Errors
    /// [`WriteError`] where the ring does not take them.
    pub fn write_silence(&mut self, blocks: u64, now_unix_ns: u64) -> Result<(), WriteError> {
        self.writer.begin_silence(blocks)?;
        self.writer.fill_silence(u64::MAX);
        self.writer.heartbeat(now_unix_ns);
        Ok(())
    }

    /// Records that the `frames` frames up to the last one written were lost and hold zeros.
    pub fn record_gap(&mut self, frames: u64, reason: GapReason) {
        let end = self.writer.written_frames();
        let start = end.saturating_sub(frames);
        if end > start {
            self.writer.record_gap(start, end - start, reason);
        }
    }

    /// No more frames will come.
    pub fn close(&mut self) {
        self.writer.close();
    }

    /// The header as it is now, for a [`HeaderMirror`](crate::HeaderMirror).
    #[must_use]
    pub fn header(&self) -> [u8; HEADER_BYTES] {
        let mut words = [0; HEADER_WORDS as usize];
        // The header is always there.
        let _ = self.storage.load(0, &mut words);
        let mut bytes = [0; HEADER_BYTES];
        for (bytes, word) in bytes.chunks_exact_mut(8).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::mirror::HeaderMirror;
    use soundfall_analysis::History;
    use soundfall_ring::WriterState;

    #[test]
    fn blocks_gaps_and_the_end_are_seen_on_both_sides() {
        let format = RingFormat::new(48_000, 2, 64, 4).unwrap();
        let extension = Extension {
            epoch: 9,
            start_unix_ns: 0,
            label: "t".into(),
            writer_pid: 0,
        };
        let mut ring = CopiedRing::new(&format, &extension).unwrap();
        let (mirror, seen) = HeaderMirror::new(&ring.header()).unwrap();
        assert_eq!(ring.block_samples(), 8);
        ring.write(&[1.0, 2.0, 3.0, 4.0, -1.0, -2.0, -3.0, -4.0], 5)
            .unwrap();
        ring.write(&[0.0; 8], 6).unwrap();
        ring.record_gap(4, GapReason::DeviceLost);
        // Longer than all there is.
        ring.record_gap(100, GapReason::DeviceLost);
        mirror.update(&ring.header());
        assert_eq!(seen.written_frames(), 8);
        let gaps: Vec<_> = seen
            .gaps()
            .iter()
            .map(|gap| (gap.start_frame, gap.length_frames))
            .collect();
        assert_eq!(gaps, [(4, 4), (0, 8)]);
        assert!(matches!(
            seen.writer_state(),
            WriterState::Open {
                heartbeat_unix_ns: 6,
                ..
            }
        ));
        let mut samples = [0.0; 4];
        ring.history().read(1, 0, &mut samples).unwrap();
        assert_eq!(samples, [-1.0, -2.0, -3.0, -4.0]);
        assert_eq!(
            ring.write(&[0.0; 7], 7),
            Err(BlockError::Length {
                samples: 7,
                channels: 2,
                frames: 4
            })
        );
        // Longer than the ring, by far: at once.
        ring.write_silence(1 << 40, 8).unwrap();
        ring.record_gap(4 << 40, GapReason::DeviceLost);
        mirror.update(&ring.header());
        assert_eq!(seen.written_frames(), 8 + (4 << 40));
        assert_eq!(seen.gaps().last().unwrap().start_frame, 8);
        ring.history().read(1, 4 + (4 << 40), &mut samples).unwrap();
        assert_eq!(samples, [0.0; 4]);
        ring.close();
        assert_eq!(ring.write_silence(1, 9), Err(WriteError::Closed));
        mirror.update(&ring.header());
        assert_eq!(seen.writer_state(), WriterState::Closed);
    }
}
