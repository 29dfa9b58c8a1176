//! Requests to the analysis worker and its answers, as plain numbers: the same whether they go
//! through shared memory or by message. Never holds samples.

use soundfall_dsp::{
    rows::RowSpan,
    scale::{FrequencyAxis, Scale},
    stft::StftParams,
    window::Window,
};
use soundfall_ring::ReadError;

use crate::listen::{self, ListenRequest};

/// Numbers a request or the head of an answer takes.
pub const HEAD: usize = 128;
/// Bytes an answer may have.
pub const PAYLOAD_BYTES: u32 = 1 << 20;
/// At most so many channels in one request.
pub const MAX_CHANNELS: usize = 64;
/// At most so many levels of rows.
pub const MAX_LEVELS: u32 = 32;

/// What the page wants of the worker. Frames and rows are absolute.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Rows of levels.
    Rows(RowsRequest),
    /// Base entries of the envelopes.
    Envelopes {
        /// First frame.
        start_frame: u64,
        /// Frames, a multiple of the base entry's.
        frames: u64,
        /// Ring channels.
        channels: Vec<u32>,
    },
    /// Instruments hear on.
    Listen(Box<ListenRequest>),
}

/// Rows of levels.
#[derive(Clone, Debug, PartialEq)]
pub struct RowsRequest {
    /// First frame of the first column's window.
    pub start_frame: u64,
    /// Columns, and the levels whose rows are wanted.
    pub span: RowSpan,
    /// Window, sizes and hop.
    pub stft: StftParams,
    /// Frequency axis.
    pub axis: FrequencyAxis,
    /// Ring channels.
    pub channels: Vec<u32>,
}

impl RowsRequest {
    /// Columns of all channels that are analysed.
    #[must_use]
    pub fn columns(&self) -> u64 {
        self.span.analysed() * self.channels.len() as u64
    }
}

const WINDOWS: [Window; 7] = [
    Window::Hann,
    Window::Hamming,
    Window::Blackman,
    Window::BlackmanHarris,
    Window::Nuttall,
    Window::FlatTop,
    Window::Rect,
];
const KAISER: f64 = 100.0;
const GAUSSIAN: f64 = 101.0;
pub(crate) const SCALES: [Scale; 5] = [
    Scale::Linear,
    Scale::Log,
    Scale::Mel,
    Scale::Bark,
    Scale::Erb,
];
const ROWS: f64 = 1.0;
const ENVELOPES: f64 = 2.0;
const LISTEN: f64 = 3.0;

/// The numbers of a request, [`HEAD`] of them. `ticket` comes back with the answer.
#[must_use]
pub fn encode(ticket: u32, request: &Request) -> [f64; HEAD] {
    let mut words = [0.0; HEAD];
    let mut at = 0;
    let mut put = |value: f64| {
        if let Some(word) = words.get_mut(at) {
            *word = value;
        }
        at += 1;
    };
    put(f64::from(ticket));
    let channels = match request {
        Request::Rows(rows) => {
            put(ROWS);
            put(rows.start_frame as f64);
            put(rows.span.columns.start as f64);
            put(rows.span.columns.end as f64);
            put(f64::from(rows.span.levels.start));
            put(f64::from(rows.span.levels.end));
            put(rows.span.every as f64);
            let (kind, parameter) = window_numbers(rows.stft.window);
            put(kind);
            put(parameter);
            put(rows.stft.window_size as f64);
            put(rows.stft.hop_frames as f64);
            put(rows.stft.fft_size as f64);
            put(SCALES
                .iter()
                .position(|scale| *scale == rows.axis.scale())
                .unwrap_or(0) as f64);
            put(rows.axis.min_hz());
            put(rows.axis.max_hz());
            put(rows.axis.bins() as f64);
            &rows.channels
        }
        Request::Envelopes {
            start_frame,
            frames,
            channels,
        } => {
            put(ENVELOPES);
            put(*start_frame as f64);
            put(*frames as f64);
            channels
        }
        Request::Listen(request) => {
            put(LISTEN);
            listen::numbers(request).into_iter().for_each(&mut put);
            &request.channels
        }
    };
    let channels = &channels[..channels.len().min(MAX_CHANNELS)];
    put(channels.len() as f64);
    for channel in channels {
        put(f64::from(*channel));
    }
    words
}

/// The ticket and the request in the numbers; `None` where they are none.
#[must_use]
pub fn decode(words: &[f64]) -> Option<(u32, Request)> {
    let mut words = words.iter().copied();
    let ticket = words.next()? as u32;
    let kind = words.next()?;
    let request = if kind == ROWS {
        let start_frame = words.next()? as u64;
        let span = RowSpan {
            columns: words.next()? as u64..words.next()? as u64,
            levels: words.next()? as u32..words.next()? as u32,
            every: words.next()? as u64,
        };
        let window = window_of(words.next()?, words.next()?)?;
        let (size, hop, padded) = (
            words.next()? as usize,
            words.next()? as usize,
            words.next()? as usize,
        );
        let stft = StftParams::new(window, size, hop)
            .and_then(|stft| stft.padded_to(padded))
            .ok()?;
        let scale = *SCALES.get(words.next()? as usize)?;
        let (min_hz, max_hz, columns) = (words.next()?, words.next()?, words.next()? as usize);
        let axis = FrequencyAxis::new(scale, min_hz, max_hz, columns).ok()?;
        if span.columns.is_empty()
            || span.levels.is_empty()
            || span.levels.end > MAX_LEVELS
            || !span.every.is_power_of_two()
        {
            return None;
        }
        Request::Rows(RowsRequest {
            start_frame,
            span,
            stft,
            axis,
            channels: channels(&mut words)?,
        })
    } else if kind == ENVELOPES {
        Request::Envelopes {
            start_frame: words.next()? as u64,
            frames: words.next()? as u64,
            channels: channels(&mut words)?,
        }
    } else if kind == LISTEN {
        Request::Listen(Box::new(listen::read(&mut words)?))
    } else {
        return None;
    };
    Some((ticket, request))
}

pub(crate) fn channels(words: &mut impl Iterator<Item = f64>) -> Option<Vec<u32>> {
    let count = words.next()? as usize;
    let channels: Vec<u32> = words.take(count).map(|word| word as u32).collect();
    (count <= MAX_CHANNELS && channels.len() == count).then_some(channels)
}

pub(crate) fn window_numbers(window: Window) -> (f64, f64) {
    match window {
        Window::Kaiser(beta) => (KAISER, beta),
        Window::Gaussian(sigma) => (GAUSSIAN, sigma),
        other => {
            let at = WINDOWS.iter().position(|window| *window == other);
            (at.unwrap_or(0) as f64, 0.0)
        }
    }
}

pub(crate) fn window_of(kind: f64, parameter: f64) -> Option<Window> {
    if kind == KAISER {
        Some(Window::Kaiser(parameter))
    } else if kind == GAUSSIAN {
        Some(Window::Gaussian(parameter))
    } else {
        WINDOWS.get(kind as usize).copied()
    }
}

/// How an answer went, beside its bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AnswerHead {
    /// The request's ticket.
    pub ticket: u32,
    /// Why there are no bytes.
    pub outcome: Result<(), ReadError>,
    /// Bytes of payload.
    pub bytes: usize,
    /// Microseconds the worker took.
    pub took_us: f64,
    /// Columns analysed.
    pub columns: u64,
}

impl AnswerHead {
    /// As numbers, the first of [`HEAD`].
    #[must_use]
    pub fn encode(&self) -> [f64; HEAD] {
        let (status, a, b) = match self.outcome {
            Ok(()) => (0.0, 0.0, 0.0),
            Err(ReadError::NotYet { available }) => (1.0, available as f64, 0.0),
            Err(ReadError::Lapped {
                lost_frames,
                resume_at,
            }) => (2.0, lost_frames as f64, resume_at as f64),
            Err(ReadError::TooLong { frames, readable }) => (3.0, frames as f64, readable as f64),
            Err(ReadError::NoSuchChannel { channel, channels }) => {
                (4.0, f64::from(channel), f64::from(channels))
            }
            Err(_) => (5.0, 0.0, 0.0),
        };
        let mut words = [0.0; HEAD];
        words[..7].copy_from_slice(&[
            f64::from(self.ticket),
            status,
            a,
            b,
            self.bytes as f64,
            self.took_us,
            self.columns as f64,
        ]);
        words
    }

    /// From the numbers; `None` where there are too few.
    #[must_use]
    pub fn decode(words: &[f64]) -> Option<Self> {
        let [ticket, status, a, b, bytes, took_us, columns] = *words.first_chunk::<7>()?;
        let outcome = match status as u32 {
            0 => Ok(()),
            1 => Err(ReadError::NotYet {
                available: a as u64,
            }),
            2 => Err(ReadError::Lapped {
                lost_frames: a as u64,
                resume_at: b as u64,
            }),
            3 => Err(ReadError::TooLong {
                frames: a as u64,
                readable: b as u64,
            }),
            4 => Err(ReadError::NoSuchChannel {
                channel: a as u32,
                channels: b as u32,
            }),
            _ => Err(ReadError::Replaced),
        };
        Some(Self {
            ticket: ticket as u32,
            outcome,
            bytes: bytes as usize,
            took_us,
            columns: columns as u64,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    #[test]
    fn every_request_comes_back_as_it_was() {
        for window in [
            Window::Nuttall,
            Window::Kaiser(8.6),
            Window::Gaussian(99.5),
            Window::Rect,
        ] {
            for scale in SCALES {
                let request = Request::Rows(RowsRequest {
                    start_frame: (1 << 52) + 1,
                    span: RowSpan {
                        columns: (1 << 51) + 1..(1 << 51) + 65,
                        levels: 1..7,
                        every: 4,
                    },
                    stft: StftParams::new(window, 2048, 512)
                        .unwrap()
                        .padded_to(4096)
                        .unwrap(),
                    axis: FrequencyAxis::new(scale, 30.0, 20_000.0, 512).unwrap(),
                    channels: (0..64).rev().collect(),
                });
                assert_eq!(decode(&encode(7, &request)).unwrap(), (7, request));
            }
        }
        let request = Request::Envelopes {
            start_frame: 640,
            frames: 6400,
            channels: vec![3, 1],
        };
        assert_eq!(
            decode(&encode(u32::MAX, &request)).unwrap(),
            (u32::MAX, request)
        );
    }

    #[test]
    fn nonsense_is_no_request() {
        assert!(decode(&[]).is_none());
        assert!(decode(&[f64::NAN; HEAD]).is_none());
        assert!(decode(&[1.0; HEAD]).is_none());
        assert!(decode(&[2.0; 3]).is_none());
        let mut words = [0.0; HEAD];
        words[1] = ENVELOPES;
        words[4] = 65.0;
        assert!(decode(&words).is_none());
    }

    #[test]
    fn answers_keep_their_outcome() {
        for outcome in [
            Ok(()),
            Err(ReadError::NotYet { available: 5 }),
            Err(ReadError::Lapped {
                lost_frames: 10,
                resume_at: 1 << 40,
            }),
            Err(ReadError::TooLong {
                frames: 9,
                readable: 8,
            }),
            Err(ReadError::NoSuchChannel {
                channel: 3,
                channels: 2,
            }),
            Err(ReadError::Replaced),
        ] {
            let head = AnswerHead {
                ticket: 9,
                outcome,
                bytes: 4096,
                took_us: 12.5,
                columns: 384,
            };
            assert_eq!(AnswerHead::decode(&head.encode()).unwrap(), head);
        }
    }
}
