//! Two views of one stream beside a host's own scene: the newest sound on one table, a moment ten
//! seconds back, at a tenth of the span, on another. The host has its own camera, light and meshes.
//! `cargo run -p soundfall-plugins --example two_views`

use std::sync::Arc;

use bevy::prelude::*;
use soundfall_analysis::Recording;
use soundfall_plugins::SoundfallPlugins;
use soundfall_systems::{
    analysis::{Analysis, AnalysisOf},
    stream::Stream,
    view::{Follow, TimeWindow, View, ViewOf, ViewSettings},
};

fn main() {
    App::new()
        .add_plugins((DefaultPlugins, SoundfallPlugins::new(Update)))
        .add_systems(Startup, (set_up_sound, set_up_scene))
        .run();
}

/// Twenty seconds of a tone that rises from 200 Hz by 150 Hz a second.
fn set_up_sound(mut commands: Commands) -> Result {
    let sample = |i: i32| {
        let secs = f64::from(i) / 48_000.0;
        ((200.0 * secs + 75.0 * secs * secs) * std::f64::consts::TAU).sin() as f32 * 0.5
    };
    let samples: Vec<f32> = (0..20 * 48_000).map(sample).collect();
    let stream = Stream {
        history: Arc::new(Recording::from_interleaved(48_000, 1, &samples)?),
        name: "a rising tone".into(),
        probe: None,
    };
    let stream = commands.spawn(stream).id();
    let analysis = commands.spawn((Analysis, AnalysisOf(stream))).id();
    let on_table = |x: f32| Transform::from_xyz(x, 0.1, 0.0).with_scale(Vec3::splat(0.5));
    commands.spawn((View, ViewOf(analysis), on_table(-6.0)));
    let frozen = Follow::Frozen {
        frame: 10.0 * 48_000.0,
    };
    let closer = ViewSettings {
        span_secs: 1.0,
        ..ViewSettings::default()
    };
    commands.spawn((
        View,
        ViewOf(analysis),
        closer,
        TimeWindow { follow: frozen },
        on_table(6.0),
    ));
    Ok(())
}

fn set_up_scene(
    mut commands: Commands,
    mut meshes: ResMut<Assets<Mesh>>,
    mut materials: ResMut<Assets<StandardMaterial>>,
) {
    let top = meshes.add(Cuboid::new(11.0, 0.3, 8.0));
    let wood = materials.add(Color::srgb(0.35, 0.22, 0.12));
    for x in [-6.0, 6.0] {
        commands.spawn((
            Mesh3d(top.clone()),
            MeshMaterial3d(wood.clone()),
            Transform::from_xyz(x, -0.2, 0.0),
        ));
    }
    commands.spawn((
        DirectionalLight::default(),
        Transform::from_xyz(3.0, 8.0, 5.0).looking_at(Vec3::ZERO, Vec3::Y),
    ));
    commands.spawn((
        Camera3d::default(),
        Transform::from_xyz(0.0, 9.0, 18.0).looking_at(Vec3::ZERO, Vec3::Y),
    ));
}
