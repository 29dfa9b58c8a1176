//! The lanes on a bare world: complete entries reach the renderer while sound keeps flowing.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use std::sync::{Arc, Mutex};

use crossbeam::channel::Sender;
use half::f16;
use soundfall_analysis::{Request, Response, SharedHistory, Worker};
use soundfall_ring::{GapReason, HeapStorage, RingFormat, RingWriter, heap_ring};
use soundfall_systems::{
    backend::{AnalysisBackend, Pending, SharedBackend},
    view::{Follow, TimeWindow, ViewSettings},
    waveform::{LaneField, LaneWidth},
};
use support::{BLOCK, Rig, patiently};

/// A rig, its writer, and the lanes' texture as `[lane][column]`.
struct Lanes {
    rig: Rig,
    writer: RingWriter<HeapStorage>,
    texture: Vec<Vec<Option<[f32; 4]>>>,
}

impl Lanes {
    fn new(channels: u32, span_secs: f64, width: u32) -> Self {
        let format = RingFormat::new(48_000, channels, 480_000, BLOCK).unwrap();
        let (writer, ring) = heap_ring(&format, "t").unwrap();
        let mut rig = Rig::new(ring, (0..channels).collect(), 300);
        rig.the_mut::<ViewSettings>().span_secs = span_secs;
        rig.world.insert_resource(LaneWidth(width));
        Self {
            rig,
            writer,
            texture: vec![vec![None; width as usize]; channels as usize],
        }
    }

    fn step(&mut self) {
        self.rig.step();
        let width = self.texture[0].len();
        for upload in self.rig.lanes.try_iter() {
            let mut texels = upload.bytes.chunks_exact(8);
            for lane in 0..upload.lanes as usize {
                for column in 0..upload.columns as usize {
                    let b = texels.next().unwrap();
                    let value = |i: usize| f16::from_le_bytes([b[2 * i], b[2 * i + 1]]).to_f32();
                    self.texture[lane][(upload.first_column as usize + column) % width] =
                        Some([value(0), value(1), value(2), value(3)]);
                }
            }
        }
    }

    /// Until all is staged that is written.
    fn catch_up(&mut self) {
        let all = self.writer.written_frames();
        patiently("the lanes show all", || {
            self.step();
            let entry = self.field().entry_frames();
            entry > 0 && self.staged_frames() == all / entry * entry
        });
    }

    /// The frame at which the lanes end.
    fn staged_frames(&self) -> u64 {
        let field = self.field();
        field.entries().end * field.entry_frames()
    }

    fn field(&self) -> &LaneField {
        self.rig.the()
    }

    /// A block whose every sample on channel c is `value · (c + 1)`.
    fn write(&mut self, value: f32) {
        let channels = self.texture.len();
        let block: Vec<f32> = (0..BLOCK as usize * channels)
            .map(|i| value * (i % channels + 1) as f32)
            .collect();
        self.writer.write_block(&block).unwrap();
    }
}

#[test]
fn entries_arrive_while_blocks_keep_coming() {
    let mut engine = Lanes::new(2, 1.0, 1024);
    // A block before every frame: the store always has somewhere to go.
    let mut last = 0;
    for arrivals in 1..=5 {
        patiently(&format!("arrival {arrivals}"), || {
            // Not so fast that the ring goes round meanwhile.
            if engine.writer.written_frames() < engine.staged_frames() + 240_000 {
                engine.write(0.25);
            }
            engine.step();
            engine.staged_frames() > last
        });
        last = engine.staged_frames();
    }
    let entries = engine.field().entries();
    let newest = ((entries.end - 1) % 1024) as usize;
    assert_eq!(engine.texture[0][newest], Some([0.25, 0.25, 0.25, 0.0]));
    assert_eq!(engine.texture[1][newest], Some([0.5, 0.5, 0.5, 0.0]));
}

#[test]
fn a_gap_is_marked_as_lost() {
    let mut engine = Lanes::new(1, 1.0, 1024);
    for _ in 0..40 {
        engine.write(0.25);
    }
    let start = engine.writer.written_frames();
    engine
        .writer
        .record_gap(start, 960, GapReason::CaptureOverrun);
    engine.writer.write_silence_block().unwrap();
    engine.writer.write_silence_block().unwrap();
    for _ in 0..40 {
        engine.write(0.25);
    }
    engine.catch_up();
    let field = engine.field();
    let frames = field.entry_frames();
    for entry in field.entries() {
        let [.., lost] = engine.texture[0][(entry % 1024) as usize].unwrap();
        let touches = entry * frames < start + 960 && (entry + 1) * frames > start;
        assert_eq!(lost > 0.5, touches, "entry {entry}");
    }
}

#[test]
fn another_span_shows_another_level_at_once() {
    let mut engine = Lanes::new(1, 1.0, 256);
    for _ in 0..900 {
        engine.write(0.5);
    }
    engine.catch_up();
    let fine = engine.field().entry_frames();
    engine.rig.the_mut::<ViewSettings>().span_secs = 8.0;
    engine.step();
    let coarse = engine.field().entry_frames();
    assert!(coarse >= 4 * fine, "{fine} to {coarse} frames an entry");
    let entries = engine.field().entries();
    for entry in entries {
        assert_eq!(
            engine.texture[0][(entry % 256) as usize].unwrap()[1],
            0.5,
            "entry {entry}"
        );
    }
}

/// A look at single samples, live and at a moment of before: what the texture holds are the samples themselves.
#[test]
fn a_close_look_shows_single_samples() {
    let mut engine = Lanes::new(1, 0.01, 1024);
    let samples: Vec<f32> = (0..96_000)
        .map(|i| ((i % 977) as f32 / 1024.0) - 0.5)
        .collect();
    for block in samples.chunks(BLOCK as usize) {
        engine.writer.write_block(block).unwrap();
    }
    let close = |engine: &mut Lanes, what: &str, has: Box<dyn Fn(std::ops::Range<u64>) -> bool>| {
        patiently(what, || {
            engine.step();
            let field = engine.field();
            field.is_settled() && field.entry_frames() == 1 && has(field.entries())
        });
        for entry in engine.field().entries() {
            let wanted = samples[entry as usize];
            let [min, max, rms, lost] = engine.texture[0][(entry % 1024) as usize].unwrap();
            assert!(
                (min - wanted).abs() < 5e-4 && min == max && (rms - wanted.abs()).abs() < 5e-4,
                "sample {entry}: {min} {max} {rms}, not {wanted}"
            );
            assert_eq!(lost, 0.0);
        }
    };
    close(
        &mut engine,
        "the newest",
        Box::new(|entries| entries.end == 96_000),
    );
    let mut window = engine.rig.the_mut::<TimeWindow>();
    window.follow = Follow::Frozen { frame: 30_000.0 };
    let around = |entries: std::ops::Range<u64>| entries.start <= 29_520 && entries.end >= 30_000;
    close(&mut engine, "a moment of before", Box::new(around));
    // Further away again what is kept of all is fine enough.
    engine.rig.the_mut::<ViewSettings>().span_secs = 1.0;
    patiently("a wider look", || {
        engine.step();
        engine.field().is_settled() && engine.field().entry_frames() == 64
    });
}

/// Answers envelopes some display frames after they were asked for.
#[derive(Clone)]
struct Late(Arc<Mutex<Waiting>>);

struct Waiting {
    worker: Worker,
    /// Display frames an answer takes, for one channel and for two: one after the other, and again from the start.
    delays: [&'static [u64]; 2],
    asked: [usize; 2],
    display_frame: u64,
    answers: Vec<(u64, Response, Sender<Response>)>,
}

impl Late {
    /// Sends what is due in the next display frame.
    fn pass(&self) {
        let mut waiting = self.0.lock().unwrap();
        waiting.display_frame += 1;
        let now = waiting.display_frame;
        let (due, later): (Vec<_>, _) = waiting.answers.drain(..).partition(|(at, ..)| *at <= now);
        waiting.answers = later;
        for (_, response, to) in due {
            let _ = to.send(response);
        }
    }
}

impl AnalysisBackend for Late {
    fn submit(&self, history: &SharedHistory, request: Request) -> Pending<Response> {
        let (to, answer) = crossbeam::channel::bounded(1);
        let mut waiting = self.0.lock().unwrap();
        let mut delay = 0;
        if let Request::Envelopes(asked) = &request {
            let which = asked.channels.len() - 1;
            let delays = waiting.delays[which];
            delay = delays[waiting.asked[which] % delays.len()];
            waiting.asked[which] += 1;
        }
        let response = waiting.worker.answer(&**history, &request);
        let due = waiting.display_frame + delay;
        waiting.answers.push((due, response, to));
        Pending::Reply(answer)
    }
}

/// Other channels take over while sound flows, a block before every frame. The old lanes go on until then. The new
/// ones do not lag behind them, unless they always would, since more channels take longer to read: then they come all
/// the same.
#[test]
fn other_channels_take_over_while_sound_flows() {
    let cases: [([&[u64]; 2], u64); 4] = [
        ([&[0], &[0]], 0),
        ([&[0], &[3]], 0),
        // Every third time it is as fast as the old ones.
        ([&[3, 3, 0], &[0]], 0),
        // Never.
        ([&[3], &[0]], 4),
    ];
    for (delays, blocks_back) in cases {
        let mut engine = Lanes::new(2, 1.0, 1024);
        let late = Late(Arc::new(Mutex::new(Waiting {
            worker: Worker::new(),
            delays,
            asked: [0; 2],
            display_frame: 0,
            answers: Vec::new(),
        })));
        let backend = SharedBackend(Arc::new(late.clone()));
        engine.rig.world.insert_resource(backend);
        let flow = |engine: &mut Lanes, display_frames: usize, mut see: Box<dyn FnMut(&Lanes)>| {
            for _ in 0..display_frames {
                engine.write(0.25);
                late.pass();
                engine.step();
                see(engine);
            }
        };
        flow(&mut engine, 50, Box::new(|_| {}));
        engine.rig.the_mut::<ViewSettings>().channels = vec![1];
        let mut last = engine.staged_frames();
        let most_back = blocks_back * u64::from(BLOCK);
        let see = move |engine: &Lanes| {
            let end = engine.staged_frames();
            assert!(end > 0, "blank lanes");
            assert!(
                end + most_back >= last,
                "{delays:?}: the lanes went back from {last} to {end}"
            );
            last = end;
        };
        flow(&mut engine, 100, Box::new(see));
        assert_eq!(engine.field().channels(), [1], "{delays:?}");
        let newest = ((engine.field().entries().end - 1) % 1024) as usize;
        // Channel 2 has twice the value.
        assert_eq!(engine.texture[0][newest], Some([0.5, 0.5, 0.5, 0.0]));
    }
}
