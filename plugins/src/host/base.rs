//! Bevy's own plugins for a window or for a picture, and the target all cameras draw to.

use bevy::{
    app::{PluginGroupBuilder, TaskPoolOptions, TaskPoolPlugin},
    asset::{
        AssetPlugin,
        io::{AssetSourceBuilder, AssetSourceId, memory::MemoryAssetReader},
    },
    camera::{ImageRenderTarget, RenderTarget},
    light::cluster::GlobalClusterSettings,
    log::LogPlugin,
    prelude::*,
    render::{
        RenderPlugin,
        render_resource::{TextureFormat, TextureUsages},
        settings::{MemoryHints, RenderCreation, WgpuSettings},
    },
    window::{PresentMode, WindowRef, WindowResolution},
    winit::WinitSettings,
};

use super::adapter::Graphics;

/// What a browser draws with.
pub const BROWSER_BACKENDS: wgpu::Backends = wgpu::Backends::GL;

/// Graphics memory is taken from the driver in blocks: the first size, doubled up to the last one. What is
/// larger has a block of its own and is given back with it. (In blocks of 128 MB, wgpu's own, one change of
/// settings beside another could cost one more of them for ever.)
const GRAPHICS_BLOCK_BYTES: std::ops::Range<u64> = 8 << 20..16 << 20;

/// The page's canvas, in the browser.
const CANVAS: &str = "#stage";

/// Where all cameras draw.
#[derive(Resource, Clone, Debug)]
pub struct Target {
    /// The picture, or none for the primary window.
    pub image: Option<Handle<Image>>,
    /// Smoothing of edges.
    pub msaa: Msaa,
}

impl Target {
    pub(crate) fn render_target(&self) -> RenderTarget {
        match &self.image {
            Some(handle) => RenderTarget::Image(ImageRenderTarget {
                handle: handle.clone(),
                scale_factor: 1.0,
            }),
            None => RenderTarget::Window(WindowRef::Primary),
        }
    }
}

/// Adds Bevy's plugins. `window` is the title of the window to open; without one everything is
/// drawn to a picture of `size` pixels by a program that drives the app itself.
pub fn add_base(app: &mut App, window: Option<&str>, size: UVec2, graphics: &Graphics) {
    let plugins = DefaultPlugins
        .build()
        // The program has its own log on stderr.
        .disable::<LogPlugin>()
        .set(AssetPlugin::default())
        .set(task_pools());
    // Signals are the program's: a handler that only leaves a message for the next frame would keep a long frame from
    // being ended.
    #[cfg(not(target_arch = "wasm32"))]
    let plugins = plugins.disable::<bevy::app::TerminalCtrlCHandlerPlugin>();
    let plugins = match window {
        Some(title) => in_window(plugins, title, size, graphics),
        None => off_screen(plugins, graphics),
    };
    // No file is read: what is drawn with is compiled in. Bevy's reader would look for a folder beside the program,
    // and panic where the system does not say where that is.
    app.register_asset_source(
        AssetSourceId::Default,
        AssetSourceBuilder::new(|| Box::new(MemoryAssetReader::default())),
    );
    app.add_plugins(plugins);
    // Nothing here is lit by lamps that would have to be sorted; and what Bevy reads back for that
    // panics when the device is lost.
    app.add_systems(
        PreStartup,
        |clusters: Option<ResMut<GlobalClusterSettings>>| {
            if let Some(mut clusters) = clusters {
                clusters.gpu_clustering = None;
            }
        },
    );
    // In the browser the page starts again.
    #[cfg(not(target_arch = "wasm32"))]
    super::recovery::add(app, settings(graphics));
    let image = if window.is_some() {
        // Sound goes on while another window has the focus.
        app.insert_resource(WinitSettings::continuous());
        None
    } else {
        let image = target_image(size);
        Some(app.world_mut().resource_mut::<Assets<Image>>().add(image))
    };
    app.insert_resource(Target {
        image,
        msaa: Msaa::Sample4,
    });
}

/// Threads: half of the cores for the analysis, since nothing else here computes much, and one for
/// files, since nothing but the shaders is read.
fn task_pools() -> TaskPoolPlugin {
    let mut options = TaskPoolOptions::default();
    options.io.max_threads = 1;
    options.async_compute.percent = 0.5;
    options.async_compute.max_threads = 8;
    TaskPoolPlugin {
        task_pool_options: options,
    }
}

fn settings(graphics: &Graphics) -> WgpuSettings {
    WgpuSettings {
        backends: match graphics {
            Graphics::Adapter { backends, .. } => Some(*backends),
            Graphics::None => None,
        },
        memory_hints: MemoryHints::Manual {
            suballocated_device_memory_block_size: GRAPHICS_BLOCK_BYTES,
        },
        ..default()
    }
}

fn in_window(
    plugins: PluginGroupBuilder,
    title: &str,
    size: UVec2,
    graphics: &Graphics,
) -> PluginGroupBuilder {
    let rendering = RenderPlugin {
        render_creation: RenderCreation::Automatic(Box::new(settings(graphics))),
        ..default()
    };
    plugins.set(rendering).set(WindowPlugin {
        primary_window: Some(Window {
            title: title.to_owned(),
            name: Some("soundfall".to_owned()),
            resolution: WindowResolution::new(size.x, size.y),
            present_mode: PresentMode::AutoVsync,
            canvas: Some(CANVAS.to_owned()),
            fit_canvas_to_parent: true,
            ..default()
        }),
        ..default()
    })
}

#[cfg(not(target_arch = "wasm32"))]
fn off_screen(plugins: PluginGroupBuilder, graphics: &Graphics) -> PluginGroupBuilder {
    use bevy::{
        render::pipelined_rendering::PipelinedRenderingPlugin, window::ExitCondition,
        winit::WinitPlugin,
    };

    plugins
        .set(WindowPlugin {
            primary_window: None,
            exit_condition: ExitCondition::DontExit,
            ..default()
        })
        .set(RenderPlugin {
            render_creation: RenderCreation::Automatic(Box::new(settings(graphics))),
            // The first frame asked for must be whole.
            synchronous_pipeline_compilation: true,
            ..default()
        })
        .disable::<WinitPlugin>()
        .disable::<PipelinedRenderingPlugin>()
}

/// A page always has its canvas.
#[cfg(target_arch = "wasm32")]
fn off_screen(plugins: PluginGroupBuilder, _: &Graphics) -> PluginGroupBuilder {
    plugins
}

/// A picture that cameras can draw to and that can be read back.
#[must_use]
pub fn target_image(size: UVec2) -> Image {
    let mut image = Image::new_target_texture(
        size.x.max(16),
        size.y.max(16),
        TextureFormat::Rgba8UnormSrgb,
        None,
    );
    image.texture_descriptor.usage |= TextureUsages::COPY_SRC;
    image
}
