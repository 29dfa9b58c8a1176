//! The audio devices of this machine: listing them, finding one by id, name or part of the name.
//!
//! Opens no stream.

use std::fmt;

use cpal::traits::{DeviceTrait, HostTrait};
use serde::Serialize;

use crate::error::CaptureError;

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
    /// Stable id, `host:device`; `--device` takes it.
    pub id: String,
    /// Name for humans; `--device` takes it, or a part that fits only one device.
    pub name: String,
    /// Microphone or loopback.
    pub kind: DeviceKind,
    /// True for the one that is taken without `--device`.
    pub default: bool,
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
    hush_alsa();
    let found = found(&cpal::default_host())?;
    Ok(found.into_iter().map(|found| found.info).collect())
}

/// A device and what is known of it.
pub(crate) struct Found {
    pub(crate) device: cpal::Device,
    pub(crate) info: DeviceInfo,
}

/// Finds the device to record from.
pub(crate) fn find(name: Option<&str>) -> Result<Found, CaptureError> {
    hush_alsa();
    let mut host = cpal::default_host();
    // An id names its host; it need not be the default one (ALSA beside PulseAudio).
    if let Some((prefix, _)) = name.and_then(|name| name.split_once(':'))
        && let Ok(id) = prefix.parse::<cpal::HostId>()
        && id != host.id()
        && let Ok(other) = cpal::host_from_id(id)
    {
        host = other;
    }
    let mut all = found(&host)?;
    let infos: Vec<DeviceInfo> = all.iter().map(|found| found.info.clone()).collect();
    let index = choose(&infos, name)?;
    Ok(all.swap_remove(index))
}

/// Index of the device meant by `name`: exact id, then exact name, then the only one with it as part of name
/// or id (upper and lower case alike); without a name the default one.
pub(crate) fn choose(devices: &[DeviceInfo], name: Option<&str>) -> Result<usize, CaptureError> {
    let Some(name) = name else {
        return devices
            .iter()
            .position(|device| device.default)
            .ok_or(CaptureError::NoInputDevice);
    };
    if devices.is_empty() {
        return Err(CaptureError::NoInputDevice);
    }
    let listed = |devices: &mut dyn Iterator<Item = &DeviceInfo>| {
        devices
            .map(|device| format!("{} ({})", device.name, device.id))
            .collect::<Vec<_>>()
            .join(", ")
    };
    if let Some(index) = devices.iter().position(|device| device.id == name) {
        return Ok(index);
    }
    let lower = name.to_lowercase();
    let exact = |device: &&DeviceInfo| device.name == name;
    let part = |device: &&DeviceInfo| {
        !lower.is_empty()
            && (device.name.to_lowercase().contains(&lower)
                || device.id.to_lowercase().contains(&lower))
    };
    let fits: [&dyn Fn(&&DeviceInfo) -> bool; 2] = [&exact, &part];
    for fit in fits {
        let mut matches = devices.iter().enumerate().filter(|(_, device)| fit(device));
        match (matches.next(), matches.next()) {
            (Some((index, _)), None) => return Ok(index),
            (Some(_), Some(_)) => {
                let matches = listed(&mut devices.iter().filter(|device| fit(device)));
                return Err(CaptureError::AmbiguousDevice {
                    name: name.to_owned(),
                    matches,
                });
            }
            (None, _) => {}
        }
    }
    Err(CaptureError::UnknownDevice {
        name: name.to_owned(),
        offered: listed(&mut devices.iter()),
    })
}

/// ALSA's C library explains itself on stderr, many lines for one missing card. What matters comes
/// back as an error; the words of this thread go to a buffer that nobody reads.
#[cfg(target_os = "linux")]
fn hush_alsa() {
    drop(alsa::Output::local_error_handler());
}

#[cfg(not(target_os = "linux"))]
fn hush_alsa() {}

/// All devices of a host that can be opened for recording, the default one first.
fn found(host: &cpal::Host) -> Result<Vec<Found>, CaptureError> {
    let default = host
        .default_input_device()
        .and_then(|device| device.id().ok());
    let mut all: Vec<Found> = Vec::new();
    let mut add = |device: cpal::Device| {
        if let Some(found) = describe(device, default.as_ref())
            && !all.iter().any(|known| known.info.id == found.info.id)
        {
            all.push(found);
        }
    };
    if let Some(device) = host.default_input_device() {
        add(device);
    }
    let devices = host.devices().map_err(|error| CaptureError::Device {
        device: format!("{:?}", host.id()),
        action: "list devices",
        message: one_line(&error),
    })?;
    devices.for_each(add);
    Ok(all)
}

/// What is known of a device; `None` where it does not record.
fn describe(device: cpal::Device, default: Option<&cpal::DeviceId>) -> Option<Found> {
    let id = device.id().ok()?;
    // ALSA lists its converter plug-ins and a null device beside the real ones; they record nothing.
    if id.host() == cpal::HostId::Alsa && ALSA_PLUGINS.contains(&id.id()) {
        return None;
    }
    let config = device.default_input_config().ok()?;
    let ranges: Vec<_> = device.supported_input_configs().ok()?.collect();
    let name = device.description().ok()?.name().to_owned();
    let info = DeviceInfo {
        kind: if id.id().ends_with(".monitor") {
            DeviceKind::Loopback
        } else {
            DeviceKind::Input
        },
        default: default == Some(&id),
        id: id.to_string(),
        name,
        channels: u32::from(config.channels()),
        rate: config.sample_rate(),
        max_channels: ranges
            .iter()
            .map(|r| u32::from(r.channels()))
            .max()
            .unwrap_or(u32::from(config.channels())),
        rates: (
            ranges
                .iter()
                .map(cpal::SupportedStreamConfigRange::min_sample_rate)
                .min()
                .unwrap_or(config.sample_rate()),
            ranges
                .iter()
                .map(cpal::SupportedStreamConfigRange::max_sample_rate)
                .max()
                .unwrap_or(config.sample_rate()),
        ),
    };
    Some(Found { device, info })
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    fn device(id: &str, name: &str, default: bool) -> DeviceInfo {
        DeviceInfo {
            id: id.to_owned(),
            name: name.to_owned(),
            kind: DeviceKind::Input,
            default,
            channels: 2,
            rate: 48_000,
            max_channels: 2,
            rates: (44_100, 48_000),
        }
    }

    #[test]
    fn chosen_by_id_name_or_part() {
        let devices = [
            device("alsa:a", "Mic", false),
            device("alsa:b", "Mic Pro", true),
            device("pulse:mic", "Scarlett", false),
        ];
        assert_eq!(choose(&devices, None).unwrap(), 1);
        assert_eq!(choose(&devices, Some("alsa:a")).unwrap(), 0);
        assert_eq!(choose(&devices, Some("Mic")).unwrap(), 0);
        assert_eq!(choose(&devices, Some("scarl")).unwrap(), 2);
        assert_eq!(choose(&devices, Some("pro")).unwrap(), 1);
        let ambiguous = choose(&devices, Some("mic")).unwrap_err();
        assert!(matches!(ambiguous, CaptureError::AmbiguousDevice { .. }));
        assert!(ambiguous.to_string().contains("Mic Pro (alsa:b)"));
        for unknown in ["nothing", ""] {
            let error = choose(&devices, Some(unknown)).unwrap_err();
            assert!(matches!(error, CaptureError::UnknownDevice { .. }));
            assert!(
                error.to_string().contains("Scarlett (pulse:mic)")
                    && !error.to_string().contains('\n')
            );
        }
    }

    #[test]
    fn no_device_is_its_own_error() {
        assert!(matches!(
            choose(&[], None),
            Err(CaptureError::NoInputDevice)
        ));
        assert!(matches!(
            choose(&[], Some("x")),
            Err(CaptureError::NoInputDevice)
        ));
        assert!(matches!(
            choose(&[device("a", "b", false)], None),
            Err(CaptureError::NoInputDevice)
        ));
    }
}
