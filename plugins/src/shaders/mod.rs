//! What the shaders share with Rust: the state of a view and a few constants, written out as a WGSL
//! module, `soundfall::state`. No shader repeats a number of it by hand.

use bevy::prelude::*;
use bevy::shader::Shader;
use soundfall_dsp::rows::HOLE;
use soundfall_systems::{texels::Texels, waterfall::FieldTexels, waveform::LaneTexels};

use crate::upload::TAG_VIEW_SHIFT;

/// Keeps the module loaded.
#[derive(Resource)]
struct StateModule(#[expect(dead_code, reason = "held, never looked at")] Handle<Shader>);

/// The module's text.
pub(crate) fn state_module() -> String {
    let (field, lanes) = (FieldTexels::wgsl(), LaneTexels::wgsl());
    let below = HOLE / 2.0;
    let first_of_lanes = FieldTexels::TEXELS;
    let mask = (1_u32 << TAG_VIEW_SHIFT) - 1;
    format!(
        "#define_import_path soundfall::state\n\n\
         // Below this a row stores no level but a hole: sound was lost.\n\
         const HOLE: f32 = {below:?};\n\n\
         {field}\n{lanes}\n\
         // The row of the state texture and the place (layer, lane) in a mesh tag.\n\
         fn view_of(tag: u32) -> i32 {{ return i32(tag >> {TAG_VIEW_SHIFT}u); }}\n\
         fn place_of(tag: u32) -> i32 {{ return i32(tag & {mask}u); }}\n\n\
         fn field_of(state: texture_2d<f32>, view: i32) -> Field {{ return read_field(state, 0, view); }}\n\
         fn lanes_of(state: texture_2d<f32>, view: i32) -> Lanes {{ return read_lanes(state, {first_of_lanes}, view); }}\n"
    )
}

/// Adds the module to the app's shaders, once.
pub(crate) fn add_state_module(app: &mut App) {
    if app.world().contains_resource::<StateModule>() {
        return;
    }
    let Some(mut shaders) = app.world_mut().get_resource_mut::<Assets<Shader>>() else {
        return;
    };
    let module = Shader::from_wgsl(state_module(), "soundfall/state.wgsl");
    let handle = shaders.add(module);
    app.insert_resource(StateModule(handle));
}
