//! The waterfall on a turntable in somebody's own lit scene: the view is a child of the turntable,
//! turns with it, and is as large as its transform says.
//!
//! `cargo run -p soundfall-plugins --example on_an_object`
//!
//! The surfaces bring their own light, so that their colours stay those of the levels: lamps of the
//! scene neither light them nor do they throw shadows.

mod common;

use bevy::{core_pipeline::tonemapping::Tonemapping, prelude::*};
use soundfall_plugins::SoundfallPlugins;
use soundfall_systems::{
    analysis::{Analysis, AnalysisOf},
    stream::Stream,
    view::{View, ViewOf, ViewSettings},
};

#[derive(Component)]
struct Turntable;

fn main() -> AppExit {
    App::new()
        .add_plugins((common::WindowOrPicture, SoundfallPlugins::new(Update)))
        .add_systems(Startup, (build_room, show_a_sound).chain())
        .add_systems(Update, turn)
        .run()
}

/// The host's scene; lengths in metres.
fn build_room(
    mut commands: Commands,
    mut meshes: ResMut<Assets<Mesh>>,
    mut materials: ResMut<Assets<StandardMaterial>>,
) {
    let floor = materials.add(Color::srgb(0.30, 0.28, 0.27));
    let wood = materials.add(StandardMaterial {
        base_color: Color::srgb(0.45, 0.27, 0.14),
        perceptual_roughness: 0.6,
        ..default()
    });
    let brass = materials.add(StandardMaterial {
        base_color: Color::srgb(0.72, 0.56, 0.25),
        metallic: 0.5,
        perceptual_roughness: 0.35,
        ..default()
    });
    commands.spawn((
        Mesh3d(meshes.add(Plane3d::default().mesh().size(20.0, 20.0))),
        MeshMaterial3d(floor),
    ));
    commands.spawn((
        Mesh3d(meshes.add(Cuboid::new(2.4, 0.08, 1.6))),
        MeshMaterial3d(wood.clone()),
        Transform::from_xyz(0.0, 0.76, 0.0),
    ));
    let leg = meshes.add(Cuboid::new(0.08, 0.72, 0.08));
    for (x, z) in [(-1.1, -0.7), (1.1, -0.7), (-1.1, 0.7), (1.1, 0.7)] {
        commands.spawn((
            Mesh3d(leg.clone()),
            MeshMaterial3d(wood.clone()),
            Transform::from_xyz(x, 0.36, z),
        ));
    }
    commands.spawn((
        Turntable,
        Mesh3d(meshes.add(Cylinder::new(0.72, 0.06))),
        MeshMaterial3d(brass),
        Transform::from_xyz(0.0, 0.83, 0.0).with_rotation(Quat::from_rotation_y(0.4)),
    ));
    commands.spawn((
        PointLight {
            intensity: 400_000.0,
            shadow_maps_enabled: true,
            ..default()
        },
        Transform::from_xyz(1.5, 3.0, 2.0),
    ));
    commands.spawn((
        Camera3d::default(),
        Tonemapping::Reinhard,
        Transform::from_xyz(0.9, 1.9, 2.3).looking_at(Vec3::Y * 0.85, Vec3::Y),
    ));
}

fn show_a_sound(mut commands: Commands, turntable: Single<Entity, With<Turntable>>) -> Result {
    let stream = commands.spawn(Stream::new(common::live_sound()?, "demo"));
    let analysis = (Analysis, AnalysisOf(stream.id()));
    let analysis = commands.spawn(analysis).id();
    commands.spawn((
        View,
        ViewOf(analysis),
        ViewSettings {
            height_scale: 1.6,
            ..default()
        },
        ChildOf(*turntable),
        // Of the 20 units of a view there is a metre left.
        Transform::from_xyz(0.0, 0.035, 0.0).with_scale(Vec3::splat(0.05)),
    ));
    Ok(())
}

fn turn(time: Res<Time>, mut turntable: Single<&mut Transform, With<Turntable>>) {
    turntable.rotate_y(0.3 * time.delta_secs());
}
