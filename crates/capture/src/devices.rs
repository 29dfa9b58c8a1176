//! The audio devices of this machine: listing them, finding one by id, name or part of the name.
//!
//! Opens no stream.

mod choose;
mod hosts;

use std::fmt;
use std::sync::Arc;

use cpal::traits::{DeviceTrait, HostTrait};
use cpal::{HostId, SupportedStreamConfig, SupportedStreamConfigRange};
use serde::Serialize;

use crate::error::CaptureError;
pub(crate) use choose::{DeviceIdentity, DeviceRequest};
use choose::{choose, choose_again};

/// What a device records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum DeviceKind {
    /// A microphone or line input.
    Input,
    /// What the computer plays.
    Loopback,
}

impl fmt::Display for DeviceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Input => "input",
            Self::Loopback => "loopback",
        })
    }
}

/// One device that records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeviceInfo {
    /// Stable id, `host:device`.
    pub id: String,
    /// Name for humans; need not be unique.
    pub name: String,
    /// Microphone or loopback.
    pub kind: DeviceKind,
    /// True for the default input device.
    pub default: bool,
    /// True for the one that records what the default output plays.
    pub default_loopback: bool,
    /// Channels it records with by default.
    pub channels: u32,
    /// Sampling rate it records with by default, in Hz.
    pub rate: u32,
    /// Most channels it offers.
    pub max_channels: u32,
    /// Lowest and highest rate it offers, in Hz.
    pub rates: (u32, u32),
}

/// All devices that record, the default one first.
///
/// # Errors
/// [`CaptureError::Device`] where the sound system does not answer. A machine without devices is an empty list.
pub fn list() -> Result<Vec<DeviceInfo>, CaptureError> {
    silence_alsa();
    let host = usual_host()?;
    Ok(found(&host)?.into_iter().map(|found| found.info).collect())
}

/// A device and its description.
pub(crate) struct Found {
    pub(crate) device: cpal::Device,
    pub(crate) info: DeviceInfo,
    /// Its default configuration.
    pub(crate) usual: SupportedStreamConfig,
    pub(crate) offers: Vec<SupportedStreamConfigRange>,
    /// Ids of the other devices.
    pub(crate) others: Vec<String>,
}

/// Finds the device to record from.
pub(crate) fn find(request: &DeviceRequest) -> Result<Found, CaptureError> {
    silence_alsa();
    // An id names its host; it need not be the usual one (ALSA beside PulseAudio).
    let named = request.name.as_deref().and_then(host_of);
    let host = match named.and_then(|id| hosts::host(id).ok()) {
        Some(host) => host,
        None => usual_host()?,
    };
    take(found(&host)?, |infos| choose(infos, request))
}

/// Finds a lost device again: the same one, or its replacement; never on another sound system.
pub(crate) fn find_again(
    request: &DeviceRequest,
    lost: &DeviceIdentity,
) -> Result<Found, CaptureError> {
    silence_alsa();
    let gone = || CaptureError::UnknownDevice {
        name: lost.name.clone(),
        offered: "no replacement for it".to_owned(),
    };
    let id = host_of(&lost.id).ok_or_else(gone)?;
    let host = hosts::host(id).map_err(|error| CaptureError::Device {
        device: lost.name.clone(),
        action: "reach its sound system",
        message: one_line(&error),
    })?;
    take(found(&host)?, |infos| {
        choose_again(infos, request, lost).ok_or_else(gone)
    })
}

fn usual_host() -> Result<Arc<cpal::Host>, CaptureError> {
    hosts::usual().map_err(|error| CaptureError::Device {
        device: "any".to_owned(),
        action: "reach a sound system",
        message: one_line(&error),
    })
}

fn take(
    mut all: Vec<Found>,
    choose: impl FnOnce(&[DeviceInfo]) -> Result<usize, CaptureError>,
) -> Result<Found, CaptureError> {
    let infos: Vec<DeviceInfo> = all.iter().map(|found| found.info.clone()).collect();
    let index = choose(&infos)?;
    let mut taken = all.swap_remove(index);
    taken.others = all.into_iter().map(|other| other.info.id).collect();
    Ok(taken)
}

/// The sound system that an id names.
fn host_of(id: &str) -> Option<HostId> {
    id.split_once(':')?.0.parse().ok()
}

/// Checks whether a device is still there. Needed for PulseAudio and PipeWire: when a source disappears they move its
/// stream to another source without an error.
pub(crate) struct Presence {
    host: Arc<cpal::Host>,
    id: String,
}

impl Presence {
    /// `None` for sound systems whose streams end with their device.
    pub(crate) fn of(id: &str) -> Option<Self> {
        let host_id = host_of(id).filter(|host| MOVES_STREAMS.contains(&host.name()))?;
        Some(Self {
            host: hosts::host(host_id).ok()?,
            id: id.to_owned(),
        })
    }

    /// False when it is gone, or its sound system is.
    pub(crate) fn is_there(&self) -> bool {
        self.host.devices().is_ok_and(|mut devices| {
            devices.any(|device| device.id().is_ok_and(|id| id.to_string() == self.id))
        })
    }
}

/// Sound systems that move a stream to another source when its own disappears.
const MOVES_STREAMS: [&str; 2] = ["PulseAudio", "PipeWire"];
/// Sound systems that record what an output device plays by a stream on that device.
const RECORDS_OUTPUTS: [&str; 2] = ["WASAPI", "CoreAudio"];

/// ALSA's C library writes many lines to stderr for one missing card. The failure also comes back as an error, so the
/// messages of this thread are redirected to a buffer and dropped.
#[cfg(target_os = "linux")]
fn silence_alsa() {
    drop(alsa::Output::local_error_handler());
}

#[cfg(not(target_os = "linux"))]
fn silence_alsa() {}

/// All devices of a host that can be opened for recording, the default one first.
fn found(host: &cpal::Host) -> Result<Vec<Found>, CaptureError> {
    let default = host.default_input_device();
    let default_id = default.as_ref().and_then(|device| device.id().ok());
    let mut all: Vec<Found> = Vec::new();
    let mut add = |device: cpal::Device| {
        if let Some(found) = describe(device)
            && !all.iter().any(|known| known.info.id == found.info.id)
        {
            all.push(found);
        }
    };
    default.into_iter().for_each(&mut add);
    let devices = host.devices().map_err(|error| CaptureError::Device {
        device: format!("{:?}", host.id()),
        action: "list devices",
        message: one_line(&error),
    })?;
    devices.for_each(add);
    let default_id = default_id.map(|id| id.to_string());
    let played = host
        .default_output_device()
        .and_then(|device| device.id().ok());
    let played = played.map(|id| id.to_string());
    for Found { info, .. } in &mut all {
        info.default = default_id.as_deref() == Some(&info.id);
        info.default_loopback = info.kind == DeviceKind::Loopback
            && played.as_deref().is_some_and(|played| {
                info.id == played || info.id.strip_suffix(MONITOR) == Some(played)
            });
    }
    Ok(all)
}

/// PulseAudio's ending of a source that records what a sink plays.
const MONITOR: &str = ".monitor";

/// Describes a device; `None` where it does not record.
fn describe(device: cpal::Device) -> Option<Found> {
    let id = device.id().ok()?;
    // ALSA lists its converter plug-ins and a null device beside the real ones; they record nothing.
    if id.host() == HostId::Alsa && ALSA_PLUGINS.contains(&id.id()) {
        return None;
    }
    let mut kind = if id.id().ends_with(MONITOR) {
        DeviceKind::Loopback
    } else {
        DeviceKind::Input
    };
    let (usual, offers) = match device.default_input_config() {
        Ok(usual) => (usual, device.supported_input_configs().ok()?.collect()),
        Err(_) if RECORDS_OUTPUTS.contains(&id.host().name()) => {
            kind = DeviceKind::Loopback;
            let usual = device.default_output_config().ok()?;
            (
                usual,
                device
                    .supported_output_configs()
                    .ok()?
                    .collect::<Vec<SupportedStreamConfigRange>>(),
            )
        }
        Err(_) => return None,
    };
    let channels = offers.iter().map(|offer| u32::from(offer.channels()));
    let low = offers
        .iter()
        .map(SupportedStreamConfigRange::min_sample_rate);
    let high = offers
        .iter()
        .map(SupportedStreamConfigRange::max_sample_rate);
    let info = DeviceInfo {
        kind,
        default: false,
        default_loopback: false,
        id: id.to_string(),
        name: device.description().ok()?.name().to_owned(),
        channels: u32::from(usual.channels()),
        rate: usual.sample_rate(),
        max_channels: channels.max().unwrap_or(u32::from(usual.channels())),
        rates: (
            low.min().unwrap_or(usual.sample_rate()),
            high.max().unwrap_or(usual.sample_rate()),
        ),
    };
    Some(Found {
        device,
        info,
        usual,
        offers,
        others: Vec::new(),
    })
}

const ALSA_PLUGINS: [&str; 10] = [
    "null",
    "lavrate",
    "samplerate",
    "speexrate",
    "jack",
    "oss",
    "speex",
    "upmix",
    "vdownmix",
    "usbstream",
];

/// An error's text without line breaks.
pub(crate) fn one_line(error: &dyn fmt::Display) -> String {
    error
        .to_string()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}
