//! Two streams of different rates, two analyses of one of them, a live view and a frozen one of one
//! analysis: in one world, in figures and in a picture.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
#![allow(clippy::print_stderr, reason = "prints the figures it checks")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use bevy::prelude::*;
use bevy::time::TimeUpdateStrategy;
use soundfall_analysis::RingHistory;
use soundfall_capture::signal::{Generator, Signal};
use soundfall_dsp::colormap::Colormap;
use soundfall_plugins::{
    ProgramPlugins, SoundfallPlugins,
    host::{Headless, add_base, find_graphics},
};
use soundfall_ring::{HeapStorage, RingFormat, RingWriter, heap_ring};
use soundfall_systems::{
    analysis::{Analysis, AnalysisOf, AnalysisProgress, AnalysisSettings},
    diagnostics::{RunStats, UploadMeter},
    stream::{SourceProbe, Stream, StreamStatus},
    view::{Follow, ProgramSettings, TimeWindow, View, ViewOf, ViewSettings},
};
use soundfall_tests::picture::{Picture, Tolerance, expect_picture};
use support::settle;

const PAST_SECS: f64 = 14.0;
const LIVE_SECS: f64 = 5.0;
/// Less than both together: what the frozen view shows is overwritten at the end.
const RING_SECS: u64 = 15;
const TICK_SECS: f64 = 1.0 / 30.0;
const BACK_SECS: f64 = 10.0;

/// A source that lives as long as the test takes, however slow the machine.
struct Alive;

impl SourceProbe for Alive {
    fn lost_frames(&self) -> Option<u64> {
        None
    }

    fn ended(&self) -> bool {
        false
    }

    fn trouble(&self) -> Option<String> {
        None
    }
}

struct Source {
    writer: RingWriter<HeapStorage>,
    generator: Generator,
    block: Vec<f32>,
    rate: u32,
}

impl Source {
    fn new(signal: Signal, rate: u32, channels: u32) -> (Self, Stream) {
        let block_frames = rate / 100;
        let capacity = RING_SECS * u64::from(rate);
        let format = RingFormat::new(rate, channels, capacity, block_frames).unwrap();
        let (writer, ring) = heap_ring(&format, "signal").unwrap();
        let source = Self {
            writer,
            generator: Generator::new(signal, channels, rate).unwrap(),
            block: vec![0.0; (block_frames * channels) as usize],
            rate,
        };
        let name = format!("{signal} at {} kHz", rate / 1000);
        let mut stream = Stream::new(RingHistory::shared(ring), name);
        stream.probe = Some(Arc::new(Alive));
        (source, stream)
    }

    fn write_to(&mut self, secs: f64) {
        while (self.writer.written_frames() as f64) < secs * f64::from(self.rate) {
            self.generator.fill(&mut self.block);
            self.writer.write_block(&self.block).unwrap();
        }
    }
}

fn show(world: &mut World, stream: Entity, settings: AnalysisSettings) -> Entity {
    world.spawn((Analysis, AnalysisOf(stream), settings)).id()
}

fn view(world: &mut World, analysis: Entity, settings: ViewSettings, follow: Follow) {
    world.spawn((View, ViewOf(analysis), settings, TimeWindow { follow }));
}

fn pass(world: &mut World, secs: f64) {
    let step = Duration::from_secs_f64(secs);
    world.insert_resource(TimeUpdateStrategy::ManualDuration(step));
}

#[test]
fn views_of_all_kinds_share_a_world() {
    let mut app = App::new();
    add_base(&mut app, None, UVec2::new(1280, 720), &find_graphics());
    app.insert_resource(ProgramSettings {
        panel: false,
        ..default()
    })
    .add_plugins((SoundfallPlugins::new(PreUpdate), ProgramPlugins));
    pass(app.world_mut(), 0.0);

    let (mut demo, stream) = Source::new(Signal::Demo, 48_000, 2);
    let (mut chirp, fast) = Source::new(Signal::Chirp, 96_000, 1);
    demo.write_to(PAST_SECS);
    chirp.write_to(PAST_SECS);
    let world = app.world_mut();
    let (stream, fast) = (world.spawn(stream).id(), world.spawn(fast).id());
    let stereo = |span_secs, colormap| ViewSettings {
        channels: vec![0, 1],
        span_secs,
        colormap,
        ..default()
    };
    let long = show(world, stream, AnalysisSettings::default());
    let short = AnalysisSettings {
        window_size: 512,
        hop_frames: 128,
        ..default()
    };
    let short = show(world, stream, short);
    let other = show(world, fast, AnalysisSettings::default());
    let live = Follow::Live { offset_secs: 0.0 };
    let frozen = Follow::Frozen {
        frame: (PAST_SECS - BACK_SECS) * 48_000.0,
    };
    view(world, long, stereo(8.0, Colormap::Viridis), live);
    view(world, long, stereo(2.0, Colormap::Inferno), frozen);
    view(world, short, stereo(4.0, Colormap::Magma), live);
    let mono = ViewSettings {
        span_secs: 8.0,
        colormap: Colormap::Turbo,
        ..default()
    };
    view(world, other, mono, live);

    let mut screen = Headless::new(app, false);
    settle(&mut screen);
    let mut now = PAST_SECS;
    while now < PAST_SECS + LIVE_SECS {
        now += TICK_SECS;
        demo.write_to(now);
        chirp.write_to(now);
        pass(screen.world_mut(), TICK_SECS);
        screen.step();
        // However slow the machine: time stands still until the sound is analysed.
        pass(screen.world_mut(), 0.0);
        settle(&mut screen);
    }

    let (size, rgba) = screen.picture().unwrap();
    let world = screen.world_mut();
    let mut analyses = world.query::<&AnalysisProgress>();
    assert_eq!(analyses.iter(world).len(), 3);
    for books in analyses.iter(world) {
        let (due, done, dropped) = (
            books.columns_due,
            books.columns_analysed,
            books.columns_dropped,
        );
        eprintln!("due {due}, analysed {done}, dropped {dropped}");
        assert_eq!(due, done + dropped);
        assert_eq!(
            (books.laps, books.panics, books.columns_left_out),
            (0, 0, 0)
        );
        assert!(done > 0);
    }
    let mut streams = world.query::<&StreamStatus>();
    for status in streams.iter(world) {
        assert_eq!(status.lost_frames, 0);
    }
    let uploaded = world.resource::<UploadMeter>().bytes();
    let new = world.resource::<RunStats>().bytes_of_new_rows;
    eprintln!("{uploaded} bytes uploaded for {new} bytes of new rows");
    assert!(uploaded as f64 <= 1.02 * new as f64, "{uploaded} for {new}");
    assert!(uploaded as f64 >= 0.98 * new as f64, "{uploaded} for {new}");
    let picture = Picture::from_rgba(size.x as usize, size.y as usize, &rgba);
    expect_picture("one-world", &picture, &Tolerance::default());
}
