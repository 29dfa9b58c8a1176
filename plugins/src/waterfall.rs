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
    view::View,
    waterfall::{
        FieldState, Grid, GridSize, HeightField, HeightFieldSize, SETS, Terraces, stage_rows,
        stage_state, surface_grid, terraces,
    },
};

use crate::{
    Phase,
    upload::{STATE_IMAGE, Targets},
};

/// Shows the height field. Needs [`crate::SpectrumPlugin`] and [`crate::UploadPlugin`].
pub struct WaterfallPlugin;

impl Plugin for WaterfallPlugin {
    fn build(&self, app: &mut App) {
        embedded_asset!(app, "shaders/surface.wgsl");
        app.add_plugins(MaterialPlugin::<SurfaceMaterial>::default())
            .init_resource::<HeightField>()
            .init_resource::<FieldState>()
            .init_resource::<Grid>()
            .init_resource::<Stage>()
            .add_systems(Startup, make_colours)
            .add_systems(
                Update,
                (stage_rows, stage_state).chain().in_set(Phase::Stage),
            )
            .add_systems(
                Update,
                (fit_texture, place_surfaces, show_surfaces)
                    .chain()
                    .in_set(Phase::Dress),
            );
    }
}

/// Where the surfaces stand now.
#[derive(Resource, Clone, PartialEq)]
pub(crate) struct Stage(pub Terraces);

impl Default for Stage {
    fn default() -> Self {
        Self(terraces(1, 1.0))
    }
}

/// All colormaps, one a row of 256 texels.
#[derive(Resource)]
pub(crate) struct Colours(pub Handle<Image>);

/// A channel's surface.
#[derive(Component)]
pub(crate) struct Surface;

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

/// Makes texture, mesh and instances anew when the number of channels changes.
fn fit_texture(
    mut commands: Commands,
    field: Res<HeightField>,
    size: Res<HeightFieldSize>,
    colours: Option<Res<Colours>>,
    mut grid: ResMut<Grid>,
    mut targets: ResMut<Targets>,
    mut images: ResMut<Assets<Image>>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut materials: ResMut<Assets<SurfaceMaterial>>,
    surfaces: Query<Entity, With<Surface>>,
) {
    let Some(colours) = colours else { return };
    let fits = targets
        .heights
        .is_some_and(|(allocation, ..)| allocation == field.allocation);
    if fits || field.allocation == 0 {
        return;
    }
    let mut image = Image::new_uninit(
        Extent3d {
            width: size.columns,
            height: size.rows,
            depth_or_array_layers: field.channels * SETS,
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
    let heights = images.add(image);
    targets.heights = Some((field.allocation, heights.id(), size.columns));
    grid.0 = GridSize::for_surfaces(field.channels as usize);
    let mesh = meshes.add(surface_grid(grid.0));
    let material = materials.add(SurfaceMaterial {
        heights,
        state: STATE_IMAGE,
        colours: colours.0.clone(),
    });
    for surface in &surfaces {
        commands.entity(surface).despawn();
    }
    for slot in 0..field.channels {
        commands.spawn((
            Surface,
            Mesh3d(mesh.clone()),
            MeshMaterial3d(material.clone()),
            MeshTag(slot),
            Transform::default(),
            Visibility::Hidden,
            NoFrustumCulling,
        ));
    }
}

/// Moves the surfaces to their places.
fn place_surfaces(
    field: Res<HeightField>,
    view: Res<View>,
    mut stage: ResMut<Stage>,
    mut surfaces: Query<(&MeshTag, &mut Transform), With<Surface>>,
) {
    let wanted = Stage(terraces(field.channels as usize, view.relief));
    stage.set_if_neq(wanted);
    for (tag, mut transform) in &mut surfaces {
        if let Some(place) = stage.0.places.get(tag.0 as usize) {
            let there = Transform::from_translation(place.centre).with_scale(place.size);
            transform.set_if_neq(there);
        }
    }
}

/// Hides the surfaces while there is nothing to be seen on them.
pub(crate) fn show_surfaces(
    state: Res<FieldState>,
    mut surfaces: Query<&mut Visibility, With<Surface>>,
) {
    let wanted = if state.visible {
        Visibility::Visible
    } else {
        Visibility::Hidden
    };
    for mut visibility in &mut surfaces {
        visibility.set_if_neq(wanted);
    }
}
