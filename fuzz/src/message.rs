//! Requests and responses between page and worker: any bytes are taken for one, as another page's
//! would be. Whatever is taken is within its limits, travels back as it came, and gets a response
//! from a worker, never a panic.

use std::sync::LazyLock;

use soundfall_analysis::{
    EnvelopesRequest, Failure, History, InstrumentsId, InstrumentsRequest, Message, Outcome,
    Recording, Request, RequestId, Response, RowsRequest, Worker,
};
use soundfall_dsp::instruments::{InstrumentSet, InstrumentSettings};
use soundfall_dsp::rows::RowSpan;
use soundfall_dsp::scale::{FrequencyAxis, Scale};
use soundfall_dsp::stft::StftParams;
use soundfall_dsp::window::Window;

/// Most bytes of a response here.
const MAX_BYTES: usize = 1 << 20;

/// Frames of a channel that a request is answered for: what is asked for must not cost the time of
/// the fuzzer.
const MAX_FRAMES: u64 = 1 << 14;

/// Bytes of rows that are answered for, for the same reason.
const MAX_ROWS: u64 = 1 << 20;

/// What everything is asked of.
static WORK: LazyLock<Option<(Recording, Worker)>> = LazyLock::new(|| {
    let plane = |channel: u32| {
        (0..48_000_u32)
            .map(|i| ((i * (channel + 1) % 97) as f32 / 97.0) - 0.5)
            .collect()
    };
    let recording = Recording::from_planes(48_000, (0..4).map(plane).collect()).ok()?;
    Some((recording, Worker::new()))
});

/// Checks one input; true if it is a request or a response.
///
/// # Panics
/// Where a promise about messages or the worker is broken.
pub fn check(bytes: &[u8]) -> bool {
    let request = Message::<Request>::decode(bytes);
    let response = Message::<Response>::decode(bytes, MAX_BYTES);
    for error in [
        request.as_ref().err().map(ToString::to_string),
        response.as_ref().err().map(ToString::to_string),
    ] {
        let lines = error.map_or(1, |error| error.lines().count());
        assert_eq!(lines, 1, "an error is one line");
    }
    let known = request.is_ok() || response.is_ok();
    if let Ok(request) = request {
        look_at_request(request);
    }
    if let Ok(response) = response {
        look_at_response(response);
    }
    known
}

fn look_at_request(request: Message<Request>) {
    assert_eq!(request.body.check(), Ok(()));
    let mut bytes = Vec::new();
    // Numbers can be written in more bytes than they need, never in fewer.
    let fits = request.encode(&mut bytes).is_ok();
    assert!(fits, "what was read can be written");
    let again = Message::<Request>::decode(&bytes).ok();
    // Compared as bytes: NaN is not itself.
    let mut once_more = Vec::new();
    let written = again.is_some_and(|again| again.encode(&mut once_more).is_ok());
    assert!(written && bytes == once_more, "{request:?}");
    let Some((recording, worker)) = &*WORK else {
        panic!("no recording");
    };
    if is_cheap(&request.body) {
        let outcome = worker.answer(recording, &request.body).outcome;
        let panicked = matches!(outcome, Outcome::Failed(Failure::Panicked { .. }));
        assert!(!panicked, "{:?}: {outcome:?}", request.body);
        assert!(
            !matches!(outcome, Outcome::Wait { .. }),
            "all of the recording is there"
        );
    }
    assert_eq!(recording.format().channels, 4);
}

fn is_cheap(request: &Request) -> bool {
    let short = |frames: Option<std::ops::Range<u64>>| {
        frames.is_some_and(|frames| frames.end - frames.start <= MAX_FRAMES)
    };
    match request {
        Request::Rows(rows) => {
            short(rows.frames())
                && rows.span.columns.end - rows.span.columns.start <= 64
                && rows.stft.fft_size <= 1 << 14
                && rows.bytes().is_some_and(|bytes| bytes <= MAX_ROWS)
        }
        Request::Envelopes(envelopes) => short(envelopes.frames()),
        Request::Instruments(instruments) => {
            let settings = &instruments.settings;
            settings.stft.fft_size <= 1 << 14 && settings.stft.hop_frames >= 64
        }
        _ => true,
    }
}

fn look_at_response(response: Message<Response>) {
    let (mut bytes, mut again) = (Vec::new(), Vec::new());
    assert!(response.encode(MAX_BYTES, &mut bytes).is_ok());
    assert!(bytes.len() <= MAX_BYTES);
    match Message::<Response>::decode(&bytes, MAX_BYTES) {
        Ok(response) => assert!(response.encode(MAX_BYTES, &mut again).is_ok()),
        Err(error) => panic!("what was written cannot be read: {error}"),
    }
    assert_eq!(bytes, again);
}

/// Requests and responses of every kind, with names: what the corpus is made of.
///
/// # Panics
/// Where one of them cannot be written.
#[must_use]
pub fn seeds() -> Vec<(String, Vec<u8>)> {
    let Ok(stft) = StftParams::new(Window::Kaiser(8.6), 256, 64) else {
        panic!("no such window");
    };
    let Ok(axis) = FrequencyAxis::new(Scale::Log, 50.0, 20_000.0, 64) else {
        panic!("no such axis");
    };
    let mut settings = InstrumentSettings::new(stft, axis, 48_000, 2);
    settings.wanted = InstrumentSet::ALL;
    settings.pair = Some((0, 1));
    let id = InstrumentsId::unique();
    let requests = [
        (
            "rows",
            Request::Rows(RowsRequest {
                start_frame: 6400,
                span: RowSpan {
                    columns: 100..108,
                    mips: 0..3,
                    every: 1,
                },
                stft,
                axis,
                channels: vec![3, 0],
            }),
        ),
        (
            "coarse-rows",
            Request::Rows(RowsRequest {
                start_frame: 0,
                span: RowSpan {
                    columns: 0..64,
                    mips: 2..3,
                    every: 4,
                },
                stft,
                axis,
                channels: (0..4).collect(),
            }),
        ),
        (
            "rows-beyond",
            Request::Rows(RowsRequest {
                start_frame: 48_000,
                span: RowSpan {
                    columns: 750..751,
                    mips: 0..1,
                    every: 1,
                },
                stft,
                axis,
                channels: vec![0],
            }),
        ),
        (
            "envelopes",
            Request::Envelopes(EnvelopesRequest {
                start_frame: 640,
                frames: 640,
                entry_frames: 64,
                channels: vec![1, 2],
            }),
        ),
        (
            "no-such-channel",
            Request::Envelopes(EnvelopesRequest {
                start_frame: 0,
                frames: 64,
                entry_frames: 1,
                channels: vec![4],
            }),
        ),
        (
            "instruments",
            Request::Instruments(Box::new(InstrumentsRequest {
                id,
                channels: vec![0, 1],
                settings,
                restarts: 1,
                first_frame: 0,
                end_frame: 4096,
            })),
        ),
        ("release", Request::Release(id)),
    ];
    let Some((recording, worker)) = &*WORK else {
        panic!("no recording");
    };
    let mut seeds = Vec::new();
    for (at, (name, body)) in (7..).zip(requests) {
        let response = Response {
            // The same in every run.
            took_us: 250.0,
            ..worker.answer(recording, &body)
        };
        let id = RequestId(at * 100);
        let (mut request_bytes, mut response_bytes) = (Vec::new(), Vec::new());
        let written = Message { id, body }.encode(&mut request_bytes).is_ok()
            && Message { id, body: response }
                .encode(MAX_BYTES, &mut response_bytes)
                .is_ok();
        assert!(written, "{name} cannot be written");
        seeds.push((format!("request-{name}"), request_bytes));
        seeds.push((format!("response-{name}"), response_bytes));
    }
    let failures = [
        ("abandoned", Outcome::Failed(Failure::Abandoned)),
        ("wait", Outcome::Wait { available: 480 }),
        (
            "lost",
            Outcome::Lost {
                lost_frames: 1 << 40,
                resume_at: 1 << 41,
            },
        ),
        (
            "panicked",
            Outcome::Failed(Failure::Panicked {
                message: "index out of range".to_owned(),
            }),
        ),
    ];
    for (name, outcome) in failures {
        let mut bytes = Vec::new();
        let body = Response {
            outcome,
            columns: 0,
            took_us: 12.5,
        };
        let id = RequestId(u32::MAX);
        let written = Message { id, body }.encode(MAX_BYTES, &mut bytes).is_ok();
        assert!(written, "{name} cannot be written");
        seeds.push((format!("response-{name}"), bytes));
    }
    seeds
}
