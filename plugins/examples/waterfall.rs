//! A waterfall in somebody's own app: a sound of two tones, analysed and drawn beside whatever else
//! is in the scene. `cargo run -p soundfall-plugins --example waterfall`

use std::sync::Arc;

use bevy::prelude::*;
use soundfall_analysis::Recording;
use soundfall_plugins::SoundfallPlugins;
use soundfall_systems::{
    analysis::{Analysis, AnalysisOf},
    stream::Stream,
    view::{View, ViewOf},
};

fn main() {
    App::new()
        .add_plugins((DefaultPlugins, SoundfallPlugins::new(Update)))
        .add_systems(Startup, set_up)
        .run();
}

fn set_up(mut commands: Commands) -> Result {
    let tone = |hz: f32, i: usize| (i as f32 * hz * std::f32::consts::TAU / 48_000.0).sin() * 0.3;
    let samples: Vec<f32> = (0..480_000)
        .map(|i| tone(440.0, i) + tone(3_000.0, i))
        .collect();
    let stream = Stream {
        history: Arc::new(Recording::from_interleaved(48_000, 1, &samples)?),
        name: "two tones".into(),
        probe: None,
    };
    let stream = commands.spawn(stream).id();
    let analysis = commands.spawn((Analysis, AnalysisOf(stream))).id();
    commands.spawn((View, ViewOf(analysis), Transform::from_xyz(0.0, 1.0, 0.0)));
    commands.spawn((
        Camera3d::default(),
        Transform::from_xyz(6.0, 14.0, 26.0).looking_at(Vec3::ZERO, Vec3::Y),
    ));
    Ok(())
}
