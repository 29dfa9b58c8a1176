//! The graphics device is destroyed while a ring is shown: the picture comes back as it was, from the
//! ring, and nothing is lost meanwhile.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use std::thread;
use std::time::Duration;

use bevy::prelude::*;
use bevy::render::render_resource::PollType;
use bevy::render::renderer::RenderDevice;
use soundfall_analysis::RingHistory;
use soundfall_capture::signal::{Generator, Signal};
use soundfall_plugins::{
    ProgramPlugins, SoundfallPlugins,
    host::{GraphicsLoss, Headless, add_base, find_graphics},
};
use soundfall_ring::{RingFormat, heap_ring};
use soundfall_systems::{
    analysis::{Analysis, AnalysisOf, AnalysisProgress, AnalysisSettings},
    diagnostics::RunStats,
    stream::Stream,
    view::{ProgramSettings, View, ViewOf, ViewSettings},
};
use soundfall_tests::picture::{Picture, Tolerance};
use support::settle;

const RATE: u32 = 48_000;

fn picture(screen: &mut Headless) -> Picture {
    let (size, rgba) = screen.picture().expect("a picture");
    Picture::from_rgba(size.x as usize, size.y as usize, &rgba)
}

fn losses(screen: &Headless) -> u64 {
    screen.world().resource::<RunStats>().graphics_losses
}

#[test]
fn the_picture_comes_back_from_the_ring() {
    let mut app = App::new();
    add_base(&mut app, None, UVec2::new(640, 360), &find_graphics());
    app.insert_resource(ProgramSettings {
        panel: false,
        ..default()
    })
    .add_plugins((SoundfallPlugins::new(PreUpdate), ProgramPlugins));

    let format = RingFormat::new(RATE, 2, 12 * u64::from(RATE), RATE / 100).unwrap();
    let (mut writer, ring) = heap_ring(&format, "demo").unwrap();
    let mut generator = Generator::new(Signal::Demo, 2, RATE).unwrap();
    let mut block = vec![0.0; (RATE / 100 * 2) as usize];
    for _ in 0..900 {
        generator.fill(&mut block);
        writer.write_block(&block).unwrap();
    }
    writer.close();
    let world = app.world_mut();
    let stream = world
        .spawn(Stream::new(RingHistory::shared(ring), "demo"))
        .id();
    let analysis = (Analysis, AnalysisOf(stream), AnalysisSettings::default());
    let analysis = world.spawn(analysis).id();
    let settings = ViewSettings {
        channels: vec![0, 1],
        span_secs: 8.0,
        ..default()
    };
    world.spawn((View, ViewOf(analysis), settings));

    let mut screen = Headless::new(app, false);
    screen
        .world_mut()
        .resource_mut::<GraphicsLoss>()
        .wait_at_first(Duration::from_millis(200));
    settle(&mut screen);
    let before = picture(&mut screen);
    assert_eq!(losses(&screen), 0);

    let device = screen.world().resource::<RenderDevice>().clone();
    device.wgpu_device().destroy();
    // What the driver says of it comes with the next poll.
    let _ = device.poll(PollType::wait_indefinitely());
    drop(device);
    for _ in 0..60_000 {
        screen.step();
        if losses(&screen) > 0 {
            break;
        }
        thread::sleep(Duration::from_millis(1));
    }
    let loss = screen.world().resource::<GraphicsLoss>();
    assert_eq!((loss.losses, &loss.trouble), (1, &None));
    assert_eq!(losses(&screen), 1, "the textures were not filled again");
    settle(&mut screen);
    // The message about it is on screen for some seconds: not a part of the comparison.
    screen
        .world_mut()
        .resource_mut::<RunStats>()
        .graphics_losses = 0;
    let after = picture(&mut screen);
    if !before.compare(&after, &Tolerance::default()).is_same() {
        let folder = std::env::temp_dir();
        before.write(&folder.join("device_loss.expected.png"));
        after.write(&folder.join("device_loss.actual.png"));
        panic!("another picture, see {}", folder.display());
    }
    let world = screen.world_mut();
    let mut books = world.query::<&AnalysisProgress>();
    let book = books.single(world).unwrap();
    assert_eq!(
        book.columns_due,
        book.columns_analysed + book.columns_dropped
    );
    assert_eq!((book.laps, book.panics), (0, 0));
}
