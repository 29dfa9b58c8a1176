//! Why a setting is not what was asked for.

use soundfall_dsp::{named::UnknownName, scale::AxisError, stft::StftError, window::WindowError};
use thiserror::Error;

/// What is wrong with a value.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// It is not of the kind, or out of range; the sentence of [`Kind::expected`](crate::Kind).
    #[error("{0}")]
    Expected(String),
    /// It is on no list.
    #[error(transparent)]
    Name(#[from] UnknownName),
    /// It is no window.
    #[error(transparent)]
    Window(#[from] WindowError),
}

/// Why a setting is not what was asked for.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum SettingError {
    /// Nothing is called that.
    #[error("there is no setting `{name}`")]
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// The value cannot be.
    #[error("{name}={value}: {reason}")]
    Value {
        /// The setting.
        name: &'static str,
        /// What was asked for.
        value: String,
        /// What is wrong with it.
        reason: Reason,
    },
    /// Two settings are too near to each other, or the wrong way round.
    #[error("{upper}={upper_value} is not at least {distance} above {lower}={lower_value}")]
    Order {
        /// The one that must be below.
        lower: &'static str,
        /// Its value.
        lower_value: String,
        /// The one that must be above.
        upper: &'static str,
        /// Its value.
        upper_value: String,
        /// How far, with unit.
        distance: String,
    },
    /// Window, length and hop do not go together.
    #[error(transparent)]
    Stft(#[from] StftError),
    /// Scale and frequencies do not go together.
    #[error("min-hz and max-hz: {0}")]
    Axis(#[from] AxisError),
    /// No address of a setting.
    #[error("`{text}` is no address of a setting: {problem}")]
    Address {
        /// What was asked for.
        text: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}

impl SettingError {
    /// What is wrong with the value, without name and value; the whole sentence of the others.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Value { reason, .. } => reason.to_string(),
            other => other.to_string(),
        }
    }
}
