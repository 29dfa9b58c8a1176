//! What to capture and how: the configuration and its limits.
//!
//! Checks values against limits; it never opens a device, a file or a ring.

use std::path::PathBuf;

use crate::error::CaptureError;
use crate::limits::{check_channels, check_rate};
use crate::signal::Signal;

/// Largest block written to the ring at once, in frames.
pub const MAX_BLOCK_FRAMES: u32 = 65_536;
/// Slowest and fastest pace at which a file can be played.
pub const SPEED_RANGE: (f64, f64) = (0.01, 1000.0);

/// Where the sound comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum SourceSpec {
    /// An audio device that records.
    Device {
        /// Its id, its name, or a part of the name that fits only one device; `None` is the default device.
        name: Option<String>,
    },
    /// An audio file, played in real time.
    File {
        /// The file.
        path: PathBuf,
        /// Start again at the end.
        looped: bool,
        /// Frames a second as a multiple of the file's own rate (1.0 is real time). Pitch and rate of the
        /// ring stay those of the file.
        speed: f64,
    },
    /// A built-in signal.
    Signal(Signal),
}

impl SourceSpec {
    /// Means the device by its id of now, where it was asked for by name: a device that comes back may have another id.
    /// The default device stays the default one.
    pub fn follow(&mut self, id: &str) {
        if let Self::Device { name: Some(name) } = self {
            id.clone_into(name);
        }
    }
}

/// What to capture and where to.
#[derive(Clone, Debug, PartialEq)]
pub struct CaptureConfig {
    /// Where the sound comes from.
    pub source: SourceSpec,
    /// Record what the computer plays: of a device by name only loopbacks fit, and the default device is the one that
    /// records the default output.
    pub loopback: bool,
    /// Number of channels; `None` takes what the source has (signals: 2).
    pub channels: Option<u32>,
    /// Sampling rate in Hz; `None` takes what the source has (signals: 48 000).
    pub sample_rate: Option<u32>,
    /// Length of the ring in seconds.
    pub history_secs: f64,
    /// Path of the ring file; `None` is the default place.
    pub ring_path: Option<PathBuf>,
    /// Frames a block; `None` is about 10 ms (see [`default_block_frames`]).
    pub block_frames: Option<u32>,
}

impl CaptureConfig {
    /// 30 seconds of history at the default place, everything else as the source has it.
    ///
    /// ```
    /// use soundfall_capture::{CaptureConfig, Signal, SourceSpec};
    /// let config = CaptureConfig::new(SourceSpec::Signal(Signal::Demo));
    /// assert_eq!(config.history_secs, 30.0);
    /// ```
    #[must_use]
    pub fn new(source: SourceSpec) -> Self {
        Self {
            source,
            loopback: false,
            channels: None,
            sample_rate: None,
            history_secs: 30.0,
            ring_path: None,
            block_frames: None,
        }
    }

    /// Checks everything that can be checked without opening the source.
    ///
    /// # Errors
    /// Names the value that is out of its range, and the range.
    pub fn validate(&self) -> Result<(), CaptureError> {
        if let Some(channels) = self.channels {
            check_channels(channels)?;
        }
        if let Some(rate) = self.sample_rate {
            check_rate(rate)?;
        }
        if !self.history_secs.is_finite() || self.history_secs <= 0.0 {
            return Err(CaptureError::History {
                secs: self.history_secs,
            });
        }
        if let Some(frames) = self.block_frames
            && !(1..=MAX_BLOCK_FRAMES).contains(&frames)
        {
            return Err(CaptureError::Block {
                frames,
                max: MAX_BLOCK_FRAMES,
            });
        }
        if self.loopback && !matches!(self.source, SourceSpec::Device { .. }) {
            return Err(CaptureError::LoopbackOfNoDevice);
        }
        if let SourceSpec::File { speed, .. } = &self.source
            && !(*speed >= SPEED_RANGE.0 && *speed <= SPEED_RANGE.1)
        {
            return Err(CaptureError::Speed { speed: *speed });
        }
        Ok(())
    }
}

/// The power of two nearest to 10.7 ms of frames: 512 at 44.1 and 48 kHz, 1024 at 96 kHz.
///
/// ```
/// use soundfall_capture::default_block_frames;
/// assert_eq!(default_block_frames(48_000), 512);
/// assert_eq!(default_block_frames(192_000), 2048);
/// ```
#[must_use]
pub fn default_block_frames(sample_rate: u32) -> u32 {
    let exact = f64::from(sample_rate) * 512.0 / 48_000.0;
    let exponent = exact.max(1.0).log2().round().clamp(4.0, 13.0);
    1 << (exponent as u32)
}

/// Frames of history for this many seconds, at least four blocks.
///
/// # Errors
/// [`CaptureError::HistoryTooLong`] when the ring would not fit into `available_bytes`.
pub(crate) fn capacity_frames(
    history_secs: f64,
    rate: u32,
    channels: u32,
    block_frames: u32,
    available_bytes: u64,
) -> Result<u64, CaptureError> {
    let frame_bytes = 8.0 * f64::from(channels);
    let bytes = history_secs * f64::from(rate) * frame_bytes;
    let max_secs = (available_bytes as f64 / (f64::from(rate) * frame_bytes)).floor();
    if !bytes.is_finite() || bytes > available_bytes as f64 {
        return Err(CaptureError::HistoryTooLong {
            secs: history_secs,
            rate,
            channels,
            gigabytes: bytes / 1e9,
            max_secs,
        });
    }
    let frames = (history_secs * f64::from(rate)).round() as u64;
    Ok(frames.max(4 * u64::from(block_frames)))
}

/// Bytes a ring may take: four fifths of the memory that is free now, or 64 GiB where that is unknown.
pub(crate) fn available_ring_bytes() -> u64 {
    std::fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| parse_mem_available(&text))
        .map_or(64 << 30, |bytes| bytes / 5 * 4)
}

fn parse_mem_available(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find(|line| line.starts_with("MemAvailable:"))?;
    line.split_whitespace()
        .nth(1)?
        .parse::<u64>()
        .ok()?
        .checked_mul(1024)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    fn config() -> CaptureConfig {
        CaptureConfig::new(SourceSpec::Signal(Signal::Silence))
    }

    #[test]
    fn limits_are_named() {
        for channels in [0, 257, u32::MAX] {
            let error = CaptureConfig {
                channels: Some(channels),
                ..config()
            }
            .validate()
            .unwrap_err();
            assert!(
                error
                    .to_string()
                    .starts_with(&format!("{channels} channels:")),
                "{error}"
            );
        }
        for rate in [0, 999, 768_001] {
            let error = CaptureConfig {
                sample_rate: Some(rate),
                ..config()
            }
            .validate()
            .unwrap_err();
            assert!(
                error
                    .to_string()
                    .starts_with(&format!("sampling rate of {rate} Hz:")),
                "{error}"
            );
        }
        for secs in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(
                CaptureConfig {
                    history_secs: secs,
                    ..config()
                }
                .validate()
                .is_err()
            );
        }
        for speed in [0.0, -1.0, f64::NAN, 1e9] {
            let source = SourceSpec::File {
                path: "x.wav".into(),
                looped: false,
                speed,
            };
            assert!(CaptureConfig { source, ..config() }.validate().is_err());
        }
        assert!(
            CaptureConfig {
                block_frames: Some(0),
                ..config()
            }
            .validate()
            .is_err()
        );
        let error = CaptureConfig {
            loopback: true,
            ..config()
        }
        .validate()
        .unwrap_err();
        assert!(error.is_usage() && error.to_string().contains("choose a device"));
        config().validate().unwrap();
    }

    #[test]
    fn history_is_bounded_by_memory() {
        assert_eq!(
            capacity_frames(30.0, 48_000, 2, 512, 1 << 30).unwrap(),
            1_440_000
        );
        assert_eq!(
            capacity_frames(1e-9, 48_000, 2, 512, 1 << 30).unwrap(),
            2048
        );
        let error = capacity_frames(1e6, 48_000, 8, 512, 1 << 30)
            .unwrap_err()
            .to_string();
        assert!(error.contains("at most 349 s"), "{error}");
        assert!(capacity_frames(f64::MAX, 48_000, 8, 512, u64::MAX).is_err());
    }

    #[test]
    fn free_memory_is_read() {
        assert_eq!(
            parse_mem_available("MemTotal: 9 kB\nMemAvailable:   1000 kB\n"),
            Some(1_024_000)
        );
        assert_eq!(parse_mem_available("nothing"), None);
    }
}
