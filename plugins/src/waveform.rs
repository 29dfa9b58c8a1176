//! The lanes: texture, material, one quad a channel in a strip of its own.

use bevy::{
    asset::{RenderAssetUsages, embedded_asset},
    camera::visibility::{NoFrustumCulling, RenderLayers},
    image::ImageSampler,
    mesh::{MeshTag, MeshVertexBufferLayoutRef},
    pbr::{MaterialPipeline, MaterialPipelineKey},
    prelude::*,
    reflect::TypePath,
    render::render_resource::{
        AsBindGroup, Extent3d, RenderPipelineDescriptor, SpecializedMeshPipelineError,
        TextureDimension, TextureFormat, TextureUsages,
    },
    shader::ShaderRef,
};
use soundfall_systems::{
    backend::SharedBackend,
    analysis::collect_jobs,
    waterfall::stage_state,
    waveform::{
        LaneField, LaneState, LaneWidth, collect_lanes, send_lanes, stage_lane_state, stage_lanes,
    },
};

use crate::{
    SoundfallSystems,
    upload::{STATE_IMAGE, Target, Targets},
    waterfall::{Colours, show_surfaces},
};

/// The layer that only the lanes' camera sees.
pub(crate) const LANE_LAYER: usize = 1;

/// Shows the lanes. Needs [`crate::SourcePlugin`], [`crate::WaterfallPlugin`] (for the moment at
/// the front edge) and [`crate::UploadPlugin`].
pub struct WaveformPlugin;

impl Plugin for WaveformPlugin {
    fn build(&self, app: &mut App) {
        embedded_asset!(app, "shaders/lane.wgsl");
        app.add_plugins(MaterialPlugin::<LaneMaterial>::default())
            .init_resource::<SharedBackend>()
            .init_resource::<LaneField>()
            .init_resource::<LaneWidth>()
            .init_resource::<LaneState>()
            .add_systems(
                Update,
                (
                    collect_lanes.in_set(SoundfallSystems::Collect).after(collect_jobs),
                    (stage_lanes, stage_lane_state, send_lanes)
                        .chain()
                        .after(stage_state)
                        .in_set(SoundfallSystems::Stage),
                    fit_lanes.in_set(SoundfallSystems::Prepare).after(show_surfaces),
                ),
            );
    }
}

/// A channel's lane, drawn from the texture of an allocation.
#[derive(Component)]
pub(crate) struct Lane {
    allocation: u64,
}

#[derive(Asset, TypePath, AsBindGroup, Clone)]
pub(crate) struct LaneMaterial {
    #[texture(0, sample_type = "float", filterable = false)]
    entries: Handle<Image>,
    #[texture(1, sample_type = "float", filterable = false)]
    state: Handle<Image>,
    #[texture(2)]
    colours: Handle<Image>,
}

impl Material for LaneMaterial {
    fn vertex_shader() -> ShaderRef {
        "embedded://soundfall_plugins/shaders/lane.wgsl".into()
    }

    fn fragment_shader() -> ShaderRef {
        "embedded://soundfall_plugins/shaders/lane.wgsl".into()
    }

    fn enable_prepass() -> bool {
        false
    }

    fn enable_shadows() -> bool {
        false
    }

    fn specialize(
        _: &MaterialPipeline,
        descriptor: &mut RenderPipelineDescriptor,
        layout: &MeshVertexBufferLayoutRef,
        _: MaterialPipelineKey<Self>,
    ) -> Result<(), SpecializedMeshPipelineError> {
        descriptor.vertex.buffers = vec![
            layout
                .0
                .get_layout(&[Mesh::ATTRIBUTE_POSITION.at_shader_location(0)])?,
        ];
        Ok(())
    }
}

/// Makes a texture and quads for every allocation, drops those of old ones, and shows the quads
/// of the one on screen.
pub(crate) fn fit_lanes(
    mut commands: Commands,
    field: Res<LaneField>,
    width: Res<LaneWidth>,
    colours: Option<Res<Colours>>,
    mut targets: ResMut<Targets>,
    mut images: ResMut<Assets<Image>>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut materials: ResMut<Assets<LaneMaterial>>,
    mut lanes: Query<(Entity, &Lane, &mut Visibility)>,
) {
    let Some(colours) = colours else { return };
    let shown = field.shown_allocation();
    let visibility = |allocation: u64| {
        if shown == Some(allocation) {
            Visibility::Visible
        } else {
            Visibility::Hidden
        }
    };
    let wanted = |id: u64| field.allocations().any(|(allocation, _)| allocation == id);
    if targets.lanes.iter().any(|to| !wanted(to.allocation)) {
        targets.lanes.retain(|to| wanted(to.allocation));
    }
    for (entity, lane, mut seen) in &mut lanes {
        if wanted(lane.allocation) {
            seen.set_if_neq(visibility(lane.allocation));
        } else {
            commands.entity(entity).despawn();
        }
    }
    for (allocation, count) in field.allocations() {
        let made = |to: &Target| to.allocation == allocation;
        if count == 0 || targets.lanes.iter().any(made) {
            continue;
        }
        let entries = images.add(entry_texture(width.0, count));
        targets.lanes.push(Target {
            allocation,
            image: entries.id(),
            width: width.0,
        });
        let mesh = meshes.add(Rectangle::new(1.0, 1.0));
        let material = materials.add(LaneMaterial {
            entries,
            state: STATE_IMAGE,
            colours: colours.0.clone(),
        });
        for slot in 0..count {
            // The strip is a unit square; the first channel is on top.
            let y = 0.5 - (slot as f32 + 0.5) / count as f32;
            commands.spawn((
                Lane { allocation },
                Mesh3d(mesh.clone()),
                MeshMaterial3d(material.clone()),
                MeshTag(slot),
                Transform::from_xyz(0.0, y, 0.0).with_scale(Vec3::new(
                    1.0,
                    0.92 / count as f32,
                    1.0,
                )),
                RenderLayers::layer(LANE_LAYER),
                visibility(allocation),
                NoFrustumCulling,
            ));
        }
    }
}

fn entry_texture(width: u32, lanes: u32) -> Image {
    let mut image = Image::new_uninit(
        Extent3d {
            width,
            height: lanes,
            depth_or_array_layers: 1,
        },
        TextureDimension::D2,
        TextureFormat::Rgba16Float,
        RenderAssetUsages::RENDER_WORLD,
    );
    image.texture_descriptor.usage = TextureUsages::TEXTURE_BINDING | TextureUsages::COPY_DST;
    image.sampler = ImageSampler::nearest();
    image
}
