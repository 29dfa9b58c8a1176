//! Requests and responses as bytes, for the way between page and worker: [postcard], within limits.
//! Never panics over bytes that are no message, and takes no more memory than they can fill.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::request::{Request, RequestError};
use crate::response::{Failure, Outcome, Response};

/// Bytes of a request, at most.
pub const MAX_REQUEST_BYTES: usize = 1024;

/// Names a request until it is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RequestId(pub u32);

impl RequestId {
    /// The id of the next request; they go round.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

/// A request or a response on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message<T> {
    /// Which request it is, or is the response of.
    pub id: RequestId,
    /// What it says.
    pub body: T,
}

/// Why a value is not sent.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// More bytes than may be sent.
    #[error("a message of {bytes} bytes where {max_bytes} may be sent")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The most there may be.
        max_bytes: usize,
    },
    /// It has no such form; not a value of this crate.
    #[error("the message cannot be written as bytes")]
    Unsupported,
}

/// Why bytes are no message.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// More bytes than a message has.
    #[error("{bytes} bytes where a message has {max_bytes} at most")]
    TooLarge {
        /// How many there are.
        bytes: usize,
        /// The most there may be.
        max_bytes: usize,
    },
    /// Cut off, or something else.
    #[error("these {bytes} bytes are no message")]
    Malformed {
        /// How many there are.
        bytes: usize,
    },
    /// A request beyond its limits.
    #[error(transparent)]
    Request(#[from] RequestError),
}

impl Message<Request> {
    /// Appends the request to `out`.
    ///
    /// # Errors
    /// [`EncodeError`] where it is too large, with `out` as it was.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        append(self, MAX_REQUEST_BYTES, out)
    }

    /// The request in these bytes, checked.
    ///
    /// # Errors
    /// [`DecodeError`] where they are none.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let message: Self = read(bytes, MAX_REQUEST_BYTES)?;
        message.body.check()?;
        Ok(message)
    }
}

impl Message<Response> {
    /// Appends the response to `out`, in at most `max_bytes`. A report of instruments that does not
    /// fit has half as many axis columns, or a quarter, and so on
    /// ([`InstrumentReport::columns`](soundfall_dsp::instruments::InstrumentReport) says how many);
    /// anything else that does not fit becomes a failure that says so.
    ///
    /// # Errors
    /// [`EncodeError`] where not even a failure fits, with `out` as it was.
    pub fn encode(mut self, max_bytes: usize, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        loop {
            let bytes = match append(&self, max_bytes, out) {
                Err(EncodeError::TooLarge { bytes, .. }) => bytes,
                done => return done,
            };
            match &mut self.body.outcome {
                Outcome::Instruments(report) if report.columns > 1 => report.halve_columns(),
                Outcome::Failed(Failure::TooLarge { .. }) => {
                    return Err(EncodeError::TooLarge { bytes, max_bytes });
                }
                other => *other = Failure::TooLarge { bytes, max_bytes }.into(),
            }
        }
    }

    /// The response in these bytes, of which there may be `max_bytes`.
    ///
    /// # Errors
    /// [`DecodeError`] where they are none.
    pub fn decode(bytes: &[u8], max_bytes: usize) -> Result<Self, DecodeError> {
        read(bytes, max_bytes)
    }
}

fn append<T: Serialize>(
    message: &T,
    max_bytes: usize,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let start = out.len();
    // A `Vec` that is extended is given back in any case, but for a value that cannot be written.
    *out =
        postcard::to_extend(message, std::mem::take(out)).map_err(|_| EncodeError::Unsupported)?;
    let bytes = out.len() - start;
    if bytes > max_bytes {
        out.truncate(start);
        return Err(EncodeError::TooLarge { bytes, max_bytes });
    }
    Ok(())
}

fn read<T: DeserializeOwned>(bytes: &[u8], max_bytes: usize) -> Result<T, DecodeError> {
    if bytes.len() > max_bytes {
        return Err(DecodeError::TooLarge {
            bytes: bytes.len(),
            max_bytes,
        });
    }
    match postcard::take_from_bytes(bytes) {
        Ok((message, [])) => Ok(message),
        _ => Err(DecodeError::Malformed { bytes: bytes.len() }),
    }
}
