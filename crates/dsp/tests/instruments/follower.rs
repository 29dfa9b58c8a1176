//! The follower on whole streams, with gaps, and when it is late.

use std::ops::Range;

use soundfall_dsp::instruments::{Follower, InstrumentReport, InstrumentSet, Missing, Visit};

use super::settings;

/// A stream whose sample is its frame number, over 2^20.
fn ramp(channel: usize, start: u64, out: &mut [f32]) {
    for (frame, slot) in (start..).zip(out) {
        *slot = frame as f32 / (1 << 20) as f32 + channel as f32;
    }
}

#[test]
fn a_follower_hears_everything_in_bounded_steps() {
    let mut follower = Follower::new(settings(8, InstrumentSet::ALL), 1000).unwrap();
    let mut heard = Vec::new();
    while follower.step(
        201_000,
        |_| None,
        |channel, start, out| {
            ramp(channel, start, out);
            if channel == 0 {
                heard.push(start..start + out.len() as u64);
            }
            Ok(())
        },
    ) != Visit::Nothing
    {}
    assert!(
        heard
            .iter()
            .all(|part| (part.end - part.start) * 8 <= 1 << 18)
    );
    assert_eq!(
        (heard[0].start, heard[heard.len() - 1].end),
        (1000, 201_000)
    );
    assert!(heard.windows(2).all(|two| two[0].end == two[1].start));
    let mut report = InstrumentReport::default();
    follower.report_into(&mut report);
    assert_eq!((report.end_frame, report.heard_frames), (201_000, 200_000));
}

#[test]
fn a_follower_steps_over_gaps_and_losses() {
    let gaps = [5000..5100_u64, 20_000..40_000];
    let lost = |frames: &Range<u64>| {
        gaps.iter()
            .find(|gap| gap.start < frames.end && gap.end > frames.start)
            .cloned()
    };
    let mut follower = Follower::new(settings(1, InstrumentSet::ALL), 0).unwrap();
    let mut overwritten = true;
    let mut heard = Vec::new();
    while follower.step(48_000, lost, |channel, start, out| {
        // The writer has gone over the first thousand frames.
        if std::mem::take(&mut overwritten) {
            return Err(Missing::Lost { resume_at: 1000 });
        }
        ramp(channel, start, out);
        heard.push(start..start + out.len() as u64);
        Ok(())
    }) != Visit::Nothing
    {}
    assert_eq!(heard, [1000..5000, 5100..20_000, 40_000..48_000]);
    let mut report = InstrumentReport::default();
    follower.report_into(&mut report);
    // What was overwritten before the first sound was never missed.
    assert_eq!((report.end_frame, report.lost_frames), (48_000, 20_100));
}

#[test]
fn a_follower_waits_for_what_is_not_there_yet() {
    let mut follower = Follower::new(settings(2, InstrumentSet::ALL), 0).unwrap();
    let step = |follower: &mut Follower, there: u64, end: u64| {
        follower.step(
            end,
            |_| None,
            |channel, start, out| {
                if start + out.len() as u64 > there {
                    return Err(Missing::Wait);
                }
                ramp(channel, start, out);
                Ok(())
            },
        )
    };
    assert_eq!(step(&mut follower, 0, 4800), Visit::Waits);
    assert_eq!(follower.next_frame(), 0);
    assert_eq!(step(&mut follower, 4800, 4800), Visit::Went);
    assert_eq!(step(&mut follower, 4800, 9600), Visit::Waits);
    assert_eq!(step(&mut follower, 9600, 9600), Visit::Went);
    let mut report = InstrumentReport::default();
    follower.report_into(&mut report);
    assert_eq!((report.heard_frames, report.lost_frames), (9600, 0));
}

#[test]
fn a_follower_that_falls_behind_skips_ahead_once() {
    let mut follower = Follower::new(settings(64, InstrumentSet::NONE), 0).unwrap();
    let fill = |channel: usize, start: u64, out: &mut [f32]| {
        ramp(channel, start, out);
        Ok(())
    };
    // Ten seconds of history are no reason to skip, as long as it comes nearer.
    let mut end = 480_000;
    while end - follower.next_frame() > 4096 {
        assert_eq!(follower.step(end, |_| None, fill), Visit::Went);
        end += 480;
    }
    // Then it is not asked for two seconds.
    assert_eq!(follower.step(end + 96_000, |_| None, fill), Visit::Skipped);
    assert_eq!(follower.skips(), 1);
    assert!(end + 96_000 - follower.next_frame() < 48_000 / 5);
    let mut report = InstrumentReport::default();
    follower.report_into(&mut report);
    assert!(report.lost_frames > 80_000 && report.lost_frames < 96_000);
    assert_eq!(follower.step(end + 96_000, |_| None, fill), Visit::Went);
}

#[test]
fn a_follower_that_is_asked_seldom_hears_all_that_a_step_can_hear() {
    let mut follower = Follower::new(settings(2, InstrumentSet::NONE), 0).unwrap();
    let fill = |channel: usize, start: u64, out: &mut [f32]| {
        ramp(channel, start, out);
        Ok(())
    };
    // A display frame every two and a half seconds.
    for frames in (0..10).map(|frame| 4800 + frame * 120_000) {
        assert_eq!(follower.step(frames, |_| None, fill), Visit::Went);
        assert_eq!(follower.next_frame(), frames);
    }
    assert_eq!(follower.skips(), 0);
}
