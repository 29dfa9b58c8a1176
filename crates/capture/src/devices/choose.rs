//! Chooses a device by id, name or part of the name, as a loopback, or again after a loss. Pure: opens no device.

use super::{DeviceInfo, DeviceKind};
use crate::error::CaptureError;

/// The device that was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DeviceRequest {
    /// Id, name, or a part of the name that fits only one; `None` is the default device.
    pub(crate) name: Option<String>,
    /// Only what records what the computer plays.
    pub(crate) loopback: bool,
}

/// A device that was recorded from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeviceIdentity {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) kind: DeviceKind,
    /// Ids of the other devices at that time: whatever their name, they are not this one.
    pub(crate) others: Vec<String>,
}

/// Index of the device asked for: exact id, then exact name, then the only one with it as part of name or id
/// (upper and lower case alike); without a name the default one.
pub(super) fn choose(
    devices: &[DeviceInfo],
    request: &DeviceRequest,
) -> Result<usize, CaptureError> {
    if devices.is_empty() {
        return Err(CaptureError::NoInputDevice);
    }
    let fitting = |index: &usize| !request.loopback || devices[*index].kind == DeviceKind::Loopback;
    let candidates: Vec<usize> = (0..devices.len()).filter(fitting).collect();
    let listed = |indices: &[usize]| {
        let name = |index: &usize| format!("{} ({})", devices[*index].name, devices[*index].id);
        indices.iter().map(name).collect::<Vec<_>>().join(", ")
    };
    let Some(name) = &request.name else {
        if request.loopback {
            return default_loopback(devices, &candidates).ok_or(CaptureError::NoLoopback);
        }
        return devices
            .iter()
            .position(|device| device.default)
            .ok_or(CaptureError::NoInputDevice);
    };
    if candidates.is_empty() {
        return Err(CaptureError::NoLoopback);
    }
    if let Some(index) = candidates.iter().find(|index| devices[**index].id == *name) {
        return Ok(*index);
    }
    let lower = name.to_lowercase();
    let exact = |device: &DeviceInfo| device.name == *name;
    let part = |device: &DeviceInfo| {
        !lower.is_empty()
            && (device.name.to_lowercase().contains(&lower)
                || device.id.to_lowercase().contains(&lower))
    };
    let fits: [&dyn Fn(&DeviceInfo) -> bool; 2] = [&exact, &part];
    for fit in fits {
        let matches: Vec<usize> = candidates
            .iter()
            .copied()
            .filter(|index| fit(&devices[*index]))
            .collect();
        match matches[..] {
            [] => {}
            [index] => return Ok(index),
            _ => {
                return Err(CaptureError::AmbiguousDevice {
                    name: name.clone(),
                    matches: listed(&matches),
                });
            }
        }
    }
    Err(CaptureError::UnknownDevice {
        name: name.clone(),
        offered: listed(&candidates),
    })
}

/// Index of the replacement of a lost device: the same id, then the only new one of the same name, then, where the
/// default device was asked for, the default one of now. A microphone never replaces a loopback, nor the
/// other way round.
pub(super) fn choose_again(
    devices: &[DeviceInfo],
    request: &DeviceRequest,
    lost: &DeviceIdentity,
) -> Option<usize> {
    if let Some(index) = devices.iter().position(|device| device.id == lost.id) {
        return Some(index);
    }
    let is_same = |device: &DeviceInfo| {
        device.name == lost.name && device.kind == lost.kind && !lost.others.contains(&device.id)
    };
    let mut same_name = (0..devices.len()).filter(|index| is_same(&devices[*index]));
    if let (Some(index), None) = (same_name.next(), same_name.next()) {
        return Some(index);
    }
    request
        .name
        .is_none()
        .then(|| choose(devices, request).ok())
        .flatten()
        .filter(|index| devices[*index].kind == lost.kind)
}

/// The loopback of the default output, or the only loopback there is.
fn default_loopback(devices: &[DeviceInfo], loopbacks: &[usize]) -> Option<usize> {
    let default = loopbacks
        .iter()
        .find(|index| devices[**index].default_loopback);
    match loopbacks {
        [only] => Some(*only),
        _ => default.copied(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    fn request(name: Option<&str>) -> DeviceRequest {
        DeviceRequest {
            name: name.map(str::to_owned),
            loopback: false,
        }
    }

    fn loopback(name: Option<&str>) -> DeviceRequest {
        DeviceRequest {
            loopback: true,
            ..request(name)
        }
    }

    fn device(id: &str, name: &str, default: bool) -> DeviceInfo {
        DeviceInfo {
            id: id.to_owned(),
            name: name.to_owned(),
            kind: if id.ends_with(".monitor") {
                DeviceKind::Loopback
            } else {
                DeviceKind::Input
            },
            default,
            default_loopback: false,
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
        assert_eq!(choose(&devices, &request(None)).unwrap(), 1);
        assert_eq!(choose(&devices, &request(Some("alsa:a"))).unwrap(), 0);
        assert_eq!(choose(&devices, &request(Some("Mic"))).unwrap(), 0);
        assert_eq!(choose(&devices, &request(Some("scarl"))).unwrap(), 2);
        assert_eq!(choose(&devices, &request(Some("pro"))).unwrap(), 1);
        let ambiguous = choose(&devices, &request(Some("mic"))).unwrap_err();
        assert!(matches!(ambiguous, CaptureError::AmbiguousDevice { .. }));
        assert!(ambiguous.to_string().contains("Mic Pro (alsa:b)"));
        for unknown in ["nothing", ""] {
            let error = choose(&devices, &request(Some(unknown))).unwrap_err();
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
            choose(&[], &request(None)),
            Err(CaptureError::NoInputDevice)
        ));
        assert!(matches!(
            choose(&[], &request(Some("x"))),
            Err(CaptureError::NoInputDevice)
        ));
        assert!(matches!(
            choose(&[device("a", "b", false)], &request(None)),
            Err(CaptureError::NoInputDevice)
        ));
    }

    #[test]
    fn a_loopback_is_the_default_outputs_or_the_only_one() {
        let mut devices = [
            device("pulseaudio:mic", "Mic", true),
            device("pulseaudio:hdmi.monitor", "Monitor of HDMI", false),
            device("pulseaudio:usb.monitor", "Monitor of USB", false),
        ];
        assert!(matches!(
            choose(&devices, &loopback(None)),
            Err(CaptureError::NoLoopback)
        ));
        assert_eq!(choose(&devices[..2], &loopback(None)).unwrap(), 1);
        devices[2].default_loopback = true;
        assert_eq!(choose(&devices, &loopback(None)).unwrap(), 2);
        assert_eq!(choose(&devices, &loopback(Some("hdmi"))).unwrap(), 1);
        assert_eq!(choose(&devices, &request(None)).unwrap(), 0);
        let error = choose(&devices, &loopback(Some("mic"))).unwrap_err();
        assert!(
            error.to_string().contains("Monitor of USB") && !error.to_string().contains("Mic (")
        );
        for name in [None, Some("mic")] {
            let error = choose(&devices[..1], &loopback(name)).unwrap_err();
            assert!(matches!(error, CaptureError::NoLoopback), "{error}");
        }
    }

    #[test]
    fn a_lost_device_is_recognised() {
        let lost = DeviceIdentity {
            id: "alsa:hw1".to_owned(),
            name: "USB Mic".to_owned(),
            kind: DeviceKind::Input,
            others: vec!["alsa:hw0".to_owned(), "alsa:hw9".to_owned()],
        };
        let same = device("alsa:hw1", "other name", false);
        let renamed = device("alsa:hw2", "USB Mic", false);
        let default = device("alsa:hw0", "Built-in", true);
        let all = [default.clone(), renamed.clone(), same];
        assert_eq!(choose_again(&all, &request(None), &lost), Some(2));
        assert_eq!(choose_again(&all[..2], &request(None), &lost), Some(1));
        assert_eq!(choose_again(&all[..1], &request(None), &lost), Some(0));
        // A device asked for by name is not replaced by another.
        assert_eq!(choose_again(&all[..1], &request(Some("usb")), &lost), None);
        assert_eq!(choose_again(&[], &request(None), &lost), None);
        // Another device of the same name was there all the time.
        let other = [device("alsa:hw9", "USB Mic", false)];
        assert_eq!(choose_again(&other, &request(Some("usb")), &lost), None);
        // Two of the same name: it could be either.
        let twins = [renamed.clone(), renamed];
        assert_eq!(choose_again(&twins, &request(Some("usb")), &lost), None);
        let monitor = device("alsa:x.monitor", "Monitor", true);
        let monitors = [monitor];
        assert_eq!(choose_again(&monitors, &request(None), &lost), None);
        let lost = DeviceIdentity {
            kind: DeviceKind::Loopback,
            ..lost
        };
        assert_eq!(choose_again(&monitors, &loopback(None), &lost), Some(0));
        assert_eq!(choose_again(&[default], &request(None), &lost), None);
    }
}
