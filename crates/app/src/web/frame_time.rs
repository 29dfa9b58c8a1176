//! How long a frame keeps the page's only thread: from the first system to the last command for
//! the graphics card. What the browser does with them is not seen from here.

use std::sync::{Arc, Mutex, PoisonError};

use bevy::{
    prelude::*,
    render::{Render, RenderApp, RenderSystems},
};
use soundfall_systems::diagnostics::Histogram;
use web_time::Instant;

/// Times of whole frames.
#[derive(Resource, Clone, Default)]
pub struct FrameTime(Arc<Mutex<(Option<Instant>, Histogram)>>);

impl FrameTime {
    /// The times so far.
    pub fn histogram(&self) -> Histogram {
        let times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        times.1.clone()
    }
}

/// Measures every frame.
pub struct FrameTimePlugin;

impl Plugin for FrameTimePlugin {
    fn build(&self, app: &mut App) {
        let times = FrameTime::default();
        app.insert_resource(times.clone()).add_systems(First, begin);
        if let Some(render) = app.get_sub_app_mut(RenderApp) {
            render
                .insert_resource(times)
                .add_systems(Render, end.in_set(RenderSystems::PostCleanup));
        }
    }
}

fn begin(times: Res<FrameTime>) {
    let mut times = times.0.lock().unwrap_or_else(PoisonError::into_inner);
    times.0 = Some(Instant::now());
}

fn end(times: Res<FrameTime>) {
    let mut times = times.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(begun) = times.0.take() {
        times.1.add(begun.elapsed().as_secs_f64() * 1000.0);
    }
}
