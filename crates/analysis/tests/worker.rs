//! What the worker answers: against the engines of `soundfall-dsp` on the same samples, and for
//! samples that are lost, not there yet, or cannot be read.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod common;

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use common::{RATE, instruments, recording, rows, sine};
use soundfall_analysis::{
    EnvelopesRequest, Failure, History, HistoryError, HistoryFormat, InstrumentsId, Outcome,
    Recording, Request, RequestError, Response, RingHistory, RowsRequest, Worker,
};
use soundfall_dsp::envelope::reduce;
use soundfall_dsp::instruments::{InstrumentReport, InstrumentSet, Instruments};
use soundfall_dsp::rows::{LEVEL_BYTES, RowEngine, RowShape};
use soundfall_ring::{Gap, GapReason, HeapStorage, RingFormat, RingWriter, heap_ring};

/// A recording of which not all is there, and that can break.
struct Odd {
    recording: Recording,
    /// Frames before this one are decoded.
    decoded: AtomicU64,
    breaks: bool,
}

impl Odd {
    fn new(decoded: u64) -> Self {
        Self {
            recording: recording(2, 48_000),
            decoded: decoded.into(),
            breaks: false,
        }
    }
}

impl History for Odd {
    fn format(&self) -> HistoryFormat {
        self.recording.format()
    }

    fn epoch(&self) -> u64 {
        self.recording.epoch()
    }

    fn extent(&self) -> Range<u64> {
        self.recording.extent()
    }

    fn read(&self, channel: u32, first_frame: u64, out: &mut [f32]) -> Result<(), HistoryError> {
        assert!(!self.breaks, "the decoder of channel {channel} fell over");
        let available = self.decoded.load(Ordering::Relaxed);
        if first_frame + out.len() as u64 > available {
            return Err(HistoryError::Wait { available });
        }
        self.recording.read(channel, first_frame, out)
    }

    fn gap_total(&self) -> u64 {
        0
    }

    fn gaps(&self) -> Vec<Gap> {
        Vec::new()
    }
}

/// The rows of a request by the engine alone, from whole planes.
fn expected(request: &RowsRequest, planes: &[Vec<f32>]) -> Vec<u8> {
    let shape = RowShape::new(request.stft, request.axis, RATE);
    let mut engine = RowEngine::new(&request.stft).unwrap();
    let mut out = vec![0; request.bytes().unwrap() as usize];
    let frames = request.frames().unwrap();
    let frames = frames.start as usize..frames.end as usize;
    let channels = request.channels.len() as u64;
    for (slot, channel) in (0..).zip(&request.channels) {
        let samples = &planes[*channel as usize][frames.clone()];
        let place = (slot, channels);
        engine.rows(&shape, &request.span, samples, |_| false, place, &mut out);
    }
    out
}

fn bytes(response: Response) -> Vec<u8> {
    match response.outcome {
        Outcome::Rows(rows) => rows.to_vec(),
        other => panic!("no rows: {other:?}"),
    }
}

fn report(response: Response) -> InstrumentReport {
    match response.outcome {
        Outcome::Instruments(report) => (*report).clone(),
        other => panic!("no report: {other:?}"),
    }
}

fn ring(capacity: u64) -> (RingWriter<HeapStorage>, RingHistory) {
    let format = RingFormat::new(RATE, 2, capacity, 64).unwrap();
    let (writer, ring) = heap_ring(&format, "t").unwrap();
    (writer, RingHistory::new(ring))
}

fn write(writer: &mut RingWriter<HeapStorage>, planes: &[Vec<f32>]) {
    let (left, right) = (planes[0].chunks_exact(64), planes[1].chunks_exact(64));
    for (left, right) in left.zip(right) {
        let pairs = left.iter().zip(right).flat_map(|(l, r)| [*l, *r]);
        writer.write_block(&pairs.collect::<Vec<_>>()).unwrap();
    }
}

#[test]
fn rows_are_those_of_the_engine_and_gaps_are_holes() {
    let planes = [sine(0, 2560), sine(1, 2560)];
    let (mut writer, history) = ring(8192);
    write(&mut writer, &planes);
    let worker = Worker::new();
    let asked = rows(128);
    let whole = expected(&asked, &planes);
    for history in [&history as &dyn History, &recording(2, 2560)] {
        // Twice: engines and buffers that were used before change nothing.
        for _ in 0..2 {
            let response = worker.answer(history, &Request::Rows(asked.clone()));
            assert_eq!(response.columns, 12);
            assert_eq!(bytes(response), whole);
        }
    }
    writer.record_gap(130, 10, GapReason::DeviceLost);
    let with_gap = bytes(worker.answer(&history, &Request::Rows(asked.clone())));
    let row = 64 * LEVEL_BYTES;
    // The windows of the first column of channel 1 alone touch the gap.
    let hole = (-1.0_f32, 0xbc00_u16.to_le_bytes());
    assert!(
        with_gap[..row].chunks(2).all(|level| level == hole.1),
        "{hole:?}"
    );
    assert_eq!(with_gap[row..6 * row], whole[row..6 * row]);
    let recording = recording(2, 2560)
        .with_gaps(vec![Gap {
            start_frame: 130,
            length_frames: 10,
            reason: GapReason::DeviceLost,
        }])
        .unwrap();
    assert_eq!(
        bytes(worker.answer(&recording, &Request::Rows(asked))),
        with_gap
    );
}

#[test]
fn a_row_is_never_made_of_what_a_buffer_held_before() {
    let worker = Worker::new();
    let recording = recording(2, 4800);
    let mut more = rows(0);
    more.span.columns = 0..40;
    drop(worker.answer(&recording, &Request::Rows(more)));
    let asked = rows(64);
    let planes = [sine(0, 4800), sine(1, 4800)];
    let fresh = expected(&asked, &planes);
    assert_eq!(
        bytes(worker.answer(&recording, &Request::Rows(asked))),
        fresh
    );
}

#[test]
fn threads_share_a_worker() {
    let worker = Arc::new(Worker::new());
    let history = Arc::new(recording(2, 48_000));
    let planes = [sine(0, 48_000), sine(1, 48_000)];
    let jobs: Vec<_> = (0..4)
        .map(|thread| {
            let (worker, history) = (worker.clone(), history.clone());
            std::thread::spawn(move || {
                let ask = |at: u64| {
                    let asked = rows((thread * 10_000 + at * 320) / 64 * 64);
                    let got = bytes(worker.answer(&*history, &Request::Rows(asked.clone())));
                    (asked, got)
                };
                (0..20).map(ask).collect::<Vec<_>>()
            })
        })
        .collect();
    for (asked, got) in jobs.into_iter().flat_map(|job| job.join().unwrap()) {
        assert_eq!(got, expected(&asked, &planes));
    }
}

#[test]
fn envelopes_have_entries_of_any_length() {
    let planes = [sine(0, 2560), sine(1, 2560)];
    let (mut writer, history) = ring(8192);
    write(&mut writer, &planes);
    for entry_frames in [1, 64, 1280] {
        let asked = Request::Envelopes(EnvelopesRequest {
            start_frame: 64,
            frames: 1280,
            entry_frames,
            channels: vec![1, 0],
        });
        let response = Worker::new().answer(&history, &asked);
        let Outcome::Envelopes(entries) = response.outcome else {
            panic!("no entries: {response:?}");
        };
        let one = |channel: usize| planes[channel][64..1344].chunks(entry_frames as usize);
        let expected: Vec<_> = one(1).chain(one(0)).map(reduce).collect();
        assert_eq!(*entries, expected);
    }
}

#[test]
fn instruments_hear_on_over_gaps_and_changes() {
    let (mut writer, history) = ring(96_000);
    let mut asked = instruments(vec![1], 0);
    let worker = Worker::new();
    let planes = [sine(0, 48_000), sine(1, 48_000)];
    let mut last = InstrumentReport::default();
    for block in 0..100 {
        if block == 50 {
            writer.record_gap(24_000, 480, GapReason::DeviceLost);
        }
        let part = block * 480..(block + 1) * 480;
        let part = part.start / 64 * 64..part.end / 64 * 64;
        write(
            &mut writer,
            &planes.each_ref().map(|plane| plane[part.clone()].to_vec()),
        );
        asked.end_frame = u64::MAX;
        last = report(worker.answer(&history, &Request::Instruments(Box::new(asked.clone()))));
        asked.settings.stft.hop_frames = if block < 30 { 512 } else { 256 };
    }
    assert_eq!((last.end_frame, last.lost_frames), (48_000, 480));
    assert_eq!(last.heard_frames, 47_520, "a change forgets nothing");
    let track = last.channels[0].tracks[0];
    assert!((track.hz - 880.0).abs() < 0.1, "{}", track.hz);
    assert!((last.channels[0].level.unwrap().rms_dbfs + 6.02).abs() < 0.05);
}

#[test]
fn several_views_have_instruments_and_release_them() {
    let recording = recording(2, 48_000);
    let worker = Worker::new();
    let ask = |asked: &soundfall_analysis::InstrumentsRequest| {
        worker.answer(&recording, &Request::Instruments(Box::new(asked.clone())))
    };
    let (mut left, mut right) = (instruments(vec![0], 24_000), instruments(vec![1], 12_000));
    right.settings.stft.hop_frames = 256;
    for (asked, hz) in [(&left, 440.0), (&right, 880.0)] {
        let report = report(ask(asked));
        assert_eq!(report.heard_frames, asked.end_frame);
        let mut alone = Instruments::new(asked.settings.clone()).unwrap();
        let frames = 0..asked.end_frame as usize;
        alone.push(0, &sine(asked.channels[0] as usize, 48_000)[frames]);
        assert_eq!(report.channels[0].tracks, alone.report().channels[0].tracks);
        assert!((report.channels[0].tracks[0].hz - hz).abs() < 0.1);
    }
    left.end_frame = 48_000;
    assert_eq!(report(ask(&left)).heard_frames, 48_000);
    let released = worker.answer(&recording, &Request::Release(right.id));
    assert_eq!(released.outcome, Outcome::Released);
    right.first_frame = 12_000;
    right.end_frame = 24_000;
    assert_eq!(report(ask(&right)).heard_frames, 12_000, "it began anew");
    left.restarts += 1;
    assert_eq!(report(ask(&left)).heard_frames, 0);
    let unknown = Request::Release(InstrumentsId::unique());
    assert_eq!(
        worker.answer(&recording, &unknown).outcome,
        Outcome::Released
    );
}

#[test]
fn another_history_begins_anew() {
    let worker = Worker::new();
    let asked = Request::Instruments(Box::new(instruments(vec![0], 9600)));
    assert_eq!(
        report(worker.answer(&recording(1, 9600), &asked)).heard_frames,
        9600
    );
    assert_eq!(
        report(worker.answer(&recording(1, 4800), &asked)).heard_frames,
        4800
    );
}

#[test]
fn what_is_not_there_yet_is_waited_for() {
    let history = Odd::new(1000);
    let worker = Worker::new();
    let envelopes = EnvelopesRequest {
        start_frame: 640,
        frames: 640,
        entry_frames: 64,
        channels: vec![0],
    };
    let asked = [
        Request::Rows(rows(960)),
        Request::Envelopes(envelopes),
        Request::Instruments(Box::new(instruments(vec![0, 1], 4800))),
    ];
    for request in &asked {
        let response = worker.answer(&history, request);
        assert_eq!(response.outcome, Outcome::Wait { available: 1000 });
        assert_eq!(response.columns, 0);
    }
    history.decoded.store(48_000, Ordering::Relaxed);
    assert_eq!(
        bytes(worker.answer(&history, &asked[0])),
        bytes(worker.answer(&recording(2, 48_000), &asked[0])),
    );
    assert!(matches!(
        worker.answer(&history, &asked[1]).outcome,
        Outcome::Envelopes(_)
    ));
    let report = report(worker.answer(&history, &asked[2]));
    assert_eq!((report.heard_frames, report.lost_frames), (4800, 0));
}

#[test]
fn what_is_overwritten_is_lost() {
    let (mut writer, history) = ring(1024);
    let worker = Worker::new();
    let ahead = worker.answer(&history, &Request::Rows(rows(0)));
    assert_eq!(ahead.outcome, Outcome::Wait { available: 0 });
    for _ in 0..100 {
        writer.write_silence_block().unwrap();
    }
    let response = worker.answer(&history, &Request::Rows(rows(0)));
    let Outcome::Lost {
        lost_frames,
        resume_at,
    } = response.outcome
    else {
        panic!("{response:?}");
    };
    assert_eq!(lost_frames, resume_at);
    assert!(history.extent().contains(&resume_at), "{resume_at}");
    assert_eq!(history.extent(), 6400 - 1024 + 64..6400);
    let mut asked = instruments(vec![0], 6400);
    asked.first_frame = 3000;
    let asked = Request::Instruments(Box::new(asked));
    drop(worker.answer(&history, &asked));
    let report = report(worker.answer(&history, &asked));
    assert_eq!(report.heard_frames, 1024 - 64);
    assert_eq!(report.end_frame, 6400, "they go on at what is left");
    assert_eq!(report.lost_frames, 0, "nothing was heard before");
}

#[test]
fn a_panic_is_caught_and_counted() {
    let mut history = Odd::new(48_000);
    history.breaks = true;
    let worker = Worker::new();
    let instruments = Request::Instruments(Box::new(instruments(vec![0], 4800)));
    let loud = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let broken = [
        worker.answer(&history, &Request::Rows(rows(0))),
        worker.answer(&history, &instruments),
    ];
    std::panic::set_hook(loud);
    for response in broken {
        let Outcome::Failed(Failure::Panicked { message }) = response.outcome else {
            panic!("{response:?}");
        };
        assert!(message.contains("fell over"), "{message}");
        assert_eq!(response.columns, 0);
    }
    assert_eq!(worker.panics(), 2);
    // It goes on.
    history.breaks = false;
    let planes = [sine(0, 48_000), sine(1, 48_000)];
    let asked = rows(0);
    let got = bytes(worker.answer(&history, &Request::Rows(asked.clone())));
    assert_eq!(got, expected(&asked, &planes));
    assert_eq!(
        report(worker.answer(&history, &instruments)).heard_frames,
        4800
    );
    assert_eq!(worker.panics(), 2);
}

#[test]
fn what_no_history_gives_fails_in_words() {
    let recording = recording(2, 4800);
    let worker = Worker::new();
    let fails = |request: Request| match worker.answer(&recording, &request).outcome {
        Outcome::Failed(failure) => failure,
        other => panic!("{other:?}"),
    };
    let rows_with = |change: &dyn Fn(&mut RowsRequest)| {
        let mut asked = rows(0);
        change(&mut asked);
        fails(Request::Rows(asked))
    };
    let history = |error| Failure::History(error);
    assert_eq!(
        rows_with(&|rows| rows.channels = vec![2]),
        history(HistoryError::NoSuchChannel {
            channel: 2,
            channels: 2
        })
    );
    assert_eq!(
        rows_with(&|rows| rows.start_frame = 4800),
        history(HistoryError::PastEnd { end: 4800 })
    );
    assert_eq!(
        rows_with(&|rows| rows.span.columns = 0..1000),
        history(HistoryError::TooLong {
            frames: 999 * 64 + 256,
            readable: 4800
        })
    );
    let refused: [&dyn Fn(&mut RowsRequest); 9] = [
        &|rows| rows.channels = vec![],
        &|rows| rows.channels = vec![0; 65],
        &|rows| rows.span.columns = 6..6,
        &|rows| rows.span.mips = 0..33,
        &|rows| rows.span.mips = 2..2,
        &|rows| rows.span.every = 3,
        &|rows| rows.span.columns = 0..u64::MAX,
        &|rows| rows.start_frame = u64::MAX,
        &|rows| {
            rows.span.columns = 0..300_000;
            rows.span.mips = 0..32;
        },
    ];
    for change in refused {
        assert!(matches!(rows_with(change), Failure::Request(_)));
    }
    let envelopes = |start_frame, frames| {
        fails(Request::Envelopes(EnvelopesRequest {
            start_frame,
            frames,
            entry_frames: 64,
            channels: vec![0],
        }))
    };
    assert!(matches!(envelopes(0, 1 << 50), Failure::Request(_)));
    assert!(matches!(envelopes(u64::MAX - 10, 64), Failure::Request(_)));
    assert!(matches!(
        envelopes(0, 63),
        Failure::Request(RequestError::EnvelopeFrames {
            frames: 63,
            entry_frames: 64
        })
    ));
    let mut asked = instruments(vec![0, 1], 4800);
    asked.settings.sample_rate = 44_100;
    let other_rate = fails(Request::Instruments(Box::new(asked.clone())));
    assert!(other_rate.to_string().contains("44100 Hz"), "{other_rate}");
    asked.settings.sample_rate = RATE;
    asked.settings.pair = Some((0, 2));
    let no_pair = fails(Request::Instruments(Box::new(asked)));
    assert!(no_pair.to_string().contains("pair"), "{no_pair}");
    assert_eq!(worker.panics(), 0);
}

#[test]
fn reports_are_written_into_buffers_that_came_back() {
    let recording = recording(1, 48_000);
    let worker = Worker::new();
    let mut asked = instruments(vec![0], 24_000);
    let first = report(worker.answer(&recording, &Request::Instruments(Box::new(asked.clone()))));
    assert!(first.loudness.is_some());
    // Another set: nothing of the report before is left.
    asked.settings.wanted = InstrumentSet::NONE;
    asked.end_frame = 48_000;
    let second = report(worker.answer(&recording, &Request::Instruments(Box::new(asked))));
    assert!(second.loudness.is_none() && second.channels[0].hold_dbfs.is_empty());
}
