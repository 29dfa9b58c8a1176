//! The surfaces: texture, material and one instance a channel.

use bevy::{
    asset::{RenderAssetUsages, embedded_asset},
    camera::visibility::NoFrustumCulling,
    image::{ImageAddressMode, ImageFilterMode, ImageSampler, ImageSamplerDescriptor},
    mesh::{MeshTag, MeshVertexBufferLayoutRef},
    pbr::{MaterialPipeline, MaterialPipelineKey},
    prelude::*,
    reflect::TypePath,
    render::render_resource::{
        AsBindGroup, Extent3d, RenderPipelineDescriptor, SpecializedMeshPipelineError,
        TextureDimension, TextureFormat, TextureUsages, TextureViewDescriptor,
        TextureViewDimension,
    },
    shader::ShaderRef,
};
use soundfall_dsp::colormap::Colormap;
use soundfall_systems::{
    analysis::time_reanalysis,
    view::View,
    waterfall::{
        Allocation, FieldState, GridSize, HeightField, HeightFieldSize, SurfaceLayout, stage_rows,
        stage_state, surface_grid, surface_layout,
    },
};

use crate::{
    SoundfallSystems,
    upload::{STATE_IMAGE, Target, Targets},
};

/// Shows the height field. Needs [`crate::SpectrumPlugin`] and [`crate::UploadPlugin`].
pub struct WaterfallPlugin;

impl Plugin for WaterfallPlugin {
    fn build(&self, app: &mut App) {
        embedded_asset!(app, "shaders/surface.wgsl");
        app.add_plugins(MaterialPlugin::<SurfaceMaterial>::default())
            .init_resource::<HeightField>()
            .init_resource::<FieldState>()
            .init_resource::<Stage>()
            .add_systems(Startup, make_colours)
            .add_systems(
                Update,
                (stage_rows, stage_state, time_reanalysis)
                    .chain()
                    .in_set(SoundfallSystems::Stage),
            )
            .add_systems(
                Update,
                (fit_textures, place_surfaces, show_surfaces)
                    .chain()
                    .in_set(SoundfallSystems::Prepare),
            );
    }
}

/// Where the surfaces stand now.
#[derive(Resource, Clone, PartialEq)]
pub(crate) struct Stage(pub SurfaceLayout);

impl Default for Stage {
    fn default() -> Self {
        Self(surface_layout(1, 1.0))
    }
}

/// All colormaps, one a row of 256 texels.
#[derive(Resource)]
pub(crate) struct Colours(pub Handle<Image>);

/// A channel's surface.
#[derive(Component)]
pub(crate) struct Surface {
    /// The texture it is drawn from.
    allocation: Allocation,
}

#[derive(Asset, TypePath, AsBindGroup, Clone)]
struct SurfaceMaterial {
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

impl Material for SurfaceMaterial {
    fn vertex_shader() -> ShaderRef {
        "embedded://soundfall_plugins/shaders/surface.wgsl".into()
    }

    fn fragment_shader() -> ShaderRef {
        "embedded://soundfall_plugins/shaders/surface.wgsl".into()
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
        // The skirt is seen from either side.
        descriptor.primitive.cull_mode = None;
        Ok(())
    }
}

fn make_colours(mut commands: Commands, mut images: ResMut<Assets<Image>>) {
    let bytes: Vec<u8> = Colormap::ALL
        .iter()
        .flat_map(|map| map.table())
        .flatten()
        .collect();
    let mut image = Image::new(
        Extent3d {
            width: 256,
            height: Colormap::ALL.len() as u32,
            depth_or_array_layers: 1,
        },
        TextureDimension::D2,
        bytes,
        TextureFormat::Rgba8UnormSrgb,
        RenderAssetUsages::RENDER_WORLD,
    );
    image.sampler = ImageSampler::linear();
    commands.insert_resource(Colours(images.add(image)));
}

/// Makes a texture, a grid and its instances for every allocation, and drops those of old ones.
fn fit_textures(
    mut commands: Commands,
    field: Res<HeightField>,
    size: Res<HeightFieldSize>,
    colours: Option<Res<Colours>>,
    mut targets: ResMut<Targets>,
    mut images: ResMut<Assets<Image>>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut materials: ResMut<Assets<SurfaceMaterial>>,
    surfaces: Query<(Entity, &Surface)>,
) {
    let Some(colours) = colours else { return };
    let wanted = |id: u64| field.allocations().any(|allocation| allocation.id == id);
    if targets.heights.iter().any(|to| !wanted(to.allocation)) {
        targets.heights.retain(|to| wanted(to.allocation));
        for (entity, surface) in &surfaces {
            if !wanted(surface.allocation.id) {
                commands.entity(entity).despawn();
            }
        }
    }
    for allocation in field.allocations() {
        let made = targets
            .heights
            .iter()
            .any(|to| to.allocation == allocation.id);
        if made {
            continue;
        }
        let heights = images.add(height_texture(*size, allocation.layers));
        targets.heights.push(Target {
            allocation: allocation.id,
            image: heights.id(),
            width: size.axis_bins,
        });
        let mesh = meshes.add(surface_grid(GridSize::for_surfaces(
            allocation.channels as usize,
        )));
        let material = materials.add(SurfaceMaterial {
            heights,
            state: STATE_IMAGE,
            colours: colours.0.clone(),
        });
        for slot in 0..allocation.channels {
            commands.spawn((
                Surface { allocation },
                Mesh3d(mesh.clone()),
                MeshMaterial3d(material.clone()),
                MeshTag(slot),
                Transform::default(),
                Visibility::Hidden,
                NoFrustumCulling,
            ));
        }
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

/// Moves the surfaces to their places.
fn place_surfaces(
    field: Res<HeightField>,
    view: Res<View>,
    mut stage: ResMut<Stage>,
    mut surfaces: Query<(&Surface, &MeshTag, &mut Transform)>,
) {
    let wanted = Stage(surface_layout(field.channels() as usize, view.height_scale));
    stage.set_if_neq(wanted);
    for (surface, tag, mut transform) in &mut surfaces {
        // Those of another number of channels are hidden.
        if surface.allocation.channels == field.channels()
            && let Some(place) = stage.0.places.get(tag.0 as usize)
        {
            let there = Transform::from_translation(place.centre).with_scale(place.size);
            transform.set_if_neq(there);
        }
    }
}

/// Shows the surfaces of the texture on screen, as long as there is something to be seen on them.
pub(crate) fn show_surfaces(
    field: Res<HeightField>,
    state: Res<FieldState>,
    mut surfaces: Query<(&Surface, &mut Visibility)>,
) {
    let shown = field.shown_allocation().filter(|_| state.visible);
    for (surface, mut visibility) in &mut surfaces {
        let wanted = if shown == Some(surface.allocation.id) {
            Visibility::Visible
        } else {
            Visibility::Hidden
        };
        visibility.set_if_neq(wanted);
    }
}
