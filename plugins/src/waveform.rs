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
    analyst::SharedAnalyst,
    spectrum::collect_jobs,
    waterfall::stage_state,
    waveform::{
        LaneField, LaneState, LaneWidth, collect_lanes, send_lanes, stage_lane_state, stage_lanes,
    },
};

use crate::{
    Phase,
    upload::{STATE_IMAGE, Targets},
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
            .init_resource::<SharedAnalyst>()
            .init_resource::<LaneField>()
            .init_resource::<LaneWidth>()
            .init_resource::<LaneState>()
            .add_systems(
                Update,
                (
                    collect_lanes.in_set(Phase::Collect).after(collect_jobs),
                    (stage_lanes, stage_lane_state, send_lanes)
                        .chain()
                        .after(stage_state)
                        .in_set(Phase::Stage),
                    fit_lanes.in_set(Phase::Dress).after(show_surfaces),
                ),
            );
    }
}

#[derive(Component)]
pub(crate) struct Lane;

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

/// Makes texture and quads anew when the number of lanes changes.
pub(crate) fn fit_lanes(
    mut commands: Commands,
    field: Res<LaneField>,
    width: Res<LaneWidth>,
    colours: Option<Res<Colours>>,
    mut targets: ResMut<Targets>,
    mut images: ResMut<Assets<Image>>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut materials: ResMut<Assets<LaneMaterial>>,
    lanes: Query<Entity, With<Lane>>,
) {
    let Some(colours) = colours else { return };
    let fits = targets
        .lanes
        .is_some_and(|(allocation, ..)| allocation == field.allocation);
    if fits || field.allocation == 0 || field.lanes == 0 {
        return;
    }
    let mut image = Image::new_uninit(
        Extent3d {
            width: width.0,
            height: field.lanes,
            depth_or_array_layers: 1,
        },
        TextureDimension::D2,
        TextureFormat::Rgba16Float,
        RenderAssetUsages::RENDER_WORLD,
    );
    image.texture_descriptor.usage = TextureUsages::TEXTURE_BINDING | TextureUsages::COPY_DST;
    image.sampler = ImageSampler::nearest();
    let entries = images.add(image);
    targets.lanes = Some((field.allocation, entries.id(), width.0));
    for lane in &lanes {
        commands.entity(lane).despawn();
    }
    let mesh = meshes.add(Rectangle::new(1.0, 1.0));
    let material = materials.add(LaneMaterial {
        entries,
        state: STATE_IMAGE,
        colours: colours.0.clone(),
    });
    let count = field.lanes as f32;
    for slot in 0..field.lanes {
        commands.spawn((
            Lane,
            Mesh3d(mesh.clone()),
            MeshMaterial3d(material.clone()),
            MeshTag(slot),
            // The strip is a unit square; the first channel is on top.
            Transform::from_xyz(0.0, 0.5 - (slot as f32 + 0.5) / count, 0.0).with_scale(Vec3::new(
                1.0,
                0.92 / count,
                1.0,
            )),
            RenderLayers::layer(LANE_LAYER),
            NoFrustumCulling,
        ));
    }
}
