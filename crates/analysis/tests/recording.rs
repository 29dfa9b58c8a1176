//! A recording in memory: what it gives, and what is none.
#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use soundfall_analysis::{History, HistoryError, Recording, RecordingError};
use soundfall_ring::{Gap, GapReason};

fn gap(start_frame: u64, length_frames: u64) -> Gap {
    Gap {
        start_frame,
        length_frames,
        reason: GapReason::SourceDiscontinuity,
    }
}

proptest! {
    #[test]
    fn samples_are_those_of_the_channel(
        channels in 1u32..6,
        samples in prop::collection::vec(-1.0f32..1.0, 0..400),
        first in 0usize..120,
        len in 0usize..120,
    ) {
        let width = channels as usize;
        let recording = Recording::from_interleaved(44_100, channels, &samples).unwrap();
        let frames = samples.len() / width;
        prop_assert_eq!(recording.extent(), 0..frames as u64);
        let format = recording.format();
        prop_assert_eq!((format.channels, format.readable_frames()), (channels, frames as u64));
        for channel in 0..channels {
            let mut out = vec![9.0; len];
            let read = recording.read(channel, first as u64, &mut out);
            if first + len <= frames {
                prop_assert_eq!(read, Ok(()));
                for (i, sample) in out.iter().enumerate() {
                    prop_assert_eq!(*sample, samples[(first + i) * width + channel as usize]);
                }
            } else {
                prop_assert_eq!(read, Err(HistoryError::PastEnd { end: frames as u64 }));
            }
        }
    }
}

#[test]
fn what_is_beyond_is_refused() {
    let recording = Recording::from_planes(48_000, vec![vec![0.0; 100]; 2]).unwrap();
    let read = |channel, first| recording.read(channel, first, &mut [0.0; 10]);
    assert_eq!(read(0, 90), Ok(()));
    assert_eq!(read(0, 91), Err(HistoryError::PastEnd { end: 100 }));
    assert_eq!(read(0, u64::MAX), Err(HistoryError::PastEnd { end: 100 }));
    assert_eq!(
        read(2, 0),
        Err(HistoryError::NoSuchChannel {
            channel: 2,
            channels: 2
        })
    );
    assert_eq!(recording.writer_state(), None);
    let other = Recording::from_planes(48_000, vec![vec![0.0; 100]; 2]).unwrap();
    assert_ne!(recording.epoch(), other.epoch());
}

#[test]
fn what_is_no_recording_is_refused() {
    let planes = |rate, planes| Recording::from_planes(rate, planes).unwrap_err();
    assert_eq!(planes(0, vec![vec![]]), RecordingError::SampleRate(0));
    assert_eq!(planes(48_000, vec![]), RecordingError::Channels(0));
    assert_eq!(
        planes(48_000, vec![vec![0.0; 5], vec![0.0; 4]]),
        RecordingError::Uneven {
            channel: 1,
            frames: 4,
            expected: 5
        }
    );
    let interleaved = |channels| Recording::from_interleaved(48_000, channels, &[0.0; 9]);
    assert_eq!(interleaved(0).unwrap_err(), RecordingError::Channels(0));
    assert!(interleaved(u32::MAX).is_err());
    assert_eq!(interleaved(2).unwrap().extent(), 0..4);
}

#[test]
fn gaps_lie_within() {
    let recording = Recording::from_planes(48_000, vec![vec![0.0; 100]]).unwrap();
    for bad in [gap(0, 0), gap(95, 6), gap(u64::MAX, 2), gap(3, u64::MAX)] {
        let refused = recording.clone().with_gaps(vec![gap(5, 5), bad]);
        assert!(
            matches!(refused, Err(RecordingError::Gap { .. })),
            "{bad:?}"
        );
    }
    let recording = recording.with_gaps(vec![gap(50, 50), gap(5, 5)]).unwrap();
    assert_eq!(recording.gaps(), [gap(5, 5), gap(50, 50)]);
    assert_eq!(recording.gap_total(), 2);
}
