//! The run's figures for the page: those of `--stats`, and what only a browser has.

use std::sync::{Arc, Mutex, PoisonError};

use bevy::prelude::*;
use serde::Serialize;
use soundfall_systems::{analysis::AnalysisProgress, stream::Stream};

use crate::figures::{Spread, Stats, round};
use crate::report::DisplayReport;

use super::backend::WorkerBackend;
use super::frame_time::FrameTime;

/// Frames between two looks.
const EVERY: u32 = 10;

/// The newest figures as JSON, for the page to fetch.
#[derive(Resource, Clone, Default)]
pub struct Tally(Arc<Mutex<String>>);

impl Tally {
    /// The figures as JSON; empty before the first look.
    pub fn text(&self) -> String {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[derive(Serialize)]
struct WebStats {
    #[serde(flatten)]
    stats: Stats,
    /// A frame on the page's thread, rendering included.
    main_thread_ms: Spread,
    /// From a request to its response.
    worker_ms: Spread,
    /// Workers that failed; what they owed is among the dropped columns.
    worker_failures: u64,
    wasm_heap_mb: f64,
    /// Entities of the world now.
    entities: u64,
    /// Pictures and meshes of the world now.
    assets: u64,
    /// Analysis jobs under way now.
    tasks: u64,
    /// Memory is shared with the worker.
    isolated: bool,
}

/// Writes the figures down every few frames.
pub fn keep_tally(world: &mut World, mut frame: Local<u32>) {
    *frame = frame.wrapping_add(1);
    if !frame.is_multiple_of(EVERY) {
        return;
    }
    let mut stats = Stats::default();
    let report = DisplayReport::of(world);
    report.write_to(&mut stats);
    stats.seconds = round(
        world
            .get_resource::<Time<Real>>()
            .map_or(0.0, Time::elapsed_secs_f64),
        3,
    );
    // While it runs, what is under way is not dropped.
    let mut progress = world.query::<&AnalysisProgress>();
    stats.columns_dropped = progress.iter(world).map(|one| one.columns_dropped).sum();
    if let Some(stream) = world.query::<&Stream>().iter(world).next() {
        let format = stream.history.format();
        stats.channels = format.channels;
        stats.rate = format.sample_rate;
        stats.frames_written = Some(stream.history.extent().end);
    }
    let figures = world.resource::<WorkerBackend>().figures();
    let web = WebStats {
        stats,
        main_thread_ms: Spread::from(&world.resource::<FrameTime>().histogram()),
        worker_ms: Spread::from(&figures.response_ms),
        worker_failures: figures.failures,
        wasm_heap_mb: round(heap_bytes() / 1e6, 1),
        entities: report.entities,
        assets: report.assets,
        tasks: report.tasks,
        isolated: js_sys::Reflect::get(&js_sys::global(), &"crossOriginIsolated".into())
            .is_ok_and(|isolated| isolated.is_truthy()),
    };
    // Plain numbers and names: they can always be written.
    if let Ok(text) = serde_json::to_string(&web) {
        let tally = world.resource::<Tally>();
        *tally.0.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }
}

/// Size of this module's memory.
fn heap_bytes() -> f64 {
    let memory = wasm_bindgen::memory();
    js_sys::Reflect::get(&memory, &"buffer".into())
        .and_then(|buffer| js_sys::Reflect::get(&buffer, &"byteLength".into()))
        .ok()
        .and_then(|bytes| bytes.as_f64())
        .unwrap_or(0.0)
}
