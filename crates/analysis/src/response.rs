//! How a request went.

use serde::{Deserialize, Serialize};
use soundfall_dsp::envelope::MinMaxRms;
use soundfall_dsp::instruments::InstrumentReport;
use thiserror::Error;

use crate::history::HistoryError;
use crate::pool::Pooled;
use crate::request::RequestError;

/// Rows as bytes: little-endian half floats, `[mip][channel][row][axis bin]`.
pub type RowBytes = Pooled<Vec<u8>>;

/// What a request came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// What there is, or why there is nothing.
    pub outcome: Outcome,
    /// Columns of all channels that were analysed.
    pub columns: u64,
    /// Time it took where it ran, microseconds.
    pub took_us: f64,
}

/// How a request went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Outcome {
    /// The rows.
    Rows(#[serde(with = "row_bytes")] RowBytes),
    /// The base entries, `[channel][entry]`.
    Envelopes(Pooled<Vec<MinMaxRms>>),
    /// What the instruments say now.
    Instruments(Pooled<InstrumentReport>),
    /// The instruments are gone.
    Released,
    /// The samples are not there yet. Nothing was analysed and nothing is lost: ask again.
    Wait {
        /// End of the frames that are there without waiting.
        available: u64,
    },
    /// Some of the samples are gone.
    Lost {
        /// Frames that are lost to one who goes on at `resume_at`.
        lost_frames: u64,
        /// Where to go on.
        resume_at: u64,
    },
    /// There is nothing, and there will be nothing.
    Failed(Failure),
}

/// Why there is nothing.
#[derive(Clone, Debug, Error, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Failure {
    /// The history cannot give the samples.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// No history could.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The analysis panicked. The worker goes on without what the job had in hand.
    #[error("the analysis of a job failed: {message}; this is a fault of the program, report it")]
    Panicked {
        /// What the panic said.
        message: String,
    },
    /// The response is larger than its way to the asker allows.
    #[error("a response of {bytes} bytes where {max_bytes} may be sent; ask for less at once")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The most there may be.
        max_bytes: usize,
    },
    /// What came from the worker, or was to go there, is no message.
    #[error("a message of {bytes} bytes between page and worker cannot be read")]
    Unreadable {
        /// Its size.
        bytes: usize,
    },
    /// The worker was replaced before it answered.
    #[error("the worker was replaced before it answered")]
    Abandoned,
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::History(HistoryError::Wait { available }) => Self::Wait { available },
            Failure::History(HistoryError::Lost {
                lost_frames,
                resume_at,
            }) => Self::Lost {
                lost_frames,
                resume_at,
            },
            other => Self::Failed(other),
        }
    }
}

impl Response {
    /// A response that brings nothing and took no time.
    #[must_use]
    pub fn without_result(failure: impl Into<Failure>) -> Self {
        Self {
            outcome: failure.into().into(),
            columns: 0,
            took_us: 0.0,
        }
    }
}

/// Rows as one run of bytes, not as a list of numbers.
mod row_bytes {
    use std::fmt;

    use serde::de::{Error, Visitor};
    use serde::{Deserializer, Serializer};

    use super::RowBytes;

    pub(super) fn serialize<S: Serializer>(
        rows: &RowBytes,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(rows)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(source: D) -> Result<RowBytes, D::Error> {
        struct Bytes;

        impl Visitor<'_> for Bytes {
            type Value = RowBytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("rows as bytes")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<RowBytes, E> {
                Ok(bytes.to_vec().into())
            }
        }

        source.deserialize_bytes(Bytes)
    }
}
