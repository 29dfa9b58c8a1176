//! The instruments on a bare world: reports arrive while sound keeps flowing, losses are told,
//! nothing is computed for what is not shown.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use soundfall_analysis::{InstrumentsId, Request, Response, SharedHistory};
use soundfall_dsp::instruments::{Instrument, InstrumentReport, InstrumentSet};
use soundfall_ring::{GapReason, HeapStorage, RingFormat, RingWriter, SharedRing, heap_ring};
use soundfall_systems::{
    analysis::AnalysisSettings,
    backend::{AnalysisBackend, Pending, PoolBackend, SharedBackend},
    instruments::{InstrumentChoice, InstrumentJob, InstrumentReadings},
    stream::StreamStatus,
    view::ViewSettings,
};
use support::{BLOCK, RATE, Rig, patiently, stream};

struct Heard {
    rig: Rig,
    writer: RingWriter<HeapStorage>,
    channels: usize,
    frame: u64,
}

impl Heard {
    fn new(channels: u32, shown: InstrumentSet) -> Self {
        let (writer, ring) = new_ring(channels);
        let mut rig = Rig::new(ring, (0..channels).collect(), 300);
        rig.the_mut::<ViewSettings>().span_secs = 5.0;
        rig.the_mut::<InstrumentChoice>().shown = shown;
        Self {
            rig,
            writer,
            channels: channels as usize,
            frame: 0,
        }
    }

    /// Sines of 440 Hz, 880 Hz and so on at −6 dBFS.
    fn write(&mut self, blocks: usize) {
        for _ in 0..blocks {
            let block: Vec<f32> = (0..BLOCK as usize * self.channels)
                .map(|i| {
                    let at = (self.frame + (i / self.channels) as u64) as f64;
                    let hz = 440.0 * (i % self.channels + 1) as f64;
                    ((std::f64::consts::TAU * hz * at / f64::from(RATE)).sin() * 0.5) as f32
                })
                .collect();
            self.frame += u64::from(BLOCK);
            self.writer.write_block(&block).unwrap();
        }
    }

    fn step(&mut self) {
        self.rig.step();
    }

    /// Until all is heard that is written.
    fn catch_up(&mut self) -> InstrumentReport {
        patiently("the instruments heard all", || {
            self.step();
            let readings = self.rig.the::<InstrumentReadings>();
            readings.caught_up(self.rig.the::<StreamStatus>())
        });
        let readings = self.rig.the::<InstrumentReadings>();
        readings.newest().expect("a report").1.clone()
    }

    fn choose(&mut self, change: impl Fn(&mut InstrumentChoice)) {
        change(&mut self.rig.the_mut::<InstrumentChoice>());
    }

    fn jobs(&mut self) -> usize {
        self.rig
            .display
            .world
            .query::<&InstrumentJob>()
            .iter(&self.rig.display.world)
            .count()
    }
}

fn new_ring(channels: u32) -> (RingWriter<HeapStorage>, SharedRing) {
    let format = RingFormat::new(RATE, channels, 480_000, BLOCK).unwrap();
    heap_ring(&format, "t").unwrap()
}

#[test]
fn reports_arrive_while_blocks_keep_coming() {
    let mut engine = Heard::new(2, InstrumentSet::ALL);
    for _ in 0..400 {
        engine.write(1);
        // A block comes with every step, until the engine would have to leave sound out.
        patiently("the engine follows", || {
            engine.step();
            assert!(engine.jobs() <= 1, "one engine, one request");
            let newest = engine.rig.the::<InstrumentReadings>().newest();
            newest.map_or(0, |(_, report)| report.end_frame) + 96_000 > engine.frame
        });
    }
    let report = engine.catch_up();
    assert_eq!(report.end_frame, engine.frame);
    assert_eq!((report.lost_frames, report.channels.len()), (0, 2));
    for (channel, of) in report.channels.iter().enumerate() {
        let track = of.tracks[0];
        assert!((track.hz - 440.0 * (channel + 1) as f64).abs() < 0.1);
        assert!((of.level.unwrap().rms_dbfs + 6.02).abs() < 0.05);
    }
    assert!(report.loudness.unwrap().momentary_lufs.is_some());
    assert_eq!(report.pair.unwrap().points.len(), 512);
    assert!(report.coherence.unwrap().segments > 2.0);
}

#[test]
fn nothing_is_computed_for_what_is_not_shown() {
    let mut engine = Heard::new(1, InstrumentSet::NONE);
    for _ in 0..20 {
        engine.write(1);
        engine.step();
        assert_eq!(engine.jobs(), 0);
    }
    assert!(engine.rig.the::<InstrumentReadings>().newest().is_none());
    engine.choose(|choice| choice.shown.set(Instrument::Meters, true));
    assert!(engine.catch_up().channels[0].level.is_some());
    engine.write(1);
    engine.step();
    engine.choose(|choice| choice.shown = InstrumentSet::NONE);
    patiently("the last request is answered", || {
        engine.step();
        engine.jobs() == 0
    });
    for _ in 0..20 {
        engine.step();
        assert_eq!(engine.jobs(), 0);
    }
    assert!(engine.rig.the::<InstrumentReadings>().newest().is_none());
}

#[test]
fn gaps_and_overruns_are_told() {
    let mut engine = Heard::new(1, InstrumentSet::ALL);
    engine.write(100);
    engine.catch_up();
    let start = engine.writer.written_frames();
    engine
        .writer
        .record_gap(start, 960, GapReason::CaptureOverrun);
    engine.writer.write_silence_block().unwrap();
    engine.writer.write_silence_block().unwrap();
    engine.frame += 960;
    engine.write(100);
    let report = engine.catch_up();
    assert_eq!(report.lost_frames, 960);
    assert!(
        (report.channels[0].level.unwrap().rms_dbfs + 6.02).abs() < 0.05,
        "silence is not heard"
    );
    // No display frame for longer than the ring holds.
    engine.write(1500);
    let report = engine.catch_up();
    assert_eq!(report.end_frame, engine.frame);
    assert!(report.lost_frames > 480_000);
    assert!((report.channels[0].tracks[0].hz - 440.0).abs() < 0.1);
}

#[test]
fn other_settings_keep_the_rest_and_another_ring_begins_anew() {
    let mut engine = Heard::new(2, InstrumentSet::ALL);
    engine.write(300);
    let heard = engine.catch_up().heard_frames;
    engine.rig.the_mut::<AnalysisSettings>().window_size = 4096;
    engine.write(100);
    let report = engine.catch_up();
    assert_eq!(report.heard_frames, heard + 48_000);
    assert!(
        report.loudness.unwrap().short_term_lufs.is_some(),
        "four seconds are heard"
    );
    engine.choose(|choice| choice.restarts += 1);
    engine.write(50);
    assert_eq!(engine.catch_up().heard_frames, 24_000);
    let (writer, ring) = new_ring(2);
    engine.writer = writer;
    engine.frame = 0;
    let owner = engine.rig.stream_of(engine.rig.view);
    engine.rig.world.entity_mut(owner).insert(stream(ring));
    engine.write(50);
    let report = engine.catch_up();
    assert_eq!((report.end_frame, report.heard_frames), (24_000, 24_000));
}

#[test]
fn what_cannot_be_is_said_in_words() {
    let mut engine = Heard::new(2, InstrumentSet::ALL);
    engine.write(50);
    engine.catch_up();
    engine.rig.the_mut::<AnalysisSettings>().window_size = 5;
    engine.step();
    let refusal = engine.rig.the::<InstrumentReadings>().refusal.clone();
    assert!(refusal.unwrap().contains("window size 5"));
    engine.rig.the_mut::<AnalysisSettings>().window_size = 1024;
    engine.write(10);
    engine.catch_up();
    assert_eq!(engine.rig.the::<InstrumentReadings>().refusal, None);
}

/// The pool, and the engines that it was asked for and that were not released since.
#[derive(Clone, Default)]
struct Engines {
    pool: Arc<PoolBackend>,
    kept: Arc<Mutex<BTreeSet<String>>>,
}

impl AnalysisBackend for Engines {
    fn submit(&self, history: &SharedHistory, request: Request) -> Pending<Response> {
        let name = |id: &InstrumentsId| format!("{id:?}");
        match &request {
            Request::Instruments(of) => self.kept.lock().unwrap().insert(name(&of.id)),
            Request::Release(id) => self.kept.lock().unwrap().remove(&name(id)),
            _ => false,
        };
        self.pool.submit(history, request)
    }
}

#[test]
fn an_engine_goes_with_its_view() {
    for in_flight in [false, true] {
        let mut heard = Heard::new(1, InstrumentSet::ALL);
        let engines = Engines::default();
        let world = &mut heard.rig.display.world;
        world.insert_resource(SharedBackend(Arc::new(engines.clone())));
        heard.write(40);
        heard.catch_up();
        assert_eq!(engines.kept.lock().unwrap().len(), 1);
        if in_flight {
            heard.write(1);
            heard.step();
        }
        let view = heard.rig.view;
        heard.rig.display.world.despawn(view);
        patiently("the last request is answered", || {
            heard.step();
            heard.jobs() == 0
        });
        assert_eq!(engines.kept.lock().unwrap().len(), 0, "{in_flight}");
    }
}
