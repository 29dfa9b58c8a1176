//! The plugins are guests: they leave the host as it is, and each works with just the ones that its
//! documentation names.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
#![allow(clippy::print_stderr, reason = "says which plugin is next")]

use std::sync::Arc;

use bevy::ecs::schedule::{ScheduleLabel, Schedules, SystemSet};
use bevy::prelude::*;
use bevy::window::ExitCondition;
use bevy::winit::WinitPlugin;
use bevy_egui::EguiGlobalSettings;
use soundfall_analysis::Recording;
use soundfall_plugins::{
    AnalysisPlugin, AnnotatePlugin, DiagnosticsPlugin, InstrumentPaintPlugin, InstrumentsPlugin,
    LayoutPlugin, OverlayPlugin, PanelPlugin, SchedulePlugin, SoundfallPlugins, SoundfallSystems,
    StreamPlugin, UploadPlugin, WaterfallPlugin, WaveformPlugin,
    host::{Graphics, add_base},
};
use soundfall_systems::{
    analysis::{Analysis, AnalysisOf, AnalysisProgress},
    stream::Stream,
    view::{View, ViewOf},
};

/// Bevy without a window and without a graphics adapter.
fn host() -> App {
    let mut app = App::new();
    let window = WindowPlugin {
        primary_window: None,
        exit_condition: ExitCondition::DontExit,
        ..default()
    };
    let rendering = bevy::render::settings::WgpuSettings {
        backends: None,
        ..default()
    };
    app.add_plugins(
        DefaultPlugins
            .build()
            .disable::<WinitPlugin>()
            .disable::<bevy::log::LogPlugin>()
            .disable::<bevy::render::pipelined_rendering::PipelinedRenderingPlugin>()
            .set(window)
            .set(bevy::render::RenderPlugin {
                render_creation: bevy::render::settings::RenderCreation::Automatic(Box::new(
                    rendering,
                )),
                ..default()
            }),
    );
    app
}

fn run(app: &mut App, updates: usize) {
    while app.plugins_state() == bevy::app::PluginsState::Adding {
        bevy::tasks::tick_global_task_pools_on_main_thread();
    }
    app.finish();
    app.cleanup();
    for _ in 0..updates {
        app.update();
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}

/// A second of a tone, and a view of it. Gives the analysis.
fn show(world: &mut World) -> Entity {
    let samples: Vec<f32> = (0..48_000).map(|i| (i as f32 * 0.06).sin() * 0.5).collect();
    let stream = Stream::new(
        Arc::new(Recording::from_interleaved(48_000, 1, &samples).unwrap()),
        "tone",
    );
    let stream = world.spawn(stream).id();
    let analysis = world.spawn((Analysis, AnalysisOf(stream))).id();
    world.spawn((View, ViewOf(analysis)));
    analysis
}

/// Systems in a schedule, and those of them that are in a phase of ours.
fn count(world: &World, label: impl ScheduleLabel) -> (usize, usize) {
    let schedules = world.resource::<Schedules>();
    let Some(schedule) = schedules.get(label) else {
        return (0, 0);
    };
    let graph = schedule.graph();
    let ours = SoundfallSystems::ALL
        .iter()
        .filter_map(|phase| graph.systems_in_set(phase.intern()).ok());
    (graph.systems.len(), ours.flatten().count())
}

#[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
struct MyOwn;

#[test]
fn the_host_stays_as_it_is() {
    let mut plain = host();
    let mut guest = host();
    guest.add_plugins(SoundfallPlugins::new(Update));
    let (before, after) = (count(plain.world(), Update), count(guest.world(), Update));
    assert_eq!(
        (after.0 - before.0, after.1),
        (1, 0),
        "one system runs ours"
    );
    for label in [
        First.intern(),
        PreUpdate.intern(),
        PostUpdate.intern(),
        Last.intern(),
    ] {
        assert_eq!(count(guest.world(), label).1, 0, "{label:?}");
    }
    let clear = |app: &App| app.world().resource::<ClearColor>().0;
    assert_eq!(clear(&guest), clear(&plain));
    assert!(!guest.world().contains_resource::<EguiGlobalSettings>());
    run(&mut plain, 2);
    show(guest.world_mut());
    run(&mut guest, 5);
    let cameras = |app: &mut App| {
        let world = app.world_mut();
        world.query::<&Camera>().iter(world).count()
    };
    assert_eq!(cameras(&mut guest), cameras(&mut plain));
}

#[test]
fn it_runs_in_a_schedule_of_the_host() {
    let mut app = host();
    app.init_schedule(MyOwn);
    app.add_plugins(SoundfallPlugins::new(MyOwn));
    let analysis = show(app.world_mut());
    run(&mut app, 3);
    let due = |app: &App| {
        app.world()
            .get::<AnalysisProgress>(analysis)
            .unwrap()
            .columns_due
    };
    assert_eq!(due(&app), 0, "nothing runs it yet");
    for _ in 0..5 {
        app.world_mut().run_schedule(MyOwn);
        app.update();
    }
    assert!(due(&app) > 0);
}

/// Each plugin beside the ones it names, and no other.
#[test]
fn each_works_with_the_ones_it_names() {
    type Add = fn(&mut App);
    let base: Add = |app| {
        app.add_plugins((SchedulePlugin::new(Update), StreamPlugin));
    };
    let drawn: Add = |app| {
        app.add_plugins((
            SchedulePlugin::new(Update),
            StreamPlugin,
            AnalysisPlugin,
            UploadPlugin,
            WaterfallPlugin,
        ));
    };
    let cases: [(&str, Add, Add); 8] = [
        ("stream", base, |_| {}),
        ("analysis and upload, for the waterfall", drawn, |_| {}),
        ("waveform", drawn, |app| {
            app.add_plugins(WaveformPlugin);
        }),
        ("instruments", base, |app| {
            app.add_plugins(InstrumentsPlugin);
        }),
        ("annotate", drawn, |app| {
            app.add_plugins(AnnotatePlugin);
        }),
        ("instruments painted", drawn, |app| {
            app.add_plugins((AnnotatePlugin, InstrumentPaintPlugin));
        }),
        ("panel", drawn, |app| {
            app.add_plugins((AnnotatePlugin, PanelPlugin));
        }),
        ("diagnostics", drawn, |app| {
            app.add_plugins(DiagnosticsPlugin);
        }),
    ];
    for (name, needs, adds) in cases {
        eprintln!("{name}");
        let mut app = host();
        needs(&mut app);
        adds(&mut app);
        show(app.world_mut());
        run(&mut app, 4);
    }
    // Those of the program stand on its base.
    for (name, adds) in [
        (
            "layout",
            (|app| {
                app.add_plugins((AnnotatePlugin, LayoutPlugin));
            }) as Add,
        ),
        ("overlay", |app| {
            app.add_plugins((
                AnnotatePlugin,
                LayoutPlugin,
                DiagnosticsPlugin,
                OverlayPlugin,
            ));
        }),
    ] {
        eprintln!("{name}");
        let mut app = App::new();
        add_base(&mut app, None, UVec2::new(64, 64), &Graphics::None);
        drawn(&mut app);
        adds(&mut app);
        show(app.world_mut());
        run(&mut app, 4);
    }
}
