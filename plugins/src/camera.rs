//! The cameras and how the window is divided: scene above, lanes below, words over all.

use bevy::{
    camera::{RenderTarget, ScalingMode, Viewport, visibility::RenderLayers},
    core_pipeline::tonemapping::Tonemapping,
    prelude::*,
};
use bevy_egui::{EguiGlobalSettings, PrimaryEguiContext, input::EguiWantsInput};
use bevy_panorbit_camera::{PanOrbitCamera, PanOrbitCameraPlugin, PanOrbitCameraSystemSet};
use soundfall_systems::{
    layout::{FIELD_OF_VIEW, Framing, Layout, home},
    instruments::InstrumentChoice,
    view::View,
    waterfall::HeightField,
};

use crate::{SoundfallSystems, host::Target, waterfall::Stage, waveform::LANE_LAYER};

/// The colour of the night around the stage.
pub(crate) const NIGHT: Color = Color::srgb(0.020, 0.026, 0.044);

/// Cameras, orbit control and layout. Needs a [`Target`] resource, which [`crate::host`] inserts.
pub struct CameraPlugin;

impl Plugin for CameraPlugin {
    fn build(&self, app: &mut App) {
        app.add_plugins(PanOrbitCameraPlugin)
            .insert_resource(ClearColor(NIGHT))
            .init_resource::<Layout>()
            .init_resource::<Stage>()
            .add_systems(PreStartup, spawn_cameras)
            .add_systems(
                PostUpdate,
                (divide, frame_home, hold_still)
                    .chain()
                    .in_set(SoundfallSystems::Layout)
                    .before(PanOrbitCameraSystemSet),
            );
    }
}

/// The camera that sees the surfaces.
#[derive(Component)]
pub struct SceneCamera;

/// The camera that sees the lanes.
#[derive(Component)]
pub(crate) struct LaneCamera;

/// The camera that carries panel, labels and overlay.
#[derive(Component)]
pub(crate) struct WordCamera;

fn spawn_cameras(
    mut commands: Commands,
    target: Res<Target>,
    mut egui: Option<ResMut<EguiGlobalSettings>>,
) {
    if let Some(egui) = &mut egui {
        egui.auto_create_primary_context = false;
    }
    let render_target = target.render_target();
    let msaa = target.msaa;
    commands.spawn((
        SceneCamera,
        Camera3d::default(),
        Camera::default(),
        render_target.clone(),
        Projection::from(PerspectiveProjection {
            fov: FIELD_OF_VIEW,
            ..default()
        }),
        Tonemapping::None,
        msaa,
        PanOrbitCamera {
            pitch_lower_limit: Some(-0.05),
            pitch_upper_limit: Some(1.55),
            zoom_lower_limit: 1.0,
            zoom_upper_limit: Some(200.0),
            button_orbit: MouseButton::Left,
            button_pan: MouseButton::Right,
            ..default()
        },
    ));
    commands.spawn((
        LaneCamera,
        Camera3d::default(),
        Camera {
            order: 1,
            clear_color: ClearColorConfig::None,
            ..default()
        },
        render_target.clone(),
        Projection::from(OrthographicProjection {
            scaling_mode: ScalingMode::Fixed {
                width: 1.0,
                height: 1.0,
            },
            near: -10.0,
            far: 10.0,
            ..OrthographicProjection::default_3d()
        }),
        Tonemapping::None,
        msaa,
        RenderLayers::layer(LANE_LAYER),
    ));
    commands.spawn((
        WordCamera,
        Camera2d,
        Camera {
            order: 2,
            clear_color: ClearColorConfig::None,
            ..default()
        },
        render_target,
        Tonemapping::None,
        msaa,
        PrimaryEguiContext,
        IsDefaultUiCamera,
    ));
}

/// Divides the picture whenever its size or the number of channels changes.
fn divide(
    field: Res<HeightField>,
    view: Res<View>,
    instruments: Option<Res<InstrumentChoice>>,
    mut layout: ResMut<Layout>,
    word_camera: Query<(&Camera, &RenderTarget), With<WordCamera>>,
    mut scene: Query<&mut Camera, (With<SceneCamera>, Without<WordCamera>, Without<LaneCamera>)>,
    mut lanes: Query<&mut Camera, (With<LaneCamera>, Without<WordCamera>, Without<SceneCamera>)>,
) {
    let Ok((camera, _)) = word_camera.single() else {
        return;
    };
    let Some(size) = camera.physical_target_size() else {
        return;
    };
    if size.x < 16 || size.y < 16 {
        return;
    }
    let scale = camera.target_scaling_factor().unwrap_or(1.0);
    let mut wanted = Layout::new(size, scale, field.channels().max(1), view.panel);
    if instruments.is_some_and(|choice| choice.wants_strip()) {
        wanted = wanted.with_strip();
    }
    if *layout == wanted {
        return;
    }
    *layout = wanted;
    let viewport = |area: URect| {
        Some(Viewport {
            physical_position: area.min,
            physical_size: area.size().max(UVec2::ONE),
            ..default()
        })
    };
    if let Ok(mut camera) = scene.single_mut() {
        camera.viewport = viewport(wanted.scene);
    }
    if let Ok(mut camera) = lanes.single_mut() {
        camera.viewport = viewport(wanted.lanes);
    }
}

/// Brings the camera home when the arrangement changes, and when the shape of the view does
/// unless the user has moved the camera.
fn frame_home(
    layout: Res<Layout>,
    stage: Res<Stage>,
    mut last: Local<Option<((u32, u32), UVec2, Framing)>>,
    mut cameras: Query<&mut PanOrbitCamera, With<SceneCamera>>,
) {
    let arrangement = (stage.0.columns, stage.0.rows);
    let size = layout.scene.size();
    if layout.scene.is_empty() || last.is_some_and(|(a, s, _)| (a, s) == (arrangement, size)) {
        return;
    }
    let aspect = size.x as f32 / size.y.max(1) as f32;
    let framing = home(&stage.0, aspect);
    let before = last
        .filter(|(was, ..)| *was == arrangement)
        .map(|(.., framing)| framing);
    for mut camera in &mut cameras {
        if before.is_some_and(|home| moved(&camera, &home)) {
            continue;
        }
        camera.focus = framing.focus;
        camera.target_focus = framing.focus;
        camera.radius = Some(framing.radius);
        camera.target_radius = framing.radius;
        camera.yaw = Some(framing.yaw);
        camera.target_yaw = framing.yaw;
        camera.pitch = Some(framing.pitch);
        camera.target_pitch = framing.pitch;
        camera.force_update = true;
    }
    *last = Some((arrangement, size, framing));
}

/// True if the camera is not where the home framing put it.
fn moved(camera: &PanOrbitCamera, home: &Framing) -> bool {
    camera.target_focus.distance(home.focus) > 1e-3
        || (camera.target_radius - home.radius).abs() > 1e-3
        || (camera.target_yaw - home.yaw).abs() > 1e-4
        || (camera.target_pitch - home.pitch).abs() > 1e-4
}

/// The pointer over the panel never moves the camera.
fn hold_still(wants: Option<Res<EguiWantsInput>>, mut cameras: Query<&mut PanOrbitCamera>) {
    let busy = wants.is_some_and(|wants| wants.wants_any_pointer_input());
    for mut camera in &mut cameras {
        if camera.enabled == busy {
            camera.enabled = !busy;
        }
    }
}
