//! The surfaces: textures, materials and one instance a channel of a view.

use bevy::{
    asset::{RenderAssetUsages, embedded_asset},
    camera::visibility::{NoFrustumCulling, RenderLayers},
    image::{ImageAddressMode, ImageFilterMode, ImageSampler, ImageSamplerDescriptor},
    mesh::MeshTag,
    platform::collections::HashMap,
    prelude::*,
    reflect::TypePath,
    render::render_resource::{
        AsBindGroup, Extent3d, TextureDimension, TextureFormat, TextureUsages,
        TextureViewDescriptor, TextureViewDimension,
    },
};
use soundfall_dsp::colormap::Colormap;
use soundfall_systems::{
    analysis::{forget_rows, time_reanalysis},
    diagnostics::RunStats,
    view::View,
    waterfall::{
        AllocationIds, FieldState, GridSize, HeightField, HeightFieldSize, SurfaceLayout,
        arrange_surfaces, stage_rows, stage_state, surface_grid,
    },
};

use crate::{
    Soundfall, SoundfallSystems,
    material::plain_material,
    shaders::add_state_module,
    upload::{STATE_IMAGE, Target, Targets, ViewSlot, textures_are_lost},
};

/// Draws the surfaces of every view as its children. Needs [`crate::StreamPlugin`],
/// [`crate::AnalysisPlugin`], [`crate::UploadPlugin`] and Bevy's 3D renderer.
pub struct WaterfallPlugin;

impl Plugin for WaterfallPlugin {
    fn build(&self, app: &mut App) {
        embedded_asset!(app, "shaders/surface.wgsl");
        add_state_module(app);
        // The surfaces are children of their view.
        app.register_required_components::<View, Transform>();
        app.register_required_components::<View, Visibility>();
        app.add_plugins(MaterialPlugin::<SurfaceMaterial>::default())
            .init_resource::<AllocationIds>()
            .init_resource::<RunStats>()
            .init_resource::<ColormapTables>()
            .init_resource::<HeightMaterials>()
            .init_resource::<Grids>()
            .add_systems(
                Soundfall,
                (
                    (forget_rows, forget_meshes)
                        .run_if(textures_are_lost)
                        .in_set(SoundfallSystems::Input),
                    (stage_rows, stage_state, arrange_surfaces, time_reanalysis)
                        .chain()
                        .in_set(SoundfallSystems::Stage),
                    (fit_colours, fit_textures, fit_surfaces)
                        .chain()
                        .in_set(SoundfallSystems::Prepare),
                ),
            );
    }
}

/// The colormaps that views can use, in the order of their numbers: 256 colours each, sRGB.
#[derive(Resource, Clone, Debug, PartialEq)]
pub struct ColormapTables(pub Vec<[[u8; 4]; 256]>);

impl Default for ColormapTables {
    fn default() -> Self {
        Self(Colormap::ALL.iter().map(|map| map.table()).collect())
    }
}

/// All colormaps, one a row of 256 texels.
#[derive(Resource)]
pub(crate) struct Colours(pub Handle<Image>);

/// The material of every texture of heights, by its allocation.
#[derive(Resource, Default)]
pub(crate) struct HeightMaterials(HashMap<u64, Handle<SurfaceMaterial>>);

/// The meshes of surfaces, by their size.
#[derive(Resource, Default)]
pub(crate) struct Grids(HashMap<GridSize, Handle<Mesh>>);

/// What only the renderer had, and has lost, is handed to it again.
fn forget_meshes(mut grids: ResMut<Grids>, mut tables: ResMut<ColormapTables>) {
    grids.0.clear();
    tables.set_changed();
}

/// A channel's surface, a child of its view.
#[derive(Component)]
pub(crate) struct Surface {
    /// Its place in the view, from the first channel.
    place: usize,
}

#[derive(Asset, TypePath, AsBindGroup, Clone)]
pub(crate) struct SurfaceMaterial {
    #[texture(0, dimension = "2d_array", visibility(vertex, fragment))]
    #[sampler(1)]
    heights: Handle<Image>,
    #[texture(
        2,
        sample_type = "float",
        filterable = false,
        visibility(vertex, fragment)
    )]
    state: Handle<Image>,
    #[texture(3)]
    #[sampler(4)]
    colours: Handle<Image>,
}

plain_material!(
    SurfaceMaterial,
    "embedded://soundfall_plugins/shaders/surface.wgsl",
    [Mesh::ATTRIBUTE_POSITION => 0],
    AlphaMode::Opaque
);

/// Makes the texture of the colormaps, anew where they changed.
pub(crate) fn fit_colours(
    mut commands: Commands,
    tables: Res<ColormapTables>,
    colours: Option<Res<Colours>>,
    mut images: ResMut<Assets<Image>>,
) {
    if !tables.is_changed() && colours.is_some() {
        return;
    }
    let mut image = Image::new(
        Extent3d {
            width: 256,
            height: tables.0.len().max(1) as u32,
            depth_or_array_layers: 1,
        },
        TextureDimension::D2,
        tables.0.as_flattened().as_flattened().to_vec(),
        TextureFormat::Rgba8UnormSrgb,
        RenderAssetUsages::RENDER_WORLD,
    );
    image.sampler = ImageSampler::linear();
    match colours {
        // What uses it keeps its handle.
        Some(colours) => {
            if let Err(error) = images.insert(&colours.0, image) {
                error!("no texture of colours: {error}");
            }
        }
        None => commands.insert_resource(Colours(images.add(image))),
    }
}

/// Makes a texture and a material for every allocation, and drops those of old ones.
fn fit_textures(
    fields: Query<&HeightField>,
    size: Res<HeightFieldSize>,
    colours: Option<Res<Colours>>,
    tables: Res<ColormapTables>,
    mut targets: ResMut<Targets>,
    mut made: ResMut<HeightMaterials>,
    mut images: ResMut<Assets<Image>>,
    mut materials: ResMut<Assets<SurfaceMaterial>>,
) {
    let Some(colours) = colours else { return };
    if tables.is_changed() {
        // The renderer binds the new texture only for materials that changed.
        for (_, material) in materials.iter_mut() {
            material.colours = colours.0.clone();
        }
    }
    let allocations = || fields.iter().flat_map(HeightField::allocations);
    let wanted = |id: u64| allocations().any(|allocation| allocation.id == id);
    if targets.heights.iter().any(|to| !wanted(to.allocation)) {
        targets.heights.retain(|to| wanted(to.allocation));
        made.0.retain(|id, _| wanted(*id));
    }
    for allocation in allocations() {
        if made.0.contains_key(&allocation.id) {
            continue;
        }
        let heights = images.add(height_texture(*size, allocation.layers));
        targets.heights.push(Target {
            allocation: allocation.id,
            image: heights.id(),
            width: size.axis_bins,
        });
        let material = materials.add(SurfaceMaterial {
            heights,
            state: STATE_IMAGE,
            colours: colours.0.clone(),
        });
        made.0.insert(allocation.id, material);
    }
}

fn height_texture(size: HeightFieldSize, layers: u32) -> Image {
    let mut image = Image::new_uninit(
        Extent3d {
            width: size.axis_bins,
            height: size.rows,
            // WebGL takes a single layer for no array at all.
            depth_or_array_layers: layers.max(2),
        },
        TextureDimension::D2,
        TextureFormat::R16Float,
        RenderAssetUsages::RENDER_WORLD,
    );
    image.texture_descriptor.usage = TextureUsages::TEXTURE_BINDING | TextureUsages::COPY_DST;
    image.texture_view_descriptor = Some(TextureViewDescriptor {
        dimension: Some(TextureViewDimension::D2Array),
        ..TextureViewDescriptor::default()
    });
    image.sampler = ImageSampler::Descriptor(ImageSamplerDescriptor {
        address_mode_u: ImageAddressMode::ClampToEdge,
        address_mode_v: ImageAddressMode::Repeat,
        mag_filter: ImageFilterMode::Linear,
        min_filter: ImageFilterMode::Linear,
        ..ImageSamplerDescriptor::default()
    });
    image
}

/// Gives every view a surface a channel, drawn from the texture that it shows now, at its place.
pub(crate) fn fit_surfaces(
    mut commands: Commands,
    views: Query<
        (
            Entity,
            &ViewSlot,
            &FieldState,
            &SurfaceLayout,
            Option<&Children>,
            Option<&RenderLayers>,
        ),
        Without<Surface>,
    >,
    mut surfaces: Query<(
        &Surface,
        &mut MeshTag,
        &mut Mesh3d,
        &mut MeshMaterial3d<SurfaceMaterial>,
        &mut Transform,
        &mut Visibility,
        &mut RenderLayers,
    )>,
    made: Res<HeightMaterials>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut grids: ResMut<Grids>,
) {
    for (view, slot, state, layout, children, layers) in &views {
        let layers = layers.cloned().unwrap_or_default();
        let material = state
            .allocation
            .and_then(|allocation| made.0.get(&allocation.id));
        let mut there = 0;
        for child in children.into_iter().flatten() {
            let Ok((surface, mut tag, mut mesh, mut of, mut transform, mut seen, mut on)) =
                surfaces.get_mut(*child)
            else {
                continue;
            };
            there += 1;
            let drawn = state.drawn.get(surface.place);
            let place = layout.places.get(surface.place);
            let (Some(drawn), Some(place), Some(material), true) =
                (drawn, place, material, state.visible)
            else {
                seen.set_if_neq(Visibility::Hidden);
                if surface.place >= state.drawn.len() && state.visible {
                    commands.entity(*child).despawn();
                }
                continue;
            };
            seen.set_if_neq(Visibility::Inherited);
            tag.set_if_neq(MeshTag(slot.tag(drawn.layer)));
            if of.0 != *material {
                of.0 = material.clone();
            }
            let grid = grid_mesh(&mut grids.0, &mut meshes, state.drawn.len());
            if mesh.0 != grid {
                mesh.0 = grid;
            }
            transform.set_if_neq(Transform::from_translation(place.centre).with_scale(place.size));
            on.set_if_neq(layers.clone());
        }
        let Some(material) = material.filter(|_| state.visible) else {
            continue;
        };
        let places = state.drawn.iter().zip(&layout.places).enumerate();
        for (at, (drawn, place)) in places.skip(there) {
            commands.spawn((
                ChildOf(view),
                Surface { place: at },
                Mesh3d(grid_mesh(&mut grids.0, &mut meshes, state.drawn.len())),
                MeshMaterial3d(material.clone()),
                MeshTag(slot.tag(drawn.layer)),
                Transform::from_translation(place.centre).with_scale(place.size),
                layers.clone(),
                NoFrustumCulling,
            ));
        }
    }
}

/// The grid for a number of surfaces, made once.
fn grid_mesh(
    grids: &mut HashMap<GridSize, Handle<Mesh>>,
    meshes: &mut Assets<Mesh>,
    surfaces: usize,
) -> Handle<Mesh> {
    let size = GridSize::for_surfaces(surfaces);
    grids
        .entry(size)
        .or_insert_with(|| meshes.add(surface_grid(size)))
        .clone()
}
