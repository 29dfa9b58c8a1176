//! Adds the command line's names to errors of the libraries, which know no options.

use soundfall_capture::CaptureError;
use soundfall_ring_file::{CreateError, NoRing, OpenError};

/// No ring was named and none was found; `named` is the command that names one.
pub fn no_ring(none: &NoRing, named: &str) -> anyhow::Error {
    anyhow::anyhow!("{none}; start `soundfall capture`, or name one: {named}")
}

/// The option that an error concerns, for the beginning of its message.
pub fn option(error: &anyhow::Error) -> Option<&'static str> {
    use CaptureError as E;
    match error.downcast_ref()? {
        E::Channels { .. } | E::FileChannels { .. } => Some("--channels"),
        E::Rate { .. } | E::FileRate { .. } => Some("--rate"),
        E::History { .. } | E::HistoryTooLong { .. } => Some("--history"),
        E::Speed { .. } => Some("--speed"),
        E::UnknownSignal { .. } | E::ToneTooHigh { .. } => Some("--signal"),
        E::UnknownDevice { .. } | E::AmbiguousDevice { .. } => Some("--device"),
        E::NoLoopback | E::LoopbackOfNoDevice => Some("--loopback"),
        _ => None,
    }
}

/// Options or commands that help, for the end of the message.
pub fn remedy(error: &anyhow::Error) -> Option<&'static str> {
    match error.downcast_ref() {
        Some(CaptureError::NoInputDevice) => return Some("--signal NAME, --file PATH"),
        Some(CaptureError::NoLoopback) => {
            return Some("`soundfall devices` lists them, --device NAME takes one");
        }
        Some(CaptureError::Ring(error)) => return of_ring(error),
        _ => {}
    }
    if let Some(OpenError::NotFound { .. }) = error.downcast_ref() {
        return Some("`soundfall capture` makes a ring");
    }
    of_ring(error.downcast_ref()?)
}

fn of_ring(error: &CreateError) -> Option<&'static str> {
    (!matches!(error, CreateError::Header(_))).then_some("--ring PATH")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn options_and_remedies_are_named() {
        let error = anyhow::Error::from(CaptureError::Speed { speed: 0.0 });
        assert_eq!((option(&error), remedy(&error)), (Some("--speed"), None));
        let error = anyhow::Error::from(CaptureError::NoInputDevice).context("on the way");
        assert_eq!(option(&error), None);
        assert_eq!(remedy(&error), Some("--signal NAME, --file PATH"));
        let path = PathBuf::from("ring");
        let occupied = CreateError::NotOurs { path: path.clone() };
        let error = anyhow::Error::from(CaptureError::from(occupied));
        assert_eq!(remedy(&error), Some("--ring PATH"));
        let error = anyhow::Error::from(OpenError::NotFound { path });
        assert_eq!(remedy(&error), Some("`soundfall capture` makes a ring"));
    }
}
