//! The program's picture: how it is divided among the views, one orbit camera a view, one camera for
//! all lanes, and one for labels and panel over everything.

use bevy::{
    camera::{ScalingMode, Viewport, visibility::RenderLayers},
    core_pipeline::tonemapping::Tonemapping,
    prelude::*,
};
use bevy_egui::{EguiGlobalSettings, PrimaryEguiContext, input::EguiWantsInput};
use bevy_panorbit_camera::{PanOrbitCamera, PanOrbitCameraPlugin, PanOrbitCameraSystemSet};
use soundfall_systems::{
    instruments::InstrumentChoice,
    layout::{FIELD_OF_VIEW, Framing, ViewArea, home, text_points, view_areas},
    view::{ProgramSettings, View},
    waterfall::{FieldState, SurfaceLayout},
};

use crate::{
    Soundfall, SoundfallSystems,
    annotate::LabelContext,
    host::Target,
    instruments::wants_strip,
    projection::{CameraOf, ViewCamera},
    upload::ViewSlot,
    waveform::LaneStrip,
};

/// The colour of the night around the surfaces.
pub(crate) const NIGHT: Color = Color::srgb(0.020, 0.026, 0.044);

/// The render layer of the lanes; views have those from the next one on.
const LANE_LAYER: usize = 1;

/// Gives every view its part of the picture and a camera. For programs whose whole window is
/// soundfall's: it clears the picture, owns the cameras and divides the window. Needs a [`Target`]
/// resource, which [`crate::host`] inserts, and [`crate::WaterfallPlugin`].
pub struct LayoutPlugin;

impl Plugin for LayoutPlugin {
    fn build(&self, app: &mut App) {
        app.add_plugins(PanOrbitCameraPlugin)
            .insert_resource(ClearColor(NIGHT))
            .init_resource::<ProgramSettings>()
            .add_systems(PreStartup, spawn_shared_cameras)
            .add_systems(
                Soundfall,
                spawn_view_cameras
                    .in_set(SoundfallSystems::Prepare)
                    .before(crate::waterfall::fit_surfaces),
            )
            .add_systems(
                PostUpdate,
                (divide, frame_home, hold_still)
                    .chain()
                    .in_set(SoundfallSystems::Layout)
                    .before(PanOrbitCameraSystemSet)
                    .before(TransformSystems::Propagate),
            );
    }
}

/// Where the camera was put by itself: columns and rows of surfaces, size of the scene, framing.
#[derive(Component, Clone, Copy, Debug, Default)]
pub(crate) struct Home(Option<((u32, u32), UVec2, Framing)>);

/// The camera that sees the lanes of all views, one unit a physical pixel.
#[derive(Component)]
struct LaneCamera;

/// The camera that carries panel, labels and overlay.
#[derive(Component)]
struct LabelCamera;

fn spawn_shared_cameras(
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
        LaneCamera,
        Camera3d::default(),
        Camera {
            order: 100,
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
        LabelCamera,
        LabelContext,
        Camera2d,
        Camera {
            order: 101,
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

/// Gives every new view a camera, a strip of lanes and a render layer of its own.
fn spawn_view_cameras(
    mut commands: Commands,
    target: Res<Target>,
    views: Query<(Entity, &ViewSlot), (With<View>, Without<ViewCamera>)>,
) {
    for (view, slot) in &views {
        let layer = RenderLayers::layer(LANE_LAYER + 1 + slot.0 as usize);
        commands
            .entity(view)
            .insert((layer.clone(), ViewArea::default()));
        commands.spawn((
            CameraOf(view),
            Home::default(),
            Camera3d::default(),
            Camera {
                order: slot.0 as isize,
                // A clear is one of the whole picture.
                clear_color: if slot.0 == 0 {
                    ClearColorConfig::Default
                } else {
                    ClearColorConfig::None
                },
                ..default()
            },
            target.render_target(),
            Projection::from(PerspectiveProjection {
                fov: FIELD_OF_VIEW,
                ..default()
            }),
            Tonemapping::None,
            target.msaa,
            layer,
            PanOrbitCamera {
                pitch_lower_limit: Some(-0.05),
                pitch_upper_limit: Some(1.55),
                zoom_lower_limit: 1.0,
                zoom_upper_limit: Some(200.0),
                button_orbit: MouseButton::Right,
                button_pan: MouseButton::Middle,
                // The wheel and fingers move the sound.
                zoom_sensitivity: 0.0,
                touch_enabled: false,
                ..default()
            },
        ));
        commands.spawn((LaneStrip { view }, RenderLayers::layer(LANE_LAYER)));
    }
}

/// Divides the picture whenever its size, the views or their channels change.
fn divide(
    settings: Res<ProgramSettings>,
    label_camera: Query<&Camera, (With<LabelCamera>, Without<CameraOf>, Without<LaneCamera>)>,
    mut views: Query<(
        Entity,
        &ViewSlot,
        &FieldState,
        &InstrumentChoice,
        &ViewCamera,
        &mut ViewArea,
    )>,
    mut cameras: Query<&mut Camera, (With<CameraOf>, Without<LabelCamera>, Without<LaneCamera>)>,
    mut lane_camera: Query<&mut Projection, With<LaneCamera>>,
    mut strips: Query<(&LaneStrip, &mut Transform)>,
) {
    let Ok(camera) = label_camera.single() else {
        return;
    };
    let Some(size) = camera.physical_target_size() else {
        return;
    };
    if size.x < 16 || size.y < 16 {
        return;
    }
    let scale = camera.target_scaling_factor().unwrap_or(1.0);
    let points = text_points(size.y, scale);
    let mut order: Vec<(u32, Entity)> = views.iter().map(|view| (view.1.0, view.0)).collect();
    order.sort_unstable();
    let areas = view_areas(size, order.len());
    for ((_, view), area) in order.into_iter().zip(areas) {
        let Ok((_, _, state, instruments, camera, mut placed)) = views.get_mut(view) else {
            continue;
        };
        let channels = state.drawn.len().max(1) as u32;
        let mut wanted = ViewArea::new(area, points, channels);
        if settings.panel {
            wanted = wanted.beside_panel(size.x);
        }
        if wants_strip(instruments) {
            wanted = wanted.with_strip();
        }
        if *placed == wanted {
            continue;
        }
        *placed = wanted;
        if let Ok(mut camera) = cameras.get_mut(camera.camera()) {
            camera.viewport = Some(Viewport {
                physical_position: wanted.scene.min,
                physical_size: wanted.scene.size().max(UVec2::ONE),
                ..default()
            });
        }
    }
    // From pixels of the picture, y down, to units of the camera, y up.
    let middle = size.as_vec2() / 2.0;
    for (strip, mut transform) in &mut strips {
        let Ok((.., area)) = views.get(strip.view) else {
            continue;
        };
        let (min, max) = (area.lanes.min.as_vec2(), area.lanes.max.as_vec2());
        let centre = (min + max) / 2.0 - middle;
        let wanted = Transform::from_xyz(centre.x, -centre.y, 0.0)
            .with_scale((max - min).max(Vec2::ONE).extend(1.0));
        transform.set_if_neq(wanted);
    }
    for mut projection in &mut lane_camera {
        let wanted = ScalingMode::Fixed {
            width: size.x as f32,
            height: size.y as f32,
        };
        let is_it = matches!(&*projection, Projection::Orthographic(known)
            if matches!(known.scaling_mode, ScalingMode::Fixed { width, height }
                if (width, height) == (size.x as f32, size.y as f32)));
        if !is_it && let Projection::Orthographic(known) = &mut *projection {
            known.scaling_mode = wanted;
        }
    }
}

/// Brings a camera home when the surfaces of its view are arranged anew, and when the shape of the
/// scene changes unless the user has moved the camera.
fn frame_home(
    views: Query<(&ViewArea, &SurfaceLayout)>,
    mut cameras: Query<(&CameraOf, &mut PanOrbitCamera, &mut Home)>,
) {
    for (of, mut camera, mut last) in &mut cameras {
        let Ok((area, surfaces)) = views.get(of.0) else {
            continue;
        };
        let arrangement = (surfaces.columns, surfaces.rows);
        let size = area.scene.size();
        let known = last.0;
        if area.scene.is_empty() || known.is_some_and(|(a, s, _)| (a, s) == (arrangement, size)) {
            continue;
        }
        let aspect = size.x as f32 / size.y.max(1) as f32;
        let framing = home(surfaces, aspect);
        last.0 = Some((arrangement, size, framing));
        let before = known.filter(|(was, ..)| *was == arrangement);
        if before.is_some_and(|(.., home)| moved(&camera, &home)) {
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
}

/// True if the camera is not where the home framing put it.
fn moved(camera: &PanOrbitCamera, home: &Framing) -> bool {
    camera.target_focus.distance(home.focus) > 1e-3
        || (camera.target_radius - home.radius).abs() > 1e-3
        || (camera.target_yaw - home.yaw).abs() > 1e-4
        || (camera.target_pitch - home.pitch).abs() > 1e-4
}

/// The pointer over the panel never moves a camera.
fn hold_still(wants: Option<Res<EguiWantsInput>>, mut cameras: Query<&mut PanOrbitCamera>) {
    let busy = wants.is_some_and(|wants| wants.wants_any_pointer_input());
    for mut camera in &mut cameras {
        if camera.enabled == busy {
            camera.enabled = !busy;
        }
    }
}
