#![doc = include_str!("../README.md")]
//! # Code map
//!
//! | module | duty |
//! |---|---|
//! | `history` | what is analysed: the trait, its errors, the ring as one |
//! | `recording` | samples in memory as another |
//! | `request` | what can be asked, and its limits |
//! | `response` | how it went |
//! | `worker` | from request to response |
//! | `engines` | engines and buffers, lent to jobs |
//! | `instruments` | the engines of instruments, kept from request to request |
//! | `pool` | buffers that come back by themselves |
//! | `message` | requests and responses as bytes |
#![forbid(unsafe_code)]

mod engines;
mod history;
mod instruments;
mod message;
mod pool;
mod recording;
mod request;
mod response;
mod worker;

pub use history::{History, HistoryError, HistoryFormat, RingHistory, SharedHistory, new_epoch};
pub use message::{DecodeError, EncodeError, MAX_REQUEST_BYTES, Message, RequestId};
pub use pool::Pooled;
pub use recording::{Recording, RecordingError};
pub use request::{
    EnvelopesRequest, InstrumentsId, InstrumentsRequest, MAX_AXIS_BINS, MAX_CHANNELS, MAX_FRAMES,
    MAX_MIPS, MAX_RESULT_BYTES, Request, RequestError, RowsRequest,
};
pub use response::{Failure, Outcome, Response, RowBytes};
pub use worker::Worker;
