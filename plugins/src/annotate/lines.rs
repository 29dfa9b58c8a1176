//! The stage around the surfaces: floor frames, time marks, and for a single row the back wall
//! with its level and frequency lines. Rebuilt when axes or places change, never per frame.

use bevy::{
    asset::RenderAssetUsages,
    camera::visibility::NoFrustumCulling,
    mesh::{Indices, MeshVertexBufferLayoutRef, PrimitiveTopology},
    pbr::{MaterialPipeline, MaterialPipelineKey},
    prelude::*,
    reflect::TypePath,
    render::render_resource::{
        AsBindGroup, RenderPipelineDescriptor, SpecializedMeshPipelineError,
    },
    shader::ShaderRef,
};
use soundfall_systems::{
    annotate::{frequency_ticks, level_ticks, time_ticks},
    view::View,
    waterfall::{HeightField, SurfacePlace},
};

use crate::waterfall::Stage;

#[derive(Asset, TypePath, AsBindGroup, Clone)]
pub(super) struct LineMaterial {}

impl Material for LineMaterial {
    fn vertex_shader() -> ShaderRef {
        "embedded://soundfall_plugins/annotate/line.wgsl".into()
    }

    fn fragment_shader() -> ShaderRef {
        "embedded://soundfall_plugins/annotate/line.wgsl".into()
    }

    fn enable_prepass() -> bool {
        false
    }

    fn enable_shadows() -> bool {
        false
    }

    fn alpha_mode(&self) -> AlphaMode {
        AlphaMode::Blend
    }

    fn specialize(
        _: &MaterialPipeline,
        descriptor: &mut RenderPipelineDescriptor,
        layout: &MeshVertexBufferLayoutRef,
        _: MaterialPipelineKey<Self>,
    ) -> Result<(), SpecializedMeshPipelineError> {
        descriptor.vertex.buffers = vec![layout.0.get_layout(&[
            Mesh::ATTRIBUTE_POSITION.at_shader_location(0),
            Mesh::ATTRIBUTE_COLOR.at_shader_location(5),
        ])?];
        descriptor.primitive.cull_mode = None;
        Ok(())
    }
}

/// The mesh of all lines.
#[derive(Component)]
pub(super) struct StageLines;

pub(super) fn spawn_lines(
    mut commands: Commands,
    mut meshes: ResMut<Assets<Mesh>>,
    mut materials: ResMut<Assets<LineMaterial>>,
) {
    commands.spawn((
        StageLines,
        Mesh3d(meshes.add(Bands::default().mesh())),
        MeshMaterial3d(materials.add(LineMaterial {})),
        Transform::default(),
        NoFrustumCulling,
    ));
}

/// What the lines were drawn for.
#[derive(Default, PartialEq, Clone)]
pub(super) struct Drawn {
    stage: Option<Stage>,
    span_secs: f64,
    range: (f32, f32),
    generation: u64,
}

pub(super) fn draw_lines(
    stage: Res<Stage>,
    view: Res<View>,
    field: Res<HeightField>,
    mut drawn: Local<Drawn>,
    lines: Query<&Mesh3d, With<StageLines>>,
    mut meshes: ResMut<Assets<Mesh>>,
) {
    let plan = field.shown_plan();
    let now = Drawn {
        stage: Some(stage.clone()),
        span_secs: view.span_secs,
        range: (view.db_min, view.db_max),
        generation: plan.map_or(0, |plan| plan.generation),
    };
    if *drawn == now {
        return;
    }
    let Ok(handle) = lines.single() else { return };
    let mut bands = Bands::default();
    let single_row = stage.0.rows == 1;
    for place in &stage.0.places {
        frame(&mut bands, place);
        for tick in time_ticks(view.span_secs, 6) {
            time_mark(&mut bands, place, tick.at as f32, tick.major);
        }
        if single_row {
            for tick in level_ticks(view.db_min, view.db_max, 5) {
                level_line(&mut bands, place, tick.at as f32);
            }
            for tick in plan
                .map(|plan| frequency_ticks(&plan.axis, 24))
                .unwrap_or_default()
            {
                frequency_line(&mut bands, place, tick.at as f32, tick.major);
            }
        }
    }
    if let Some(mut mesh) = meshes.get_mut(&handle.0) {
        *mesh = bands.mesh();
        *drawn = now;
    }
}

const FAINT: [f32; 4] = [0.10, 0.14, 0.22, 0.55];
const PLAIN: [f32; 4] = [0.10, 0.14, 0.23, 0.8];

fn frame(bands: &mut Bands, place: &SurfacePlace) {
    let (half, width) = (place.size / 2.0, 0.03);
    let floor = |x: f32, z: f32| place.centre + Vec3::new(x, -0.01, z);
    let (x, z) = (half.x + 0.08, half.z + 0.08);
    let corners = [floor(-x, z), floor(x, z), floor(x, -z), floor(-x, -z)];
    for i in 0..4 {
        bands.band(corners[i], corners[(i + 1) % 4], width, Vec3::Y, PLAIN);
    }
}

fn time_mark(bands: &mut Bands, place: &SurfacePlace, at: f32, major: bool) {
    let half = place.size / 2.0;
    let z = half.z - at * place.size.z;
    let length = if major { 0.5 } else { 0.32 };
    for side in [-1.0, 1.0] {
        let from = place.centre + Vec3::new(side * (half.x + 0.08), -0.01, z);
        bands.band(from, from + Vec3::X * side * length, 0.03, Vec3::Y, PLAIN);
    }
}

fn level_line(bands: &mut Bands, place: &SurfacePlace, at: f32) {
    let half = place.size / 2.0;
    let y = at * place.size.y;
    let back = |x: f32| place.centre + Vec3::new(x, y, -half.z - 0.06);
    bands.band(back(-half.x), back(half.x), 0.02, Vec3::Z, FAINT);
}

fn frequency_line(bands: &mut Bands, place: &SurfacePlace, at: f32, major: bool) {
    let half = place.size / 2.0;
    let x = (at - 0.5) * place.size.x;
    let foot = place.centre + Vec3::new(x, 0.0, -half.z - 0.06);
    bands.band(foot, foot + Vec3::Y * place.size.y, 0.02, Vec3::Z, FAINT);
    let front = place.centre + Vec3::new(x, -0.01, half.z + 0.08);
    let length = if major { 0.34 } else { 0.2 };
    bands.band(front, front + Vec3::Z * length, 0.03, Vec3::Y, PLAIN);
}

/// Thin quads in space.
#[derive(Default)]
struct Bands {
    positions: Vec<Vec3>,
    colours: Vec<[f32; 4]>,
    indices: Vec<u32>,
}

impl Bands {
    /// A band from one point to another, flat on a plane with this normal.
    fn band(&mut self, from: Vec3, to: Vec3, width: f32, normal: Vec3, colour: [f32; 4]) {
        let side = (to - from).cross(normal).normalize_or_zero() * width / 2.0;
        let first = self.positions.len() as u32;
        self.positions
            .extend([from - side, from + side, to + side, to - side]);
        self.colours.extend([colour; 4]);
        self.indices.extend([0, 1, 2, 0, 2, 3].map(|i| first + i));
    }

    fn mesh(mut self) -> Mesh {
        if self.positions.is_empty() {
            // A mesh needs a triangle; this one covers nothing.
            self.positions = vec![Vec3::ZERO; 3];
            self.colours = vec![[0.0; 4]; 3];
            self.indices = vec![0, 1, 2];
        }
        Mesh::new(
            PrimitiveTopology::TriangleList,
            RenderAssetUsages::RENDER_WORLD | RenderAssetUsages::MAIN_WORLD,
        )
        .with_inserted_attribute(Mesh::ATTRIBUTE_POSITION, self.positions)
        .with_inserted_attribute(Mesh::ATTRIBUTE_COLOR, self.colours)
        .with_inserted_indices(Indices::U32(self.indices))
    }
}
