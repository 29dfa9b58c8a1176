//! Opens and checks the source of a capture before anything is started.
//!
//! Makes no ring and starts no thread: a refusal here leaves nothing behind.

use crate::config::{CaptureConfig, SourceSpec};
use crate::device::Chosen;
use crate::devices::{self, DeviceRequest};
use crate::error::CaptureError;
use crate::file::AudioFile;
use crate::limits::{check_channels, check_rate};
use crate::paced_source::FrameSource;
use crate::player::FilePlayer;
use crate::signal::Generator;

/// A checked source that is not started.
pub(crate) struct Prepared {
    pub(crate) channels: u32,
    pub(crate) rate: u32,
    pub(crate) label: String,
    pub(crate) kind: Kind,
}

/// Kind of the source.
pub(crate) enum Kind {
    Device {
        chosen: Box<Chosen>,
        request: DeviceRequest,
    },
    Paced {
        frames: Box<FrameSource>,
        speed: f64,
    },
}

/// Opens and checks the source.
pub(crate) fn prepare(config: &CaptureConfig) -> Result<Prepared, CaptureError> {
    // What was asked for is judged before what the source says of itself.
    config.channels.map_or(Ok(()), check_channels)?;
    config.sample_rate.map_or(Ok(()), check_rate)?;
    let prepared = match &config.source {
        SourceSpec::Device { name } => {
            let request = DeviceRequest {
                name: name.clone(),
                loopback: config.loopback,
            };
            let found = devices::find(&request)?;
            let chosen = Chosen::settle(found, config.channels, config.sample_rate)?;
            Prepared {
                channels: chosen.channels,
                rate: chosen.rate,
                label: chosen.name().to_owned(),
                kind: Kind::Device {
                    chosen: Box::new(chosen),
                    request,
                },
            }
        }
        SourceSpec::File {
            path,
            looped,
            speed,
        } => {
            let file = AudioFile::open(path)?;
            let (file_rate, file_channels) = (file.rate(), file.channels());
            if let Some(wanted) = config.sample_rate.filter(|wanted| *wanted != file_rate) {
                return Err(CaptureError::FileRate {
                    path: path.clone(),
                    file_rate,
                    wanted,
                });
            }
            if let Some(wanted) = config.channels.filter(|wanted| *wanted > file_channels) {
                return Err(CaptureError::FileChannels {
                    path: path.clone(),
                    file_channels,
                    wanted,
                });
            }
            let channels = config.channels.unwrap_or(file_channels);
            let name = path.file_name().unwrap_or(path.as_os_str());
            Prepared {
                channels,
                rate: file_rate,
                label: name.to_string_lossy().into_owned(),
                kind: Kind::Paced {
                    frames: Box::new(FrameSource::File(Box::new(FilePlayer::new(
                        file, channels, *looped,
                    )))),
                    speed: *speed,
                },
            }
        }
        SourceSpec::Signal(signal) => {
            let (channels, rate) = (
                config.channels.unwrap_or(2),
                config.sample_rate.unwrap_or(48_000),
            );
            Prepared {
                channels,
                rate,
                label: signal.to_string(),
                kind: Kind::Paced {
                    frames: Box::new(FrameSource::Signal(Generator::new(
                        *signal, channels, rate,
                    )?)),
                    speed: 1.0,
                },
            }
        }
    };
    let fits = check_channels(prepared.channels).and_then(|()| check_rate(prepared.rate));
    fits.map_err(|error| CaptureError::Source {
        source_name: prepared.label.clone(),
        problem: Box::new(error),
    })?;
    Ok(prepared)
}
