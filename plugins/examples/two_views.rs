//! Two views of one stream in a host's own scene, beside its own egui window: the left one follows
//! the sound, the right one stands still ten seconds back and shows two seconds.
//!
//! `cargo run -p soundfall-plugins --example two_views`
//!
//! Both views share one analysis. The second one looks closer than the rows of the first are, so
//! the analysis keeps finer rows for it.

mod common;

use bevy::{core_pipeline::tonemapping::Tonemapping, prelude::*};
use bevy_egui::{
    EguiContexts, EguiGlobalSettings, EguiPlugin, EguiPrimaryContextPass, PrimaryEguiContext, egui,
};
use soundfall_dsp::colormap::Colormap;
use soundfall_plugins::SoundfallPlugins;
use soundfall_systems::{
    analysis::{Analysis, AnalysisOf},
    stream::{Stream, StreamClock},
    view::{Follow, TimeWindow, View, ViewOf, ViewSettings},
};

const BACK_SECS: f64 = 10.0;

/// The view that stands still.
#[derive(Component)]
struct Frozen;

fn main() -> AppExit {
    App::new()
        .add_plugins((
            common::WindowOrPicture,
            EguiPlugin::default(),
            SoundfallPlugins::new(Update),
        ))
        .insert_resource(ClearColor(Color::srgb(0.05, 0.06, 0.09)))
        .add_systems(PreStartup, own_the_egui_context)
        .add_systems(Startup, (build_scene, show_a_sound))
        .add_systems(EguiPrimaryContextPass, paint_window)
        .run()
}

/// The host says which camera carries its egui context.
fn own_the_egui_context(mut settings: ResMut<EguiGlobalSettings>) {
    settings.auto_create_primary_context = false;
}

fn build_scene(
    mut commands: Commands,
    mut meshes: ResMut<Assets<Mesh>>,
    mut materials: ResMut<Assets<StandardMaterial>>,
) {
    let stone = materials.add(StandardMaterial {
        base_color: Color::srgb(0.22, 0.23, 0.27),
        perceptual_roughness: 0.8,
        ..default()
    });
    let copper = materials.add(Color::srgb(0.80, 0.40, 0.22));
    commands.spawn((
        Mesh3d(meshes.add(Plane3d::default().mesh().size(80.0, 60.0))),
        MeshMaterial3d(stone),
        Transform::from_xyz(0.0, -0.2, 0.0),
    ));
    commands.spawn((
        Mesh3d(meshes.add(Sphere::new(2.2))),
        MeshMaterial3d(copper),
        Transform::from_xyz(0.0, 2.0, -9.0),
    ));
    commands.spawn((
        DirectionalLight {
            illuminance: 4_000.0,
            ..default()
        },
        Transform::from_xyz(-6.0, 12.0, 8.0).looking_at(Vec3::ZERO, Vec3::Y),
    ));
    commands.spawn((
        Camera3d::default(),
        Tonemapping::Reinhard,
        PrimaryEguiContext,
        Transform::from_xyz(0.0, 18.0, 33.0).looking_at(Vec3::new(0.0, 1.5, -1.0), Vec3::Y),
    ));
}

fn show_a_sound(mut commands: Commands) -> Result {
    let stream = commands.spawn(Stream::new(common::live_sound()?, "demo"));
    let analysis = (Analysis, AnalysisOf(stream.id()));
    let analysis = commands.spawn(analysis).id();
    commands.spawn((
        View,
        ViewOf(analysis),
        Transform::from_xyz(-11.0, 0.0, 0.0).with_rotation(Quat::from_rotation_y(0.2)),
    ));
    let frame = (f64::from(common::PAST_SECS) - BACK_SECS) * f64::from(common::RATE);
    commands.spawn((
        Frozen,
        View,
        ViewOf(analysis),
        ViewSettings {
            span_secs: 2.0,
            colormap: Colormap::Inferno,
            ..default()
        },
        TimeWindow {
            follow: Follow::Frozen { frame },
        },
        Transform::from_xyz(11.0, 0.0, 0.0).with_rotation(Quat::from_rotation_y(-0.2)),
    ));
    Ok(())
}

fn paint_window(
    mut contexts: EguiContexts,
    stream: Single<(&Stream, &StreamClock)>,
    mut window: Single<&mut TimeWindow, With<Frozen>>,
) -> Result {
    let (stream, clock) = *stream;
    let rate = f64::from(stream.history.format().sample_rate);
    egui::Window::new("Host")
        .anchor(egui::Align2::LEFT_TOP, [8.0, 8.0])
        .default_width(110.0)
        .resizable(false)
        .fade_in(false)
        .show(contexts.ctx_mut()?, |ui| {
            if let Follow::Frozen { frame } = window.follow {
                let back = (clock.now_frames - frame) / rate;
                ui.label(format!("right: {back:.1} s back"));
            }
            if ui.button("Freeze anew").clicked() {
                window.follow = Follow::Frozen {
                    frame: (clock.now_frames - BACK_SECS * rate).max(0.0),
                };
            }
        });
    Ok(())
}
