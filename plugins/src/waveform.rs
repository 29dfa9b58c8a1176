//! The lanes: textures, materials, and one quad a channel in a strip of a view.

use bevy::{
    asset::{RenderAssetUsages, embedded_asset},
    camera::visibility::{NoFrustumCulling, RenderLayers},
    image::ImageSampler,
    mesh::MeshTag,
    platform::collections::HashMap,
    prelude::*,
    reflect::TypePath,
    render::render_resource::{
        AsBindGroup, Extent3d, TextureDimension, TextureFormat, TextureUsages,
    },
};
use soundfall_systems::{
    analysis::collect_jobs,
    backend::SharedBackend,
    diagnostics::RunStats,
    waterfall::{AllocationIds, stage_state},
    waveform::{
        LaneField, LaneWidth, collect_envelopes, fit_lanes, forget_lanes, send_envelopes,
        stage_lane_state, stage_lanes,
    },
};

use crate::{
    Soundfall, SoundfallSystems,
    material::plain_material,
    shaders::add_state_module,
    upload::{STATE_IMAGE, Target, Targets, ViewSlot, textures_are_lost},
    waterfall::{ColormapTables, Colours, fit_colours, fit_surfaces},
};

/// Draws the lanes of every view that has a [`LaneStrip`]. Needs [`crate::StreamPlugin`],
/// [`crate::WaterfallPlugin`] (for the moment at the front edge), [`crate::UploadPlugin`] and
/// Bevy's 3D renderer.
pub struct WaveformPlugin;

impl Plugin for WaveformPlugin {
    fn build(&self, app: &mut App) {
        embedded_asset!(app, "shaders/lane.wgsl");
        add_state_module(app);
        app.add_plugins(MaterialPlugin::<LaneMaterial>::default())
            .init_resource::<SharedBackend>()
            .init_resource::<AllocationIds>()
            .init_resource::<ColormapTables>()
            .init_resource::<RunStats>()
            .init_resource::<LaneWidth>()
            .init_resource::<LaneMaterials>()
            .add_systems(
                Soundfall,
                (
                    forget_lanes
                        .run_if(textures_are_lost)
                        .in_set(SoundfallSystems::Input),
                    collect_envelopes
                        .in_set(SoundfallSystems::Collect)
                        .after(collect_jobs),
                    (stage_lanes, stage_lane_state, fit_lanes, send_envelopes)
                        .chain()
                        .after(stage_state)
                        .in_set(SoundfallSystems::Stage),
                    (fit_lane_textures, fit_lane_quads)
                        .chain()
                        .after(fit_colours)
                        .after(fit_surfaces)
                        .in_set(SoundfallSystems::Prepare),
                ),
            );
    }
}

/// The strip that the lanes of a view are drawn on: the unit square around the origin of its
/// transform, time to the right, the first channel on top. Spawn it with a transform and the
/// render layers of the camera that is to see it.
#[derive(Component, Clone, Copy, Debug)]
#[require(Transform, Visibility)]
pub struct LaneStrip {
    /// The view.
    pub view: Entity,
}

/// The material of every texture of lanes, by its allocation.
#[derive(Resource, Default)]
pub(crate) struct LaneMaterials(HashMap<u64, Handle<LaneMaterial>>);

/// A channel's lane, a child of its strip, drawn from the texture of an allocation.
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

plain_material!(
    LaneMaterial,
    "embedded://soundfall_plugins/shaders/lane.wgsl",
    [Mesh::ATTRIBUTE_POSITION => 0],
    AlphaMode::Opaque
);

/// Makes a texture and a material for every allocation, and drops those of old ones.
fn fit_lane_textures(
    fields: Query<&LaneField>,
    width: Res<LaneWidth>,
    colours: Option<Res<Colours>>,
    tables: Res<ColormapTables>,
    mut targets: ResMut<Targets>,
    mut made: ResMut<LaneMaterials>,
    mut images: ResMut<Assets<Image>>,
    mut materials: ResMut<Assets<LaneMaterial>>,
) {
    let Some(colours) = colours else { return };
    if tables.is_changed() {
        for (_, material) in materials.iter_mut() {
            material.colours = colours.0.clone();
        }
    }
    let allocations = || fields.iter().flat_map(LaneField::allocations);
    let wanted = |id: u64| allocations().any(|(allocation, _)| allocation == id);
    if targets.lanes.iter().any(|to| !wanted(to.allocation)) {
        targets.lanes.retain(|to| wanted(to.allocation));
        made.0.retain(|id, _| wanted(*id));
    }
    for (allocation, lanes) in allocations() {
        if lanes == 0 || made.0.contains_key(&allocation) {
            continue;
        }
        let entries = images.add(entry_texture(width.0, lanes));
        targets.lanes.push(Target {
            allocation,
            image: entries.id(),
            width: width.0,
        });
        let material = materials.add(LaneMaterial {
            entries,
            state: STATE_IMAGE,
            colours: colours.0.clone(),
        });
        made.0.insert(allocation, material);
    }
}

/// Gives every strip the lanes of the texture on screen, and takes those of others away.
pub(crate) fn fit_lane_quads(
    mut commands: Commands,
    strips: Query<(Entity, &LaneStrip, Option<&Children>, Option<&RenderLayers>)>,
    views: Query<(&ViewSlot, &LaneField)>,
    lanes: Query<&Lane>,
    made: Res<LaneMaterials>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut quad: Local<Option<Handle<Mesh>>>,
) {
    for (strip, of, children, layers) in &strips {
        let Ok((slot, field)) = views.get(of.view) else {
            // The view is gone.
            commands.entity(strip).despawn();
            continue;
        };
        let shown = field.shown_allocation();
        let mut there = false;
        for child in children.into_iter().flatten() {
            let Ok(lane) = lanes.get(*child) else {
                continue;
            };
            if Some(lane.allocation) == shown {
                there = true;
            } else {
                commands.entity(*child).despawn();
            }
        }
        let Some((allocation, material)) =
            shown.and_then(|allocation| Some((allocation, made.0.get(&allocation)?)))
        else {
            continue;
        };
        if there {
            continue;
        }
        let quad = quad.get_or_insert_with(|| meshes.add(Rectangle::new(1.0, 1.0)));
        let count = field.channels().len();
        for place in 0..count {
            let y = 0.5 - (place as f32 + 0.5) / count as f32;
            commands.spawn((
                ChildOf(strip),
                Lane { allocation },
                Mesh3d(quad.clone()),
                MeshMaterial3d(material.clone()),
                MeshTag(slot.tag(place as u32)),
                Transform::from_xyz(0.0, y, 0.0).with_scale(Vec3::new(
                    1.0,
                    0.92 / count as f32,
                    1.0,
                )),
                layers.cloned().unwrap_or_default(),
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
