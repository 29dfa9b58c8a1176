//! What a stream reports beside samples: errors as events, and the loss of its device.
//!
//! Shared by the streams of a capture, its supervisor and its writer. Not called from a data callback.

use std::sync::Arc;

use cpal::ErrorKind;
use crossbeam::channel::Sender;

use crate::devices::one_line;
use crate::event::CaptureEvent;
use crate::sample_queue::Counters;

/// Why the supervisor is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    /// The device was lost.
    Lost,
    /// The capture ends.
    Stop,
}

/// Connects a stream with the rest of its capture.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) counters: Arc<Counters>,
    pub(crate) events: Sender<CaptureEvent>,
    pub(crate) supervisor: Sender<Wake>,
}

impl Link {
    /// Marks the device as lost: sends the event once per loss and wakes the supervisor.
    pub(crate) fn lose(&self, message: String) {
        if self.counters.lose_device() {
            self.events
                .try_send(CaptureEvent::DeviceLost { message })
                .ok();
        }
        self.supervisor.try_send(Wake::Lost).ok();
    }

    /// Turns an error of a running stream into a counter, a loss or an event.
    pub(super) fn report(&self, error: &cpal::Error) {
        let event = match error.kind() {
            // On some systems this runs on the device's own thread: only count, the writer sends the event.
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
    fn errors_become_events_and_a_loss_is_reported_once() {
        let counters = Arc::new(Counters::default());
        let (events, seen) = crossbeam::channel::bounded(8);
        let (supervisor, wakes) = crossbeam::channel::bounded(8);
        let link = Link {
            counters: Arc::clone(&counters),
            events,
            supervisor,
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
