//! Builds the app and hands it to the browser's frames.

use std::sync::Arc;

use bevy::prelude::*;
use soundfall_plugins::{
    ProgramPlugins, Soundfall, SoundfallPlugins, SoundfallSystems,
    host::{BROWSER_BACKENDS, Graphics, Target, add_base},
};
use soundfall_systems::{
    analysis::{Analysis, AnalysisOf},
    backend::SharedBackend,
    stream::{SourceSwitch, Stream},
    view::{View, ViewOf, ViewSettings},
};

use crate::changes;

use super::backend::{WorkerBackend, exchange_messages};
use super::board::Board;
use super::frame_time::FrameTimePlugin;
use super::keep::{Listener, tell_settings};
use super::params::Params;
use super::tally::{Tally, keep_tally};

/// What page and app share.
#[derive(Clone, Default)]
pub struct Shared {
    /// Sources and troubles.
    pub board: Arc<Board>,
    /// The way to the worker.
    pub backend: WorkerBackend,
    /// The figures.
    pub tally: Tally,
}

/// The channels that the link names, until there is a source.
#[derive(Resource)]
struct LinkChannels(Vec<u32>);

/// Runs the display in the canvas, frame by frame, from now on.
pub fn start(params: Params, shared: &Shared) {
    let Params {
        settings,
        channels,
        changes,
        undrawn,
    } = params;
    let mut app = App::new();
    let graphics = Graphics::Adapter {
        name: String::new(),
        backends: BROWSER_BACKENDS,
        max_pixels: u32::MAX,
        is_software: false,
    };
    add_base(
        &mut app,
        Some("soundfall"),
        UVec2::new(1280, 720),
        &graphics,
    );
    if !settings.program.smooth {
        app.world_mut().resource_mut::<Target>().msaa = Msaa::Off;
    }
    app.insert_resource(settings.program)
        .insert_resource(SharedBackend(Arc::new(shared.backend.clone())))
        .insert_resource(shared.backend.clone())
        .insert_resource(shared.tally.clone())
        .add_plugins((SoundfallPlugins::default(), ProgramPlugins, FrameTimePlugin))
        .add_systems(
            Soundfall,
            // After the clocks, so that what comes in is as new as it can be when it is collected.
            exchange_messages
                .after(SoundfallSystems::Sync)
                .before(SoundfallSystems::Collect),
        )
        .insert_resource(Listener(shared.board.clone()))
        .add_systems(Last, (keep_tally, tell_settings));
    let world = app.world_mut();
    // The first source brings the stream itself.
    let stream = world.spawn(SourceSwitch(shared.board.clone())).id();
    let analysis = (Analysis, AnalysisOf(stream), settings.analysis);
    let analysis = world.spawn(analysis).id();
    world.spawn((View, ViewOf(analysis), settings.view, settings.instruments));
    if let Some(channels) = channels {
        app.insert_resource(LinkChannels(channels)).add_systems(
            Soundfall,
            choose_channels
                .run_if(resource_exists::<LinkChannels>)
                .after(SoundfallSystems::Input)
                .before(SoundfallSystems::Sync),
        );
    }
    changes::add(&mut app, changes);
    if undrawn {
        app.add_systems(PostUpdate, |mut cameras: Query<&mut Camera>| {
            for mut camera in &mut cameras {
                camera.bypass_change_detection().is_active = false;
            }
        });
    }
    app.run();
}

/// Shows the channels that the link names, once there is a source that has them.
fn choose_channels(
    mut commands: Commands,
    streams: Query<&Stream>,
    chosen: Res<LinkChannels>,
    mut views: Query<&mut ViewSettings>,
) {
    let Some(stream) = streams.iter().next() else {
        return;
    };
    let there = stream.history.format().channels;
    let mut channels = chosen.0.clone();
    channels.retain(|channel| *channel < there);
    if !channels.is_empty() {
        for mut view in &mut views {
            view.channels.clone_from(&channels);
        }
    }
    commands.remove_resource::<LinkChannels>();
}
