//! The lanes on a bare world: complete entries reach the renderer while sound keeps flowing.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use half::f16;
use soundfall_ring::{GapReason, HeapStorage, RingFormat, RingWriter, heap_ring};
use soundfall_systems::{
    view::ViewSettings,
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
            engine.write(0.25);
            engine.step();
            std::thread::sleep(std::time::Duration::from_micros(200));
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

/// Other channels take over while sound flows, a block before every frame; the old lanes go on until
/// then, and the new ones do not lag behind them.
#[test]
fn other_channels_take_over_while_sound_flows() {
    let mut engine = Lanes::new(2, 1.0, 1024);
    engine.write(0.25);
    engine.catch_up();
    engine.rig.the_mut::<ViewSettings>().channels = vec![1];
    let mut last = engine.staged_frames();
    let mut after = 0;
    patiently("the other channels are shown", || {
        engine.write(0.25);
        engine.step();
        let end = engine.staged_frames();
        assert!(!engine.field().entries().is_empty(), "blank lanes");
        assert!(end >= last, "the lanes went back from {last} to {end}");
        last = end;
        after += u32::from(engine.field().channels() == [1]);
        std::thread::sleep(std::time::Duration::from_micros(200));
        after > 20
    });
    let newest = ((engine.field().entries().end - 1) % 1024) as usize;
    // Channel 2 has twice the value.
    assert_eq!(engine.texture[0][newest], Some([0.5, 0.5, 0.5, 0.0]));
}
