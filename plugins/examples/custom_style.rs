//! A look of one's own: a flat picture on a wall, newest sound below, in colours that soundfall
//! does not have.
//!
//! `cargo run -p soundfall-plugins --example custom_style`
//!
//! What a host can change today: the colormaps (`ColormapTables`, any number), what a view tells the
//! shader (`FieldState::texels`) and where its surfaces stand (`SurfaceLayout`), both by a system
//! between the sets `Stage` and `Prepare`, and with the view's `Transform` its place, size and
//! direction. The shader itself cannot be replaced yet.

mod common;

use std::f32::consts::FRAC_PI_2;

use bevy::{core_pipeline::tonemapping::Tonemapping, prelude::*};
use soundfall_plugins::{ColormapTables, Soundfall, SoundfallPlugins, SoundfallSystems};
use soundfall_systems::{
    analysis::{Analysis, AnalysisOf},
    stream::Stream,
    view::{View, ViewOf, ViewSettings},
    waterfall::{FieldState, SurfaceLayout},
};

/// Draws a view flat, with this colormap.
#[derive(Component)]
struct FlatStyle {
    colormap: i32,
}

fn main() -> AppExit {
    App::new()
        .add_plugins((common::WindowOrPicture, SoundfallPlugins::new(Update)))
        .insert_resource(ClearColor(Color::srgb(0.93, 0.91, 0.86)))
        .add_systems(Startup, show_a_sound)
        .add_systems(
            Soundfall,
            draw_flat
                .after(SoundfallSystems::Stage)
                .before(SoundfallSystems::Prepare),
        )
        .run()
}

/// Blue ink that gets denser with the level.
fn ink() -> [[u8; 4]; 256] {
    std::array::from_fn(|at| {
        let level = at as f32 / 255.0;
        let shade = |paper: f32, ink: f32| (paper + (ink - paper) * level) as u8;
        [
            shade(250.0, 20.0),
            shade(246.0, 30.0),
            shade(235.0, 120.0),
            255,
        ]
    })
}

fn show_a_sound(mut commands: Commands, mut colormaps: ResMut<ColormapTables>) -> Result {
    let colormap = colormaps.0.len() as i32;
    colormaps.0.push(ink());
    let stream = commands.spawn(Stream::new(common::live_sound()?, "demo"));
    let analysis = (Analysis, AnalysisOf(stream.id()));
    let analysis = commands.spawn(analysis).id();
    commands.spawn((
        View,
        ViewOf(analysis),
        ViewSettings {
            db_min: -80.0,
            ..default()
        },
        FlatStyle { colormap },
        // Its floor stands upright.
        Transform::from_rotation(Quat::from_rotation_x(FRAC_PI_2)),
    ));
    let eye = Transform::from_xyz(0.0, 0.0, 20.0).looking_at(Vec3::ZERO, Vec3::Y);
    commands.spawn((Camera3d::default(), Tonemapping::None, eye));
    Ok(())
}

fn draw_flat(mut views: Query<(&FlatStyle, &mut FieldState, &mut SurfaceLayout)>) {
    for (style, mut state, mut layout) in &mut views {
        state.texels.colormap = style.colormap;
        for place in &mut layout.places {
            place.size.y = 0.01;
        }
    }
}
