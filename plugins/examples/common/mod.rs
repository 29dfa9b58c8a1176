//! What the examples share: Bevy's plugins in a window, or a picture off-screen, and a sound.
//!
//! Every example opens a window. With `--picture OUT.png [--seconds S]` it draws one picture of
//! 480 × 270 pixels instead, once everything is analysed and `S` seconds are over.
#![allow(
    dead_code,
    clippy::print_stderr,
    reason = "each example uses its part; a program may print"
)]

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bevy::{
    camera::{ImageRenderTarget, RenderTarget},
    prelude::*,
};
use soundfall_analysis::{RingHistory, SharedHistory};
use soundfall_capture::signal::{Generator, Signal};
use soundfall_plugins::host::{Headless, Target, add_base, find_graphics, write_png};
use soundfall_ring::{RingFormat, heap_ring};
use soundfall_systems::{analysis::AnalysisProgress, stream::StreamStatus, waterfall::FieldState};

const PICTURE_SIZE: UVec2 = UVec2::new(480, 270);
/// After this long without everything analysed there will be no picture.
const PATIENCE: Duration = Duration::from_secs(120);
/// Display frames in which nothing is under way before everything counts as analysed.
const QUIET_FRAMES: u32 = 5;

/// Hz of [`live_sound`].
pub const RATE: u32 = 48_000;
const BLOCK_FRAMES: u32 = 480;
/// Seconds of [`live_sound`] that are there from the start.
pub const PAST_SECS: u32 = 20;

/// `DefaultPlugins`; with `--picture` those that need no window, and an end after the picture.
pub struct WindowOrPicture;

impl Plugin for WindowOrPicture {
    fn build(&self, app: &mut App) {
        let Some(order) = PictureOrder::of_the_command_line() else {
            app.add_plugins(DefaultPlugins);
            return;
        };
        add_base(app, None, PICTURE_SIZE, &find_graphics());
        app.add_observer(draw_to_the_picture)
            .set_runner(move |app| order.carry_out(app));
    }
}

struct PictureOrder {
    path: PathBuf,
    seconds: f64,
}

impl PictureOrder {
    fn of_the_command_line() -> Option<Self> {
        let args: Vec<String> = std::env::args().collect();
        let after = |name: &str| {
            let at = args.iter().position(|arg| arg == name)?;
            args.get(at + 1)
        };
        Some(Self {
            path: after("--picture")?.into(),
            seconds: after("--seconds")
                .and_then(|s| s.parse().ok())
                .unwrap_or(0.0),
        })
    }

    fn carry_out(&self, app: App) -> AppExit {
        let mut screen = Headless::new(app, false);
        let begun = Instant::now();
        let mut quiet = 0;
        while quiet < QUIET_FRAMES || begun.elapsed().as_secs_f64() < self.seconds {
            if begun.elapsed() > PATIENCE {
                eprintln!("not everything was analysed after {PATIENCE:?}");
                return AppExit::error();
            }
            screen.step();
            let world = screen.world_mut();
            if begun.elapsed().as_secs_f64() >= self.seconds {
                // What comes after this is for no picture.
                let mut streams = world.query::<&mut StreamStatus>();
                for mut status in streams.iter_mut(world) {
                    status.held |= status.written_frames > 0;
                }
            }
            let mut analyses = world.query::<&AnalysisProgress>();
            let mut idle = analyses.iter(world).all(AnalysisProgress::idle);
            let mut views = world.query::<&FieldState>();
            idle &= views.iter(world).all(|state| state.visible);
            quiet = if idle { quiet + 1 } else { 0 };
            thread::sleep(Duration::from_millis(5));
        }
        match screen.picture().map(|picture| self.save(&picture)) {
            Ok(Ok(())) => AppExit::Success,
            Ok(Err(error)) => {
                eprintln!("cannot write {}: {error}", self.path.display());
                AppExit::error()
            }
            Err(error) => {
                eprintln!("{error}");
                AppExit::error()
            }
        }
    }

    fn save(&self, (size, rgba): &(UVec2, Vec<u8>)) -> std::io::Result<()> {
        let mut file = BufWriter::new(File::create(&self.path)?);
        write_png(&mut file, *size, rgba)?;
        file.flush()
    }
}

/// The cameras of an example know only of its window.
fn draw_to_the_picture(added: On<Add, Camera>, target: Res<Target>, mut commands: Commands) {
    let Some(handle) = target.image.clone() else {
        return;
    };
    let target = RenderTarget::Image(ImageRenderTarget {
        handle,
        scale_factor: 1.0,
    });
    commands.entity(added.entity).insert((target, Msaa::Off));
}

/// A minute of ring with [`PAST_SECS`] of the built-in demo in it. A thread goes on writing, except
/// for a picture, which is the same every time.
pub fn live_sound() -> Result<SharedHistory> {
    let format = RingFormat::new(RATE, 1, u64::from(60 * RATE), BLOCK_FRAMES)?;
    let (mut writer, ring) = heap_ring(&format, "demo")?;
    let mut generator = Generator::new(Signal::Demo, 1, RATE)?;
    let mut block = [0.0; BLOCK_FRAMES as usize];
    while writer.written_frames() < u64::from(PAST_SECS * RATE) {
        generator.fill(&mut block);
        writer.write_block(&block)?;
    }
    if PictureOrder::of_the_command_line().is_none() {
        thread::spawn(move || {
            let begun = Instant::now();
            loop {
                let secs = f64::from(PAST_SECS) + begun.elapsed().as_secs_f64();
                while writer.written_frames() < (secs * f64::from(RATE)) as u64 {
                    generator.fill(&mut block);
                    if writer.write_block(&block).is_err() {
                        return;
                    }
                }
                let now = SystemTime::now().duration_since(UNIX_EPOCH);
                writer.heartbeat(now.map_or(0, |now| now.as_nanos() as u64));
                thread::sleep(Duration::from_millis(5));
            }
        });
    }
    Ok(Arc::new(RingHistory::new(ring)))
}
