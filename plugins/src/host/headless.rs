//! Drives an app without a window: frames when the program says so, drawn only when asked for.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bevy::{
    app::PluginsState,
    prelude::*,
    render::view::screenshot::{Screenshot, ScreenshotCaptured},
};

use super::base::Target;
use super::snapshot::SnapshotError;

/// Frames to wait for a picture before giving up, and seconds: the first one compiles all shaders.
const PATIENCE: u32 = 120;
const PATIENCE_TIME: Duration = Duration::from_secs(30);

/// An app that is stepped by hand.
pub struct Headless {
    app: App,
    draws: bool,
}

impl Headless {
    /// Finishes building the app. With `draw_all` every frame is drawn, otherwise only those of
    /// pictures asked for.
    #[must_use]
    pub fn new(mut app: App, draw_all: bool) -> Self {
        while app.plugins_state() == PluginsState::Adding {
            bevy::tasks::tick_global_task_pools_on_main_thread();
        }
        app.finish();
        app.cleanup();
        let mut this = Self { app, draws: true };
        // The first frame spawns cameras and textures.
        this.app.update();
        this.set_drawing(draw_all);
        this
    }

    /// The main world.
    #[must_use]
    pub fn world(&self) -> &World {
        self.app.world()
    }

    /// The main world.
    pub fn world_mut(&mut self) -> &mut World {
        self.app.world_mut()
    }

    /// One frame.
    pub fn step(&mut self) {
        self.app.update();
    }

    fn set_drawing(&mut self, draws: bool) {
        self.draws = draws;
        let world = self.app.world_mut();
        let mut cameras = world.query::<&mut Camera>();
        for mut camera in cameras.iter_mut(world) {
            camera.is_active = draws;
        }
    }

    /// Draws the next frame and hands it over: size and RGBA bytes.
    ///
    /// # Errors
    /// [`SnapshotError::NoGraphics`], [`SnapshotError::NotDelivered`].
    pub fn picture(&mut self) -> Result<(UVec2, Vec<u8>), SnapshotError> {
        let target = self.app.world().resource::<Target>().clone();
        let has_renderer = self.app.get_sub_app(bevy::render::RenderApp).is_some();
        let (Some(image), true) = (target.image, has_renderer) else {
            return Err(SnapshotError::NoGraphics);
        };
        let drew = self.draws;
        self.set_drawing(true);
        // Meshes, textures and pipelines of things that appeared lately are prepared in one
        // frame and drawn in the next.
        self.app.update();
        self.app.update();
        let slot: Arc<Mutex<Option<(UVec2, Vec<u8>)>>> = Arc::default();
        let filled = slot.clone();
        self.app
            .world_mut()
            .spawn(Screenshot::image(image))
            .observe(move |captured: On<ScreenshotCaptured>| {
                let picture = &captured.image;
                let size = UVec2::new(picture.width(), picture.height());
                if let Some(bytes) = &picture.data {
                    *filled.lock().unwrap_or_else(PoisonError::into_inner) =
                        Some((size, bytes.clone()));
                }
            });
        let asked = Instant::now();
        let mut frames = 0;
        while frames < PATIENCE || asked.elapsed() < PATIENCE_TIME {
            self.app.update();
            frames += 1;
            let taken = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(picture) = taken {
                self.set_drawing(drew);
                return Ok(picture);
            }
        }
        self.set_drawing(drew);
        Err(SnapshotError::NotDelivered { frames })
    }
}
