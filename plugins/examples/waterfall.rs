//! A waterfall in a plain Bevy app: a sound that is in memory, a view of it, and the app's own camera.
//!
//! `cargo run -p soundfall-plugins --example waterfall`
//!
//! `common::WindowOrPicture` is Bevy's `DefaultPlugins`; only the tests ask it for a picture.

mod common;

use std::{f32::consts::TAU, sync::Arc};

use bevy::{core_pipeline::tonemapping::Tonemapping, prelude::*};
use soundfall_plugins::prelude::*;

fn main() -> AppExit {
    App::new()
        .add_plugins((common::WindowOrPicture, SoundfallPlugins::new(Update)))
        .add_systems(Startup, show_a_sound)
        .run()
}

fn show_a_sound(mut commands: Commands) -> Result {
    let sound = Arc::new(Recording::from_planes(48_000, vec![pings()])?);
    let stream = commands.spawn(Stream::new(sound, "pings")).id();
    let analysis = commands.spawn((Analysis, AnalysisOf(stream))).id();
    commands.spawn((View, ViewOf(analysis)));
    // A view stands around the origin and is 20 units wide.
    let eye = Transform::from_xyz(6.0, 11.0, 21.0).looking_at(Vec3::Y, Vec3::Y);
    commands.spawn((Camera3d::default(), Tonemapping::None, eye));
    Ok(())
}

/// Ten seconds of notes that rise and fade.
fn pings() -> Vec<f32> {
    let sample = |frame: u32| {
        let (secs, step) = (frame as f32 / 48_000.0, frame / 24_000);
        let hz = 110.0 * 2_f32.powf((step * 7 % 12) as f32 / 3.0);
        let fade = (-3.0 * (secs % 0.5)).exp();
        let partial = |n: f32| (TAU * hz * n * secs).sin() / (n * n);
        0.4 * fade * (partial(1.0) + partial(2.0) + partial(3.0))
    };
    (0..480_000).map(sample).collect()
}
