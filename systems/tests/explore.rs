//! Views that are moved through their sound, on a bare world.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use bevy_ecs::prelude::*;
use soundfall_analysis::Recording;
use soundfall_ring::{HeapStorage, RingFormat, RingWriter, heap_ring};
use soundfall_systems::{
    analysis::AnalysisSettings,
    bare::BareDisplay,
    explore::{Glide, Push, Sight},
    stream::Stream,
    view::{Follow, ProgramSettings, TimeWindow, ViewSettings},
    waterfall::HeightFieldSize,
    waveform::LaneWidth,
};
use support::{BLOCK, RATE, stream};

const FRAME: Duration = Duration::from_millis(16);
const SECS: u64 = 60;
const END: f64 = (SECS * RATE as u64) as f64;

struct Explored {
    display: BareDisplay,
    view: Entity,
}

impl Explored {
    fn new(stream: Stream, span_secs: f64, follow: Follow) -> Self {
        let size = HeightFieldSize {
            axis_bins: 64,
            rows: 128,
        };
        let mut display = BareDisplay::new(size, LaneWidth(256));
        let settings = ViewSettings {
            channels: vec![0],
            span_secs,
            ..ViewSettings::default()
        };
        let view = display.show(stream, AnalysisSettings::default(), settings);
        display.world.entity_mut(view).insert(TimeWindow { follow });
        let mut explored = Self { display, view };
        explored.step();
        explored
    }

    /// A minute of silence that is there already.
    fn recording(span_secs: f64, head_secs: f64) -> Self {
        let recording = Recording::from_planes(RATE, vec![vec![0.0; END as usize]]).unwrap();
        let frame = head_secs * f64::from(RATE);
        let stream = Stream::new(Arc::new(recording), "minute");
        Self::new(stream, span_secs, Follow::Frozen { frame })
    }

    /// A ring of a minute with ten seconds in it.
    fn live(span_secs: f64) -> (Self, RingWriter<HeapStorage>) {
        let format = RingFormat::new(RATE, 1, END as u64, BLOCK).unwrap();
        let (mut writer, ring) = heap_ring(&format, "t").unwrap();
        for _ in 0..1000 {
            writer.write_silence_block().unwrap();
        }
        (
            Self::new(stream(ring), span_secs, Follow::default()),
            writer,
        )
    }

    fn step(&mut self) {
        self.display.pass(FRAME);
        self.display.step();
    }

    fn push(&mut self, push: Push) {
        self.display.push(self.view, push);
        self.step();
    }

    fn get<C: Component>(&self) -> &C {
        self.display.get(self.view).unwrap()
    }

    fn follow(&self) -> Follow {
        self.get::<TimeWindow>().follow
    }

    fn sight(&self) -> Sight {
        let head = match self.follow() {
            Follow::Frozen { frame } | Follow::Playing { frame, .. } => frame,
            Follow::Live { offset_secs } => -offset_secs * f64::from(RATE),
        };
        let span = self.get::<ViewSettings>().span_secs * f64::from(RATE);
        Sight { head, span }
    }

    /// Until it comes to rest; gives what was seen on the way.
    fn rest(&mut self) -> Vec<Sight> {
        let mut way = vec![self.sight()];
        while self.get::<Glide>().is_moving() {
            self.step();
            way.push(self.sight());
            assert!(way.len() < 1000, "it never comes to rest");
        }
        way
    }
}

#[test]
fn what_is_under_the_pointer_stays_there_all_the_way() {
    let mut view = Explored::recording(10.0, 40.0);
    let before = view.sight();
    let frame = before.at(0.3);
    for _ in 0..20 {
        view.push(Push::Zoom {
            factor: 0.5,
            place: 0.3,
        });
    }
    let way = view.rest();
    // A thousandth of a pixel of a 4K picture.
    let far = |sight: &Sight| (sight.place_of(frame) - 0.3).abs() * 3840.0;
    assert!(way.iter().all(|sight| far(sight) < 1e-3), "{way:?}");
    assert!(way.is_sorted_by(|a, b| a.span >= b.span));
    assert_eq!(view.sight().span.round(), 10.0);
    // And out, to all there is.
    view.push(Push::Zoom {
        factor: 1e9,
        place: 0.3,
    });
    view.rest();
    let all = view.sight();
    assert!((all.head - END).abs() < 1.0 && (all.span - END).abs() < 1.0);
}

#[test]
fn without_motion_it_is_there_at_once() {
    let mut view = Explored::recording(10.0, 40.0);
    view.display.world.insert_resource(ProgramSettings {
        reduced_motion: true,
        ..ProgramSettings::default()
    });
    view.push(Push::Step { share: -0.5 });
    assert!(!view.get::<Glide>().is_moving());
    assert_eq!(view.sight().head, 35.0 * f64::from(RATE));
}

#[test]
fn a_hand_moves_it_at_once_and_an_end_gives_way_a_little() {
    let mut view = Explored::recording(10.0, 40.0);
    let span = view.sight().span;
    view.push(Push::Drag {
        share: 0.25,
        band: 0.0,
    });
    assert_eq!(view.sight().head, 42.5 * f64::from(RATE));
    // Pulled beyond the end ever further.
    let mut last = 0.0;
    for _ in 0..50 {
        view.push(Push::Drag {
            share: 0.5,
            band: 0.0,
        });
        let beyond = (view.sight().head - END).max(0.0);
        assert!(beyond >= last && beyond < 0.13 * span, "{beyond}");
        last = beyond;
    }
    assert!(last > 0.05 * span);
    view.push(Push::Release { per_sec: 0.0 });
    view.rest();
    assert!((view.sight().head - END).abs() < 1.0);
    // The way back begins where the hand is, not where it was lost.
    view.push(Push::Drag {
        share: -0.1,
        band: 0.0,
    });
    assert!((view.sight().head - (END - 0.1 * span)).abs() < 1.0);
}

#[test]
fn a_view_that_is_let_go_runs_out() {
    let mut view = Explored::recording(10.0, 40.0);
    view.push(Push::Drag {
        share: -0.01,
        band: 0.0,
    });
    let head = view.sight().head;
    view.push(Push::Release { per_sec: -2.0 });
    let first = head - view.sight().head;
    // As fast as the hand was.
    let hand = 2.0 * view.sight().span * FRAME.as_secs_f64();
    assert!((first / hand - 1.0).abs() < 0.05, "{first} of {hand}");
    let way = view.rest();
    let far = (head - view.sight().head) / view.sight().span;
    assert!((far - 0.5).abs() < 0.01, "{far}");
    let steps: Vec<f64> = way
        .windows(2)
        .map(|two| two[0].head - two[1].head)
        .collect();
    // The last step is what is left of a small part of a pixel.
    let (_, steps) = steps.split_last().unwrap();
    assert!(steps.is_sorted_by(|a, b| a >= b), "{steps:?}");
}

#[test]
fn live_sound_is_zoomed_while_it_flows_and_frozen_by_the_hand() {
    let (mut view, mut writer) = Explored::live(8.0);
    view.push(Push::Zoom {
        factor: 0.5,
        place: 0.5,
    });
    for _ in 0..100 {
        writer.write_silence_block().unwrap();
        view.step();
    }
    // What was two seconds behind the middle of four seconds is there still.
    assert!(
        matches!(view.follow(), Follow::Live { offset_secs } if (offset_secs - 2.0).abs() < 1e-3)
    );
    assert_eq!(view.get::<ViewSettings>().span_secs, 4.0);
    view.push(Push::Drag {
        share: -0.01,
        band: 0.0,
    });
    let Follow::Frozen { frame } = view.follow() else {
        panic!("{:?}", view.follow());
    };
    for _ in 0..100 {
        writer.write_silence_block().unwrap();
        view.step();
    }
    assert_eq!(view.follow(), Follow::Frozen { frame });
    // Let go at the newest sound it follows that again; so it does when it is asked to.
    view.push(Push::Drag {
        share: 5.0,
        band: 0.0,
    });
    view.push(Push::Release { per_sec: 0.0 });
    view.rest();
    assert_eq!(view.follow(), Follow::Live { offset_secs: 0.0 });
    view.push(Push::Freeze);
    assert!(matches!(view.follow(), Follow::Frozen { .. }));
    view.push(Push::Newest);
    assert_eq!(view.follow(), Follow::Live { offset_secs: 0.0 });
}

#[test]
fn a_recording_plays_to_its_end_and_from_the_start_again() {
    let mut view = Explored::recording(1.0, 59.9);
    view.push(Push::Play { speed: 1.0 });
    for _ in 0..20 {
        view.step();
    }
    assert_eq!(view.follow(), Follow::Frozen { frame: END });
    view.push(Push::Play { speed: 1.0 });
    let Follow::Playing { frame, .. } = view.follow() else {
        panic!("{:?}", view.follow());
    };
    assert!(frame < END / 2.0);
    // Zooming keeps the playhead at the front edge.
    view.push(Push::Zoom {
        factor: 0.5,
        place: 0.9,
    });
    view.rest();
    assert!(matches!(view.follow(), Follow::Playing { .. }));
}

#[test]
fn frequencies_are_zoomed_and_moved_too() {
    let mut view = Explored::recording(10.0, 40.0);
    let band = |view: &Explored| {
        let settings = view.get::<ViewSettings>();
        (settings.low_hz, settings.high_hz)
    };
    // 30 Hz to 20 kHz on a logarithmic axis: the middle is 775 Hz.
    view.push(Push::ZoomBand {
        factor: 0.5,
        place: 0.5,
    });
    view.rest();
    let (Some(low), Some(high)) = band(&view) else {
        panic!("{:?}", band(&view));
    };
    let octaves = (20_000.0_f64 / 30.0).log2();
    assert!(((high / low).log2() - octaves / 2.0).abs() < 1e-3);
    assert!(((high * low).sqrt() - 600_000.0_f64.sqrt()).abs() < 0.1);
    // The hand takes it to the upper end, and no further.
    view.push(Push::Drag {
        share: 0.0,
        band: 0.25,
    });
    let (Some(moved), Some(_)) = band(&view) else {
        panic!("{:?}", band(&view));
    };
    assert!(((moved / low).log2() - octaves / 8.0).abs() < 1e-3);
    view.push(Push::StepBand { share: 7.0 });
    view.rest();
    assert!(matches!(band(&view), (Some(_), None)));
    view.push(Push::ZoomBand {
        factor: 9.0,
        place: 0.2,
    });
    view.rest();
    assert_eq!(band(&view), (None, None));
    assert!(matches!(view.follow(), Follow::Frozen { .. }));
}

#[test]
fn all_and_the_ends_are_shown() {
    let mut view = Explored::recording(10.0, 40.0);
    view.push(Push::Oldest);
    view.rest();
    assert!((view.sight().head - 10.0 * f64::from(RATE)).abs() < 1.0);
    view.push(Push::Newest);
    view.rest();
    assert!((view.sight().head - END).abs() < 1.0);
    let (start, end) = (20.0 * f64::from(RATE), 28.0 * f64::from(RATE));
    view.push(Push::Show { start, end });
    view.rest();
    let sight = view.sight();
    // Four fifths of the view.
    assert!((sight.place_of(end) - 0.1).abs() < 1e-3 && (sight.place_of(start) - 0.9).abs() < 1e-3);
    view.push(Push::All);
    view.rest();
    assert!((view.sight().span - END).abs() < 1.0);
}
