//! The keys of the shortcut table.

use super::sheet::KeySheet;
use crate::key_codes::just_pressed;
use bevy::prelude::*;
use bevy_egui::input::EguiWantsInput;
use soundfall_dsp::colormap::Colormap;
use soundfall_settings::keys::{Action, SHORTCUTS};
use soundfall_systems::{
    instruments::InstrumentChoice,
    view::{FocusedView, ProgramSettings, ViewSettings},
};

/// Reads the keyboard and does what the shortcuts say, to the view in focus.
pub(crate) fn press_keys(
    keys: Option<Res<ButtonInput<KeyCode>>>,
    wants: Option<Res<EguiWantsInput>>,
    focused: Res<FocusedView>,
    mut views: Query<(&mut ViewSettings, &mut InstrumentChoice)>,
    mut program: ResMut<ProgramSettings>,
    mut sheet: ResMut<KeySheet>,
    mut exit: MessageWriter<AppExit>,
) {
    let Some(keys) = keys else { return };
    // A number is being typed into the panel.
    if wants.is_some_and(|wants| wants.wants_keyboard_input()) {
        return;
    }
    if keys.just_pressed(KeyCode::Escape) {
        sheet.0 = false;
    }
    for shortcut in SHORTCUTS
        .iter()
        .filter(|shortcut| just_pressed(&keys, shortcut))
    {
        let view = focused.0.and_then(|view| views.get_mut(view).ok());
        match (shortcut.action, view) {
            (Action::TogglePanel, _) => program.panel = !program.panel,
            (Action::ToggleOverlay, _) => program.overlay = !program.overlay,
            (Action::ToggleKeys, _) => sheet.0 = !sheet.0,
            // A page ends with its tab; the picture alone would only stand still without a word.
            (Action::Quit, _) if cfg!(target_arch = "wasm32") => {}
            (Action::Quit, _) => {
                exit.write(AppExit::Success);
            }
            (Action::NextColormap, Some((mut view, _))) => {
                let next = view.colormap as usize + 1;
                view.colormap = Colormap::ALL[next % Colormap::ALL.len()];
            }
            (Action::ToggleInstrument(one), Some((_, mut instruments))) => {
                let shown = instruments.shown.has(one);
                instruments.shown.set(one, !shown);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use soundfall_dsp::instruments::Instrument;

    #[test]
    fn keys_act_on_the_view_in_focus() {
        let mut world = World::new();
        let other = world
            .spawn((ViewSettings::default(), InstrumentChoice::default()))
            .id();
        let view = world
            .spawn((ViewSettings::default(), InstrumentChoice::default()))
            .id();
        world.insert_resource(FocusedView(Some(view)));
        world.init_resource::<ProgramSettings>();
        world.init_resource::<KeySheet>();
        world.init_resource::<Messages<AppExit>>();
        for on in [true, false] {
            let mut keys = ButtonInput::default();
            for key in [
                KeyCode::KeyP,
                KeyCode::KeyG,
                KeyCode::F3,
                KeyCode::KeyC,
                KeyCode::F1,
            ] {
                keys.press(key);
            }
            world.insert_resource(keys);
            assert!(world.run_system_cached(press_keys).is_ok());
            let shown = |entity| world.get::<InstrumentChoice>(entity).map(|it| it.shown);
            let wanted = shown(view).unwrap_or_default();
            assert_eq!(wanted.has(Instrument::Peaks), on);
            assert_eq!(wanted.has(Instrument::Stereo), on);
            assert!(!wanted.has(Instrument::Meters));
            assert_eq!(shown(other), Some(InstrumentChoice::default().shown));
            assert_eq!(world.resource::<ProgramSettings>().overlay, on);
            assert_eq!(world.resource::<KeySheet>().0, on);
        }
        let colormap = world.get::<ViewSettings>(view).map(|view| view.colormap);
        assert_eq!(colormap, Some(Colormap::ALL[2]));
        assert!(world.resource::<Messages<AppExit>>().is_empty());
    }
}
