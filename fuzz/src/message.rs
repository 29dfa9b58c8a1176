//! Requests and responses between page and worker: any bytes are taken for one, as another page's
//! would be. Whatever is taken is within its limits, travels back as it came, and gets a response
//! from a worker, never a panic.

use std::sync::LazyLock;

use soundfall_analysis::{Failure, History, Message, Outcome, Recording, Request, Response, Worker};

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
