//! Why a capture cannot start or run. Every text says what, where, and what to do.

use std::path::PathBuf;

#[cfg(not(target_arch = "wasm32"))]
use crate::file::FileError;

/// Why a capture could not start or run. Every text is one line: what, where, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// The channel count is outside its limits.
    #[error("{channels} channels: must be 1 to {max}")]
    Channels {
        /// What was asked for.
        channels: u32,
        /// Largest count allowed.
        max: u32,
    },
    /// The sampling rate is outside its limits.
    #[error("sampling rate of {rate} Hz: must be {min} to {max} Hz")]
    Rate {
        /// What was asked for, in Hz.
        rate: u32,
        /// Lowest rate allowed, in Hz.
        min: u32,
        /// Highest rate allowed, in Hz.
        max: u32,
    },
    /// Channels or sampling rate of the source itself are outside their limits.
    #[error("{source_name}: {problem}")]
    Source {
        /// Name of the file or device.
        source_name: String,
        /// [`CaptureError::Channels`] or [`CaptureError::Rate`].
        problem: Box<CaptureError>,
    },
    /// The history is no positive length.
    #[error("history of {secs} s: must be more than 0 seconds")]
    History {
        /// What was asked for, in seconds.
        secs: f64,
    },
    /// The ring would not fit into memory.
    #[error(
        "history of {secs} s: {channels} channels at {rate} Hz would take {gigabytes:.1} GB; this machine has room for at most {max_secs} s"
    )]
    HistoryTooLong {
        /// What was asked for, in seconds.
        secs: f64,
        /// Sampling rate in Hz.
        rate: u32,
        /// Number of channels.
        channels: u32,
        /// What it would take, in 10⁹ bytes.
        gigabytes: f64,
        /// Longest history that fits, in seconds.
        max_secs: f64,
    },
    /// The block length is outside its limits.
    #[error("block of {frames} frames: must be 1 to {max}")]
    Block {
        /// What was asked for, in frames.
        frames: u32,
        /// Largest length allowed, in frames.
        max: u32,
    },
    /// The speed is outside its limits.
    #[error("speed {speed}: must be 0.01 to 1000")]
    Speed {
        /// What was asked for.
        speed: f64,
    },
    /// No such signal, or a bad value behind its colon.
    #[error("signal {text}: {problem}; signals are {names}")]
    UnknownSignal {
        /// What was asked for.
        text: String,
        /// What is wrong with it.
        problem: &'static str,
        /// All names.
        names: String,
    },
    /// A tone that the sampling rate cannot carry.
    #[error(
        "signal sine:{hz}: must be below half the sampling rate ({rate} Hz); choose a lower tone or a higher rate"
    )]
    ToneTooHigh {
        /// The tone in Hz.
        hz: f64,
        /// The sampling rate in Hz.
        rate: u32,
    },
    /// The machine has no device that records.
    #[error("no audio input device found; connect one, or choose a built-in signal or a file")]
    NoInputDevice,
    /// The machine has no device that records what it plays, or several and none for the default output.
    #[error(
        "no device records what the default output plays; name one of those that record another output"
    )]
    NoLoopback,
    /// Only a device can be a loopback.
    #[error("a file or a built-in signal cannot record what the computer plays; choose a device")]
    LoopbackOfNoDevice,
    /// No device has that id or name.
    #[error("{name}: no such input device; there are: {offered}")]
    UnknownDevice {
        /// What was asked for.
        name: String,
        /// The devices there are.
        offered: String,
    },
    /// Several devices have that in their name.
    #[error("{name}: fits several input devices: {matches}; give more of the name, or the id")]
    AmbiguousDevice {
        /// What was asked for.
        name: String,
        /// The devices it fits.
        matches: String,
    },
    /// The device cannot record that way.
    #[error("{device}: does not record {wanted}; it offers {offered}")]
    DeviceConfig {
        /// The device.
        device: String,
        /// What was asked for.
        wanted: String,
        /// What it offers.
        offered: String,
    },
    /// The device or the sound system refused.
    #[error("{device}: cannot {action}: {message}")]
    Device {
        /// The device.
        device: String,
        /// What was tried.
        action: &'static str,
        /// What the sound system said.
        message: String,
    },
    /// The audio file cannot be played.
    #[cfg(not(target_arch = "wasm32"))]
    #[error(transparent)]
    File(#[from] FileError),
    /// Another rate than the file's was asked for.
    #[error("{}: has {file_rate} Hz, {wanted} Hz were asked for; files are not resampled", path.display())]
    FileRate {
        /// The file.
        path: PathBuf,
        /// Its rate in Hz.
        file_rate: u32,
        /// What was asked for, in Hz.
        wanted: u32,
    },
    /// More channels than the file has were asked for.
    #[error("{}: has {file_channels} channels, {wanted} were asked for; ask for at most {file_channels}", path.display())]
    FileChannels {
        /// The file.
        path: PathBuf,
        /// Its channel count.
        file_channels: u32,
        /// What was asked for.
        wanted: u32,
    },
    /// The ring file cannot be made.
    #[cfg(not(target_arch = "wasm32"))]
    #[error(transparent)]
    Ring(#[from] soundfall_ring_file::CreateError),
    /// The ring cannot have that shape.
    #[cfg(not(target_arch = "wasm32"))]
    #[error(transparent)]
    Format(#[from] soundfall_ring::FormatError),
    /// The ring that was just made cannot be opened for reading.
    #[cfg(not(target_arch = "wasm32"))]
    #[error(transparent)]
    OpenRing(#[from] soundfall_ring_file::OpenError),
    /// A thread could not be started.
    #[error("cannot start the {name} thread: {source}; the machine is out of threads or memory")]
    Thread {
        /// Which thread.
        name: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
}

impl CaptureError {
    /// True where the request itself cannot be met, whatever machine and file; false where the machine or a file is at
    /// fault.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Channels { .. }
                | Self::Rate { .. }
                | Self::History { .. }
                | Self::Block { .. }
                | Self::Speed { .. }
                | Self::UnknownSignal { .. }
                | Self::ToneTooHigh { .. }
                | Self::LoopbackOfNoDevice
        )
    }
}
