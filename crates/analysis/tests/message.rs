//! Requests and responses as bytes, and bytes that are neither.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{RATE, recording, settings};
use proptest::prelude::*;
use soundfall_analysis::{
    DecodeError, EncodeError, EnvelopesRequest, Failure, HistoryError, InstrumentsId,
    InstrumentsRequest, MAX_REQUEST_BYTES, Message, Outcome, Request, RequestError, RequestId,
    Response, RowsRequest, Worker,
};
use soundfall_dsp::envelope::MinMaxRms;
use soundfall_dsp::instruments::{InstrumentReport, InstrumentSet, Instruments};
use soundfall_dsp::rows::RowSpan;
use soundfall_dsp::scale::{FrequencyAxis, Scale};
use soundfall_dsp::stft::StftParams;
use soundfall_dsp::window::Window;

const ANY: usize = 1 << 24;

fn windows() -> impl Strategy<Value = Window> {
    prop_oneof![
        Just(Window::Hann),
        Just(Window::Hamming),
        Just(Window::Blackman),
        Just(Window::BlackmanHarris),
        Just(Window::Nuttall),
        Just(Window::FlatTop),
        Just(Window::Rect),
        (0.0..500.0).prop_map(Window::Kaiser),
        (1.0..1e6).prop_map(Window::Gaussian),
    ]
}

prop_compose! {
    fn stfts()(
        window in windows(),
        size in 64usize..=32_768,
        padding in 1usize..=4,
        hop in 1usize..10_000,
    ) -> StftParams {
        StftParams::new(window, size, hop).unwrap().padded_to(size * padding).unwrap()
    }
}

prop_compose! {
    fn axes()(
        scale in prop::sample::select(Scale::ALL.to_vec()),
        min_hz in 1.0..1000.0,
        width in 1.0..40_000.0,
        bins in 1usize..2000,
    ) -> FrequencyAxis {
        FrequencyAxis::new(scale, min_hz, min_hz + width, bins).unwrap()
    }
}

fn channels() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(any::<u32>(), 1..=64)
}

prop_compose! {
    fn rows()(
        start_frame in 0u64..1 << 62,
        first in 0u64..1 << 62,
        columns in 1u64..16,
        first_mip in 0u32..28,
        mips in 1u32..4,
        every in 0u32..6,
        stft in stfts(),
        axis in axes(),
        channels in channels(),
    ) -> Request {
        Request::Rows(RowsRequest {
            start_frame,
            span: RowSpan {
                columns: first..first + columns,
                mips: first_mip..first_mip + mips,
                every: 1 << every,
            },
            stft,
            axis,
            channels,
        })
    }
}

prop_compose! {
    fn envelopes()(
        start_frame in 0u64..1 << 62,
        entries in 1u64..10_000,
        shift in 0u32..8,
        channels in channels(),
    ) -> Request {
        Request::Envelopes(EnvelopesRequest { start_frame, frames: entries << shift, entry_frames: 1 << shift, channels })
    }
}

prop_compose! {
    fn instruments()(
        stft in stfts(),
        axis in axes(),
        channels in channels(),
        wanted in any::<u32>(),
        restarts in any::<u32>(),
        (first_frame, end_frame) in any::<(u64, u64)>(),
        with_pair in any::<bool>(),
        fall in prop::option::of(0.0..100.0),
    ) -> Request {
        let mut settings = settings(channels.len(), 256, InstrumentSet::from_bits(wanted));
        settings.stft = stft;
        settings.axis = axis;
        settings.pair = with_pair.then_some((channels.len() - 1, 0));
        settings.reference = channels.len() - 1;
        settings.hold_fall_db_per_sec = fall;
        Request::Instruments(Box::new(InstrumentsRequest {
            id: InstrumentsId::unique(),
            channels,
            settings,
            restarts,
            first_frame,
            end_frame,
        }))
    }
}

fn requests() -> impl Strategy<Value = Request> {
    prop_oneof![
        rows(),
        envelopes(),
        instruments(),
        Just(()).prop_map(|()| Request::Release(InstrumentsId::unique())),
    ]
}

fn failures() -> impl Strategy<Value = Outcome> {
    let number = any::<u64>();
    prop_oneof![
        number.prop_map(|available| Outcome::Wait { available }),
        (number, number).prop_map(|(lost_frames, resume_at)| Outcome::Lost {
            lost_frames,
            resume_at
        }),
        number.prop_map(|end| Failure::from(HistoryError::PastEnd { end }).into()),
        (number, number).prop_map(|(frames, readable)| Failure::from(HistoryError::TooLong {
            frames,
            readable
        })
        .into()),
        any::<(u32, u32)>().prop_map(|(channel, channels)| Failure::from(
            HistoryError::NoSuchChannel { channel, channels }
        )
        .into()),
        Just(Failure::from(HistoryError::Replaced).into()),
        ".{0,80}".prop_map(|reason| Failure::from(HistoryError::Unreadable { reason }).into()),
        ".{0,80}".prop_map(|message| Failure::Panicked { message }.into()),
        ".{0,80}".prop_map(|text| Failure::from(RequestError::Settings(text)).into()),
        Just(Failure::from(RequestError::TooLarge).into()),
        Just(Failure::Abandoned.into()),
        Just(Outcome::Released),
    ]
}

fn responses() -> impl Strategy<Value = Response> {
    let level = -1.0f32..1.0;
    let entry =
        (level.clone(), level.clone(), level).prop_map(|(min, max, mean_square)| MinMaxRms {
            min,
            max,
            mean_square,
        });
    let outcome = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..2000).prop_map(|rows| Outcome::Rows(rows.into())),
        prop::collection::vec(entry, 0..200).prop_map(|all| Outcome::Envelopes(all.into())),
        failures(),
    ];
    (outcome, any::<u64>(), 0.0..1e9).prop_map(|(outcome, columns, took_us)| Response {
        outcome,
        columns,
        took_us,
    })
}

fn report(channels: usize, bins: usize, wanted: InstrumentSet, frames: usize) -> InstrumentReport {
    let mut instruments = Instruments::new(settings(channels, bins, wanted)).unwrap();
    let planar: Vec<f32> = (0..channels)
        .flat_map(|channel| common::sine(channel, frames))
        .collect();
    instruments.push(1 << 40, &planar);
    instruments.report()
}

fn reported(report: InstrumentReport) -> Message<Response> {
    Message {
        id: RequestId(3),
        body: Response {
            outcome: Outcome::Instruments(report.into()),
            columns: 0,
            took_us: 12.5,
        },
    }
}

fn there_and_back(response: Message<Response>) -> Message<Response> {
    let mut bytes = vec![7];
    response.encode(ANY, &mut bytes).unwrap();
    Message::<Response>::decode(&bytes[1..], ANY).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn requests_come_back_as_they_were(id: u32, body in requests()) {
        let message = Message { id: RequestId(id), body };
        let mut bytes = vec![7];
        message.encode(&mut bytes).unwrap();
        prop_assert_eq!(Message::<Request>::decode(&bytes[1..]).unwrap(), message);
        for end in 1..bytes.len() {
            prop_assert!(Message::<Request>::decode(&bytes[1..end]).is_err(), "cut at {}", end);
        }
        bytes.push(0);
        prop_assert!(Message::<Request>::decode(&bytes[1..]).is_err(), "something follows");
    }

    #[test]
    fn responses_come_back_as_they_were(id: u32, body in responses()) {
        let message = Message { id: RequestId(id), body };
        prop_assert_eq!(there_and_back(message.clone()), message.clone());
        let mut bytes = Vec::new();
        message.encode(ANY, &mut bytes).unwrap();
        for end in 0..bytes.len() {
            prop_assert!(Message::<Response>::decode(&bytes[..end], ANY).is_err(), "cut at {}", end);
        }
    }

    #[test]
    fn bytes_from_anywhere_are_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(message) = Message::<Request>::decode(&bytes) {
            prop_assert_eq!(message.body.check(), Ok(()));
        }
        let _ = Message::<Response>::decode(&bytes, ANY);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn reports_come_back_as_they_were(
        wanted in 0..=InstrumentSet::ALL.bits(),
        channels in 1usize..5,
        frames in 0usize..20_000,
    ) {
        let report = report(channels, 128, InstrumentSet::from_bits(wanted), frames);
        prop_assert_eq!(there_and_back(reported(report.clone())), reported(report));
    }
}

#[test]
fn a_report_that_does_not_fit_has_fewer_columns() {
    let whole = report(2, 128, InstrumentSet::ALL, 48_000);
    let mut bytes = Vec::new();
    reported(whole.clone()).encode(ANY, &mut bytes).unwrap();
    let most = bytes.len() - 1;
    let mut bytes = vec![7];
    reported(whole.clone()).encode(most, &mut bytes).unwrap();
    assert!(bytes.len() <= most + 1);
    let message = Message::<Response>::decode(&bytes[1..], most).unwrap();
    let Outcome::Instruments(smaller) = message.body.outcome else {
        panic!("{message:?}");
    };
    assert_eq!(smaller.columns, 64);
    for (small, full) in smaller.channels.iter().zip(&whole.channels) {
        for (at, level) in small.hold_dbfs.iter().enumerate() {
            let two = &full.hold_dbfs[2 * at..2 * at + 2];
            assert_eq!(*level, two[0].max(two[1]));
        }
        assert_eq!(small.tracks, full.tracks);
    }
    let coherence = smaller.coherence.as_ref().unwrap();
    assert_eq!(coherence.coherence.len(), 2 * smaller.columns);
}

#[test]
fn sixty_four_channels_fit_into_a_mebibyte() {
    let message = reported(report(64, 512, InstrumentSet::ALL, 12_000));
    let mut bytes = Vec::new();
    message.clone().encode(1 << 20, &mut bytes).unwrap();
    assert_eq!(
        Message::<Response>::decode(&bytes, 1 << 20).unwrap(),
        message
    );
}

#[test]
fn what_is_too_large_is_a_failure_that_says_so() {
    let rows = Message {
        id: RequestId(9),
        body: Response {
            outcome: Outcome::Rows(vec![1; 1000].into()),
            columns: 4,
            took_us: 1.0,
        },
    };
    let mut bytes = vec![7];
    rows.clone().encode(999, &mut bytes).unwrap();
    let message = Message::<Response>::decode(&bytes[1..], 999).unwrap();
    assert_eq!(message.id, RequestId(9));
    let Outcome::Failed(Failure::TooLarge {
        bytes: size,
        max_bytes,
    }) = message.body.outcome
    else {
        panic!("{message:?}");
    };
    assert!(size > 1000 && max_bytes == 999);
    let mut bytes = vec![7];
    let refused = rows.encode(4, &mut bytes);
    assert!(matches!(
        refused,
        Err(EncodeError::TooLarge { max_bytes: 4, .. })
    ));
    assert_eq!(bytes, [7], "nothing half is left");

    let many = Message {
        id: RequestId(0),
        body: Request::Envelopes(EnvelopesRequest {
            start_frame: 0,
            frames: 64,
            entry_frames: 64,
            channels: vec![u32::MAX; 1000],
        }),
    };
    assert!(matches!(
        many.encode(&mut bytes),
        Err(EncodeError::TooLarge { .. })
    ));
    let long = vec![0; MAX_REQUEST_BYTES + 1];
    assert_eq!(
        Message::<Request>::decode(&long),
        Err(DecodeError::TooLarge {
            bytes: MAX_REQUEST_BYTES + 1,
            max_bytes: MAX_REQUEST_BYTES
        })
    );
}

/// What a page could send that was never checked: encoded by hand from types without invariants.
#[test]
fn values_that_break_an_invariant_are_refused() {
    let good = common::rows(0);
    let message = |body: Request| {
        let mut bytes = Vec::new();
        Message {
            id: RequestId(0),
            body,
        }
        .encode(&mut bytes)
        .unwrap();
        Message::<Request>::decode(&bytes)
    };
    assert!(message(Request::Rows(good.clone())).is_ok());
    let mut bad = good.clone();
    bad.stft.hop_frames = 0;
    assert!(matches!(
        message(Request::Rows(bad)),
        Err(DecodeError::Malformed { .. })
    ));
    let mut bad = good.clone();
    bad.stft.window = Window::Kaiser(f64::NAN);
    assert!(message(Request::Rows(bad)).is_err());
    let mut bad = good;
    bad.span.every = 0;
    assert!(matches!(
        message(Request::Rows(bad)),
        Err(DecodeError::Request(RequestError::Span(_)))
    ));
    let mut bad = common::instruments(vec![0], 10);
    bad.settings.reference = 1;
    assert!(message(Request::Instruments(Box::new(bad))).is_err());

    // A report whose channels have other numbers of columns than it says.
    let mut uneven = report(1, 128, InstrumentSet::ALL, 9600);
    uneven.columns = 127;
    let mut bytes = Vec::new();
    reported(uneven).encode(ANY, &mut bytes).unwrap();
    assert!(Message::<Response>::decode(&bytes, ANY).is_err());
}

#[test]
fn a_length_that_is_not_there_costs_no_memory() {
    // Id 0, outcome 0 (rows), a length of 2^62 bytes, and nothing.
    let mut bytes = vec![0, 0];
    bytes.extend([0x80; 8]);
    bytes.push(0x40);
    assert!(Message::<Response>::decode(&bytes, ANY).is_err());
    // The same for entries of envelopes.
    bytes[1] = 1;
    assert!(Message::<Response>::decode(&bytes, ANY).is_err());
}

#[test]
fn a_response_of_the_worker_travels() {
    let recording = recording(2, 9600);
    let body = Worker::new().answer(&recording, &Request::Rows(common::rows(128)));
    assert!(
        matches!(body.outcome, Outcome::Rows(_)),
        "{body:?} at {RATE} Hz"
    );
    let message = Message {
        id: RequestId(1),
        body,
    };
    assert_eq!(there_and_back(message.clone()), message);
}
