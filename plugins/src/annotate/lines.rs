//! What stands around the surfaces: floor frames, time marks, and for a single row the back wall
//! with its level and frequency lines. Rebuilt when axes or places change, never per frame.

use bevy::{
    asset::RenderAssetUsages,
    camera::visibility::{NoFrustumCulling, RenderLayers},
    mesh::{Indices, PrimitiveTopology},
    prelude::*,
    reflect::TypePath,
    render::render_resource::AsBindGroup,
};
use soundfall_dsp::scale::FrequencyAxis;
use soundfall_systems::{
    annotate::{frequency_ticks, level_ticks, time_ticks},
    view::ViewSettings,
    waterfall::{FieldState, SurfaceLayout, SurfacePlace},
};

use crate::material::plain_material;

#[derive(Asset, TypePath, AsBindGroup, Clone)]
pub(super) struct LineMaterial {}

plain_material!(
    LineMaterial,
    "embedded://soundfall_plugins/annotate/line.wgsl",
    [Mesh::ATTRIBUTE_POSITION => 0, Mesh::ATTRIBUTE_COLOR => 5],
    AlphaMode::Blend
);

/// The lines of a view, its child, and what they were drawn for.
#[derive(Component, Clone, PartialEq)]
pub(super) struct SceneLines {
    surfaces: SurfaceLayout,
    span_secs: f64,
    edge_secs: Option<f64>,
    range: (f32, f32),
    axis: Option<FrequencyAxis>,
}

pub(super) fn draw_lines(
    mut commands: Commands,
    views: Query<
        (
            Entity,
            &SurfaceLayout,
            &ViewSettings,
            &FieldState,
            Option<&Children>,
            Option<&RenderLayers>,
        ),
        Without<SceneLines>,
    >,
    mut lines: Query<(&mut SceneLines, &Mesh3d, &mut RenderLayers)>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut materials: ResMut<Assets<LineMaterial>>,
    mut material: Local<Option<Handle<LineMaterial>>>,
) {
    for (view, surfaces, settings, state, children, layers) in &views {
        let layers = layers.cloned().unwrap_or_default();
        let now = SceneLines {
            surfaces: surfaces.clone(),
            span_secs: settings.span_secs,
            edge_secs: state.edge_secs,
            range: (settings.db_min, settings.db_max),
            axis: state.axis,
        };
        let known = children
            .into_iter()
            .flatten()
            .find(|child| lines.contains(**child));
        let Some(known) = known else {
            let material = material.get_or_insert_with(|| materials.add(LineMaterial {}));
            commands.spawn((
                ChildOf(view),
                Mesh3d(meshes.add(mesh(&now, state))),
                MeshMaterial3d(material.clone()),
                now,
                layers,
                Transform::default(),
                NoFrustumCulling,
            ));
            continue;
        };
        let Ok((mut drawn, handle, mut on)) = lines.get_mut(*known) else {
            continue;
        };
        on.set_if_neq(layers);
        if *drawn != now
            && let Some(mut to) = meshes.get_mut(&handle.0)
        {
            *to = mesh(&now, state);
            *drawn = now;
        }
    }
}

fn mesh(of: &SceneLines, state: &FieldState) -> Mesh {
    let mut bands = Bands::default();
    let single_row = of.surfaces.rows == 1;
    for place in &of.surfaces.places {
        frame(&mut bands, place);
        for tick in time_ticks(of.span_secs, of.edge_secs, 6) {
            time_mark(&mut bands, place, tick.at as f32, tick.major);
        }
        if single_row {
            for tick in level_ticks(of.range.0, of.range.1, 5) {
                level_line(&mut bands, place, tick.at as f32);
            }
            let axis = state.axis.as_ref();
            for tick in axis
                .map(|axis| frequency_ticks(axis, 24))
                .unwrap_or_default()
            {
                frequency_line(&mut bands, place, tick.at as f32, tick.major);
            }
        }
    }
    bands.mesh()
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
