//! No two of our systems touch the same data in an order that nobody decided.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::collections::HashSet;

use bevy::ecs::schedule::{
    LogLevel, ScheduleBuildSettings, ScheduleLabel, Schedules, SystemKey, SystemSet,
};
use bevy::prelude::*;
use bevy_egui::EguiPrimaryContextPass;
use soundfall_plugins::{
    ProgramPlugins, Soundfall, SoundfallPlugins, SoundfallSystems,
    host::{Graphics, Headless, add_base},
};

/// How many systems of ours a schedule has, and how many pairs of them are in no order.
fn systems_and_ambiguities(world: &World, label: impl ScheduleLabel) -> (usize, usize) {
    let schedules = world.resource::<Schedules>();
    let graph = schedules.get(label).expect("the schedule").graph();
    let ours: HashSet<SystemKey> = SoundfallSystems::ALL
        .iter()
        .filter_map(|phase| graph.systems_in_set(phase.intern()).ok())
        .flatten()
        .copied()
        .collect();
    let pairs = graph
        .conflicting_systems()
        .0
        .iter()
        .filter(|(a, b, _)| ours.contains(a) && ours.contains(b))
        .count();
    (ours.len(), pairs)
}

#[test]
fn there_are_none() {
    let mut app = App::new();
    add_base(&mut app, None, UVec2::new(64, 64), &Graphics::None);
    app.add_plugins((SoundfallPlugins::default(), ProgramPlugins));
    for schedule in app.world_mut().resource_mut::<Schedules>().iter_mut() {
        schedule.1.set_build_settings(ScheduleBuildSettings {
            ambiguity_detection: LogLevel::Warn,
            ..default()
        });
    }
    let mut screen = Headless::new(app, false);
    screen.step();
    let world = screen.world();
    for (name, (systems, pairs), least) in [
        ("PreUpdate", systems_and_ambiguities(world, PreUpdate), 1),
        ("Soundfall", systems_and_ambiguities(world, Soundfall), 25),
        ("PostUpdate", systems_and_ambiguities(world, PostUpdate), 3),
        (
            "egui",
            systems_and_ambiguities(world, EguiPrimaryContextPass),
            5,
        ),
    ] {
        assert!(
            systems >= least,
            "{name}: only {systems} systems are in a phase"
        );
        assert_eq!(pairs, 0, "{name}: pairs of systems in no order");
    }
}
