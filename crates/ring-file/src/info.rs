//! Description of a ring file: header, age, fill, writer, gaps. Does not wait, and reads nothing but
//! the header.

use std::path::{Path, PathBuf};

use serde::Serialize;
use soundfall_ring::{Gap, SignOfLife, WriterState, lost_frames};

use crate::error::OpenError;
use crate::open::{Access, OpenRing, open};
use crate::status::{WriterStatus, unix_now_ns, writer_status};

/// Description of a ring file; `to_string` gives it as text.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RingInfo {
    /// Where it lies.
    pub path: PathBuf,
    /// Size of the file in bytes.
    pub file_bytes: u64,
    /// How much of the file is stored, in bytes; the rest are holes, which read as silence. Nothing
    /// where the file system does not say.
    pub stored_bytes: Option<u64>,
    /// Whether far more sound is said to be written than is stored: no working writer wrote it.
    pub hollow: bool,
    /// How a viewer reads it.
    pub access: Access,
    /// Frames per second.
    pub sample_rate: u32,
    /// Channels.
    pub channels: u32,
    /// Frames per channel.
    pub capacity_frames: u64,
    /// The same in seconds.
    pub capacity_secs: f64,
    /// Frames per block.
    pub block_frames: u32,
    /// Frames written since the start.
    pub written_frames: u64,
    /// Oldest frame that can be read.
    pub oldest_frame: u64,
    /// Seconds of sound that can be read.
    pub readable_secs: f64,
    /// How much of the ring holds sound, 0 ..= 1.
    pub fill: f64,
    /// Whether the extension is there; without it the ring is one of another program.
    pub extended: bool,
    /// Name of the source.
    pub label: Option<String>,
    /// Random number of this ring.
    pub epoch: Option<u64>,
    /// Wall-clock time of frame 0, nanoseconds since 1970.
    pub start_unix_ns: Option<u64>,
    /// Seconds since frame 0; below 0 where that is dated in the future.
    pub age_secs: Option<f64>,
    /// Whether the writer lives.
    pub writer: WriterStatus,
    /// Process id of the writer.
    pub writer_pid: Option<u32>,
    /// Seconds since the writer's last sign of life; 0 where that is dated in the future.
    pub heartbeat_age_secs: Option<f64>,
    /// How many seconds in the future the writer's last sign of life is dated, beyond what clocks
    /// differ: a clock was set.
    pub heartbeat_ahead_secs: Option<f64>,
    /// Gaps ever recorded.
    pub gap_total: u64,
    /// The newest of them, oldest first.
    pub gaps: Vec<GapInfo>,
    /// Frames lost in those, of the frames written so far.
    pub lost_frames: u64,
    /// The same in seconds.
    pub lost_secs: f64,
    /// Whether the gaps are more than the frames, or lie beyond them: their table is damaged.
    pub gaps_damaged: bool,
}

/// A span that was lost before it reached the ring.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct GapInfo {
    /// First lost frame.
    pub start_frame: u64,
    /// Frames lost.
    pub length_frames: u64,
    /// First lost frame in seconds since frame 0.
    pub start_secs: f64,
    /// Length in seconds.
    pub length_secs: f64,
    /// Cause of the loss, as text.
    pub reason: String,
}

/// Describes the ring at `path` as it is now.
///
/// # Errors
/// [`OpenError`] as from [`open`].
pub fn inspect(path: &Path) -> Result<RingInfo, OpenError> {
    Ok(open(path, false)?.info())
}

impl OpenRing {
    /// Describes the ring as it is now.
    pub fn info(&self) -> RingInfo {
        let ring = &*self.ring;
        let format = ring.format();
        let now = unix_now_ns();
        let written = ring.written_frames();
        let block = u64::from(format.block_frames);
        let oldest = written
            .saturating_add(block)
            .saturating_sub(format.capacity_frames);
        let secs = |frames: u64| format.frames_to_secs(frames as f64);
        let extension = ring.extension();
        let state = ring.writer_state();
        let heartbeat = match state {
            WriterState::Open {
                heartbeat_unix_ns, ..
            } => Some(heartbeat_unix_ns),
            _ => None,
        };
        let ahead = match state.sign_of_life(now) {
            Some(SignOfLife::Ahead { by_ns }) => Some(by_ns as f64 / 1e9),
            _ => None,
        };
        let gap_info = |gap: &Gap| GapInfo {
            start_frame: gap.start_frame,
            length_frames: gap.length_frames,
            start_secs: secs(gap.start_frame),
            length_secs: secs(gap.length_frames),
            reason: gap.reason.to_string(),
        };
        let (gap_total, gaps) = (ring.gap_total(), ring.gaps());
        let lost = lost_frames(&gaps, &(0..written));
        // A gap is recorded before its last block is written, but never further ahead than a ring.
        let reach = ring.written_frames().saturating_add(format.capacity_frames);
        RingInfo {
            path: self.path.clone(),
            file_bytes: self.file_bytes(),
            stored_bytes: self.stored_bytes(),
            hollow: self.is_hollow(),
            access: self.access,
            sample_rate: format.sample_rate,
            channels: format.channels,
            capacity_frames: format.capacity_frames,
            capacity_secs: format.capacity_secs(),
            block_frames: format.block_frames,
            written_frames: written,
            oldest_frame: oldest.min(written),
            readable_secs: secs(written.saturating_sub(oldest)),
            fill: written.min(format.capacity_frames) as f64 / format.capacity_frames as f64,
            extended: extension.is_some(),
            label: extension.map(|e| e.label.clone()),
            epoch: extension.map(|e| e.epoch),
            start_unix_ns: extension.map(|e| e.start_unix_ns),
            age_secs: extension.map(|e| (now as f64 - e.start_unix_ns as f64) / 1e9),
            writer: writer_status(ring, now),
            writer_pid: extension.map(|e| e.writer_pid),
            heartbeat_age_secs: heartbeat.map(|then| now.saturating_sub(then) as f64 / 1e9),
            heartbeat_ahead_secs: ahead,
            gap_total,
            gaps_damaged: gap_total > reach || gaps.iter().any(|gap| gap.end_frame() > reach),
            gaps: gaps.iter().map(gap_info).collect(),
            lost_frames: lost,
            lost_secs: secs(lost),
        }
    }
}
