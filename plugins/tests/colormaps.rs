//! A colormap that a host adds at run time is drawn.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use std::f32::consts::TAU;
use std::sync::Arc;

use bevy::{
    camera::{ImageRenderTarget, RenderTarget},
    core_pipeline::tonemapping::Tonemapping,
    prelude::*,
};
use soundfall_analysis::Recording;
use soundfall_dsp::colormap::Colormap;
use soundfall_plugins::{
    ColormapTables, Soundfall, SoundfallPlugins, SoundfallSystems,
    host::{Headless, Target, add_base, find_graphics},
};
use soundfall_systems::{
    analysis::{Analysis, AnalysisOf},
    stream::Stream,
    view::{View, ViewOf},
    waterfall::FieldState,
};
use support::settle;

/// Two seconds of a sine, analysed and seen.
fn show_a_sine(world: &mut World) {
    let sine = |frame: u32| 0.5 * (TAU * 1000.0 * frame as f32 / 48_000.0).sin();
    let samples = (0..96_000).map(sine).collect();
    let history = Recording::from_planes(48_000, vec![samples]).unwrap();
    let stream = world.spawn(Stream::new(Arc::new(history), "sine")).id();
    let analysis = world.spawn((Analysis, AnalysisOf(stream))).id();
    world.spawn((View, ViewOf(analysis)));
}

/// Pixels that are red and nothing else.
fn red_pixels(screen: &mut Headless) -> usize {
    let (_, rgba) = screen.picture().expect("a picture");
    let is_red = |p: &&[u8]| p[0] > 40 && p[1] < p[0] / 3 && p[2] < p[0] / 3;
    rgba.chunks_exact(4).filter(is_red).count()
}

#[derive(Resource, Default)]
struct Override(Option<i32>);

#[test]
fn a_colormap_of_the_hosts_is_drawn() {
    let mut app = App::new();
    add_base(&mut app, None, UVec2::new(320, 180), &find_graphics());
    app.init_resource::<Override>()
        .insert_resource(ClearColor(Color::BLACK))
        .add_plugins(SoundfallPlugins::new(Update))
        .add_systems(
            Soundfall,
            (|wanted: Res<Override>, mut views: Query<&mut FieldState>| {
                for mut state in &mut views {
                    if let Some(colormap) = wanted.0 {
                        state.texels.colormap = colormap;
                    }
                }
            })
            .after(SoundfallSystems::Stage)
            .before(SoundfallSystems::Prepare),
        );
    show_a_sine(app.world_mut());
    let handle = app.world().resource::<Target>().image.clone().unwrap();
    app.world_mut().spawn((
        Camera3d::default(),
        RenderTarget::Image(ImageRenderTarget {
            handle,
            scale_factor: 1.0,
        }),
        Msaa::Off,
        Tonemapping::None,
        Transform::from_xyz(0.0, 14.0, 18.0).looking_at(Vec3::ZERO, Vec3::Y),
    ));
    let mut screen = Headless::new(app, false);
    settle(&mut screen);
    assert_eq!(red_pixels(&mut screen), 0, "viridis has no red");
    let world = screen.world_mut();
    let mut tables = world.resource_mut::<ColormapTables>();
    let place = tables.0.len() as i32;
    assert_eq!(tables.0.len(), Colormap::ALL.len());
    // From the floor up, so that the whole surface is seen.
    tables.0.push(std::array::from_fn(|level| {
        [150 + (level * 105 / 255) as u8, 0, 0, 255]
    }));
    world.resource_mut::<Override>().0 = Some(place);
    screen.step();
    let red = red_pixels(&mut screen);
    assert!(red > 320 * 180 / 20, "{red} red pixels");
}
