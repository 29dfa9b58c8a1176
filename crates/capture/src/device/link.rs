//! What a stream tells beside samples: errors, sorted into events, and the loss of its device.
//!
//! Shared by the streams of a capture, its keeper and its writer. Never called from a data callback.

use std::sync::Arc;

use cpal::ErrorKind;
use crossbeam_channel::Sender;

use crate::devices::one_line;
use crate::event::CaptureEvent;
use crate::feed::Counters;

/// Why the keeper is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    /// The device was lost.
    Lost,
    /// The capture ends.
    Stop,
}

/// The way from a stream to the rest of the capture.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) counters: Arc<Counters>,
    pub(crate) events: Sender<CaptureEvent>,
    pub(crate) keeper: Sender<Wake>,
}

impl Link {
    /// Takes the device for lost: once for each loss the event is sent, and the keeper is woken.
    pub(crate) fn lose(&self, message: String) {
        if self.counters.lose_device() {
            self.events
                .try_send(CaptureEvent::DeviceLost { message })
                .ok();
        }
        self.keeper.try_send(Wake::Lost).ok();
    }

    /// Sorts what the sound system says about a running stream.
    pub(super) fn report(&self, error: &cpal::Error) {
        let event = match error.kind() {
            // Comes on the device's own thread on some systems: only a number, the event follows from the writer.
            ErrorKind::Xrun => return self.counters.note_xrun(),
            ErrorKind::DeviceNotAvailable
            | ErrorKind::StreamInvalidated
            | ErrorKind::HostUnavailable => return self.lose(one_line(error)),
            ErrorKind::DeviceChanged => CaptureEvent::DeviceChanged {
                message: one_line(error),
            },
            _ => CaptureEvent::Warning {
                message: one_line(error),
            },
        };
        self.events.try_send(event).ok();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use std::sync::atomic::Ordering;

    use super::*;
    use crate::event::SourceState;

    #[test]
    fn errors_are_sorted_and_a_loss_is_told_once() {
        let counters = Arc::new(Counters::default());
        let (events, seen) = crossbeam_channel::bounded(8);
        let (keeper, wakes) = crossbeam_channel::bounded(8);
        let link = Link {
            counters: Arc::clone(&counters),
            events,
            keeper,
        };
        link.report(&cpal::Error::new(ErrorKind::Xrun));
        link.report(&cpal::Error::new(ErrorKind::RealtimeDenied));
        assert_eq!(counters.state(), SourceState::Running);
        link.report(&cpal::Error::new(ErrorKind::DeviceNotAvailable));
        link.report(&cpal::Error::new(ErrorKind::StreamInvalidated));
        assert_eq!(counters.state(), SourceState::Lost);
        assert_eq!(counters.xruns.load(Ordering::Relaxed), 1);
        assert_eq!(counters.device_losses.load(Ordering::Relaxed), 1);
        let kinds: Vec<_> = seen.try_iter().collect();
        assert!(matches!(
            kinds[..],
            [
                CaptureEvent::Warning { .. },
                CaptureEvent::DeviceLost { .. }
            ]
        ));
        assert_eq!(wakes.try_iter().collect::<Vec<_>>(), [Wake::Lost; 2]);
    }
}
