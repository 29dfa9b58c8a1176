//! How long a change of the analysis takes: 30 s of 8 channels at 48 kHz in the ring, the window
//! changed, and the time until the first picture of all that is visible is staged, and the whole
//! one. At 60 frames a second and as fast as frames can follow each other, beside the bare work:
//! the same columns by one thread without any of the scheduling. Never draws.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark talks and may stop"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use bevy_ecs::prelude::*;
use bevy_tasks::{AsyncComputeTaskPool, TaskPoolBuilder};
use bevy_time::{Real, Time};
use soundfall_analysis::RingHistory;
use soundfall_dsp::rows::{RowEngine, RowShape, RowSpan};
use soundfall_ring::{RingFormat, SharedRing, heap_ring};
use soundfall_systems::{
    analysis::{AnalysisSettings, Reanalysis, RowPlan},
    bare::BareDisplay,
    stream::Stream,
    view::ViewSettings,
    waterfall::{HeightField, HeightFieldSize},
    waveform::LaneWidth,
};

const RATE: u32 = 48_000;
const CHANNELS: u32 = 8;
const SECS: u32 = 30;

fn ring() -> SharedRing {
    let frames = u64::from(RATE * SECS);
    let format = RingFormat::new(RATE, CHANNELS, frames + 2 * 48_000, 480).unwrap();
    let (mut writer, ring) = heap_ring(&format, "bench").unwrap();
    let mut state = 1_u32;
    for _ in 0..frames / 480 {
        let block: Vec<f32> = (0..480 * CHANNELS)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state as i32 as f32 / 4_294_967_296.0
            })
            .collect();
        writer.write_block(&block).unwrap();
    }
    ring
}

/// A display without a renderer, and its view.
struct Display {
    bare: BareDisplay,
    view: Entity,
}

impl Display {
    fn new(ring: SharedRing) -> Self {
        let mut bare = BareDisplay::new(HeightFieldSize::default(), LaneWidth::default());
        let stream = Stream::new(RingHistory::shared(ring), "bench");
        let settings = ViewSettings {
            channels: (0..CHANNELS).collect(),
            span_secs: f64::from(SECS),
            ..ViewSettings::default()
        };
        let view = bare.show(stream, AnalysisSettings::default(), settings);
        Self { bare, view }
    }

    fn frame(&mut self) {
        self.bare.world.resource_mut::<Time<Real>>().update();
        self.bare.step();
        // Received and dropped, as after an upload.
        self.bare.heights.try_iter().for_each(drop);
        self.bare.lanes.try_iter().for_each(drop);
    }

    fn the<C: Component>(&self) -> &C {
        self.bare.get(self.view).unwrap()
    }

    /// From a change of the window to the first and the whole picture.
    fn change(&mut self, window_size: usize, pause: Duration) -> (Duration, Duration) {
        let before = self.the::<RowPlan>().generation;
        let view = self.view;
        let settings = self.bare.get_mut::<AnalysisSettings>(view);
        settings.unwrap().window_size = window_size;
        let begun = Instant::now();
        let mut first = None;
        loop {
            let frame = Instant::now();
            self.frame();
            let field = self.the::<HeightField>();
            let shown = field.shown_plan().map(|plan| plan.generation);
            if first.is_none() && shown != Some(before) {
                first = Some(begun.elapsed());
            }
            if let Some(first) = first
                && !self.the::<Reanalysis>().running()
            {
                return (first, begun.elapsed());
            }
            std::thread::sleep(pause.saturating_sub(frame.elapsed()));
        }
    }
}

/// All columns of all channels, one after the other.
fn bare(ring: &SharedRing, plan: &RowPlan) -> Duration {
    let begun = Instant::now();
    let shape: &RowShape = plan.shape(0);
    let mut engine = RowEngine::new(&shape.stft).unwrap();
    let columns = plan.columns_complete_at(ring.written_frames());
    let span = RowSpan {
        columns: 0..columns,
        mips: 2..3,
        every: 1,
    };
    let mut samples = vec![0.0; shape.frames(columns) as usize];
    let channels = u64::from(CHANNELS);
    let mut out = vec![0; (span.total_rows() * channels) as usize * shape.width() * 2];
    for channel in 0..CHANNELS {
        ring.read(channel, 0, &mut samples).unwrap();
        let place = (u64::from(channel), channels);
        engine.rows(shape, &span, &samples, |_| false, place, &mut out);
    }
    black_box(&out);
    begun.elapsed()
}

fn main() {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    // As many threads as the program has for it: half of the cores, one to eight.
    let threads = (cores / 2).clamp(1, 8);
    AsyncComputeTaskPool::get_or_init(|| TaskPoolBuilder::new().num_threads(threads).build());
    let ring = ring();
    println!(
        "{SECS} s of {CHANNELS} channels at 48 kHz, hop 512, {threads} thread(s), {cores} cores"
    );
    println!("window       first picture         whole picture        the bare work, one thread");
    println!("           60 fps   at once      60 fps   at once");
    let mut display = Display::new(ring.clone());
    for _ in 0..2000 {
        display.frame();
        std::thread::sleep(Duration::from_micros(300));
    }
    for size in [8192, 512, 2048, 32768] {
        let times = [Duration::from_nanos(16_666_667), Duration::ZERO].map(|pause| {
            // Twice, the better one: others use the machine too.
            (0..2)
                .map(|_| {
                    display.change(if size == 4096 { 1024 } else { 4096 }, Duration::ZERO);
                    display.change(size, pause)
                })
                .min_by_key(|(_, whole)| *whole)
                .unwrap()
        });
        let plan = display.the::<RowPlan>().clone();
        let bare = (0..2).map(|_| bare(&ring, &plan)).min().unwrap();
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        println!(
            "{size:>6}   {:>6.0} ms {:>6.0} ms   {:>6.0} ms {:>6.0} ms   {:>8.0} ms",
            ms(times[0].0),
            ms(times[1].0),
            ms(times[0].1),
            ms(times[1].1),
            ms(bare),
        );
    }
}
