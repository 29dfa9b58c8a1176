//! Builds the app and hands it to the browser's frames.

use std::sync::Arc;

use bevy::prelude::*;
use soundfall_plugins::{
    SoundfallPlugins, SoundfallSystems,
    host::{Graphics, Target, add_base},
};
use soundfall_systems::{
    analysis::collect_jobs,
    backend::SharedBackend,
    stream::{Control, Source},
    view::View,
};

use crate::changes;

use super::board::Board;
use super::frame_time::FrameTimePlugin;
use super::link::{WorkerAnalyst, attend};
use super::params::Params;
use super::tally::{Tally, keep_tally};

/// What page and app share.
#[derive(Clone, Default)]
pub struct Shared {
    /// Sources and troubles.
    pub board: Arc<Board>,
    /// The way to the worker.
    pub analyst: WorkerAnalyst,
    /// The figures.
    pub tally: Tally,
}

/// Runs the display in the canvas, frame by frame, from now on.
pub fn start(params: Params, shared: &Shared) {
    let draw = params.draw;
    let changes = params.changes.clone();
    let mut app = App::new();
    let graphics = Graphics::Adapter {
        name: String::new(),
        backends: soundfall_plugins::host::BROWSER_BACKENDS,
    };
    add_base(
        &mut app,
        Some("soundfall"),
        UVec2::new(1280, 720),
        &graphics,
    );
    if !params.smooth {
        app.world_mut().resource_mut::<Target>().msaa = Msaa::Off;
    }
    app.insert_resource(params.analysis.clone())
        .insert_resource(params.view.clone())
        .insert_resource(params.instruments.clone())
        .insert_resource(params)
        .insert_resource(Control(shared.board.clone()))
        .insert_resource(SharedBackend(Arc::new(shared.analyst.clone())))
        .insert_resource(shared.analyst.clone())
        .insert_resource(shared.tally.clone())
        .add_plugins((SoundfallPlugins, FrameTimePlugin))
        .add_systems(
            Update,
            (
                attend
                    .in_set(SoundfallSystems::Collect)
                    .before(collect_jobs),
                choose_channels
                    .after(SoundfallSystems::Input)
                    .before(SoundfallSystems::Sync),
            ),
        )
        .add_systems(Last, keep_tally);
    changes::add(&mut app, changes);
    if !draw {
        app.add_systems(PostUpdate, |mut cameras: Query<&mut Camera>| {
            for mut camera in &mut cameras {
                camera.bypass_change_detection().is_active = false;
            }
        });
    }
    app.run();
}

/// The channels that the link names, once there is a source that has them.
fn choose_channels(
    source: Option<Res<Source>>,
    mut params: ResMut<Params>,
    mut view: ResMut<View>,
) {
    let Some(source) = source else { return };
    if params.channels.is_none() {
        return;
    }
    if let Some(list) = params.channels.take() {
        let there = source.ring.format().channels;
        let shown: Vec<u32> = list
            .0
            .into_iter()
            .filter(|channel| *channel < there)
            .collect();
        if !shown.is_empty() {
            view.channels = shown;
        }
    }
}
