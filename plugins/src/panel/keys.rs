//! The keys of the shortcut table.

use bevy::prelude::*;
use bevy_egui::input::EguiWantsInput;
use soundfall_dsp::colormap::Colormap;
use soundfall_settings::keys::{Action, SHORTCUTS, Shortcut};
use soundfall_systems::{
    instruments::InstrumentChoice,
    view::{FocusedView, ProgramSettings, ViewSettings},
};

const LETTERS: [KeyCode; 26] = [
    KeyCode::KeyA,
    KeyCode::KeyB,
    KeyCode::KeyC,
    KeyCode::KeyD,
    KeyCode::KeyE,
    KeyCode::KeyF,
    KeyCode::KeyG,
    KeyCode::KeyH,
    KeyCode::KeyI,
    KeyCode::KeyJ,
    KeyCode::KeyK,
    KeyCode::KeyL,
    KeyCode::KeyM,
    KeyCode::KeyN,
    KeyCode::KeyO,
    KeyCode::KeyP,
    KeyCode::KeyQ,
    KeyCode::KeyR,
    KeyCode::KeyS,
    KeyCode::KeyT,
    KeyCode::KeyU,
    KeyCode::KeyV,
    KeyCode::KeyW,
    KeyCode::KeyX,
    KeyCode::KeyY,
    KeyCode::KeyZ,
];
const DIGITS: [KeyCode; 10] = [
    KeyCode::Digit0,
    KeyCode::Digit1,
    KeyCode::Digit2,
    KeyCode::Digit3,
    KeyCode::Digit4,
    KeyCode::Digit5,
    KeyCode::Digit6,
    KeyCode::Digit7,
    KeyCode::Digit8,
    KeyCode::Digit9,
];
const FUNCTIONS: [KeyCode; 12] = [
    KeyCode::F1,
    KeyCode::F2,
    KeyCode::F3,
    KeyCode::F4,
    KeyCode::F5,
    KeyCode::F6,
    KeyCode::F7,
    KeyCode::F8,
    KeyCode::F9,
    KeyCode::F10,
    KeyCode::F11,
    KeyCode::F12,
];

/// Reads the keyboard and does what the shortcuts say, to the view in focus.
pub(crate) fn press_keys(
    keys: Option<Res<ButtonInput<KeyCode>>>,
    wants: Option<Res<EguiWantsInput>>,
    focused: Res<FocusedView>,
    mut views: Query<(&mut ViewSettings, &mut InstrumentChoice)>,
    mut program: ResMut<ProgramSettings>,
    mut exit: MessageWriter<AppExit>,
) {
    let Some(keys) = keys else { return };
    // A number is being typed into the panel.
    if wants.is_some_and(|wants| wants.wants_keyboard_input()) {
        return;
    }
    for shortcut in SHORTCUTS
        .iter()
        .filter(|shortcut| is_pressed(&keys, shortcut))
    {
        let view = focused.0.and_then(|view| views.get_mut(view).ok());
        match (shortcut.action, view) {
            (Action::TogglePanel, _) => program.panel = !program.panel,
            (Action::ToggleOverlay, _) => program.overlay = !program.overlay,
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

fn is_pressed(keys: &ButtonInput<KeyCode>, shortcut: &Shortcut) -> bool {
    let (with_control, key) = match shortcut.key.strip_prefix("Ctrl+") {
        Some(key) => (true, key),
        None => (false, shortcut.key),
    };
    let control = keys.any_pressed([KeyCode::ControlLeft, KeyCode::ControlRight]);
    control == with_control && key_code(key).is_some_and(|code| keys.just_pressed(code))
}

/// The key of that name.
fn key_code(name: &str) -> Option<KeyCode> {
    match name.as_bytes() {
        b"Tab" => Some(KeyCode::Tab),
        [letter @ b'A'..=b'Z'] => Some(LETTERS[usize::from(letter - b'A')]),
        [digit @ b'0'..=b'9'] => Some(DIGITS[usize::from(digit - b'0')]),
        [b'F', ..] => {
            let number: usize = name[1..].parse().ok()?;
            FUNCTIONS.get(number.checked_sub(1)?).copied()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use soundfall_dsp::instruments::Instrument;

    #[test]
    fn every_shortcut_has_a_key() {
        for shortcut in SHORTCUTS {
            let mut keys = ButtonInput::default();
            let key = shortcut.key.trim_start_matches("Ctrl+");
            if key != shortcut.key {
                keys.press(KeyCode::ControlLeft);
            }
            let code = key_code(key);
            assert!(code.is_some(), "{key}");
            keys.press(code.unwrap_or(KeyCode::Escape));
            let pressed = SHORTCUTS.iter().filter(|other| is_pressed(&keys, other));
            assert_eq!(pressed.collect::<Vec<_>>(), [&shortcut]);
        }
        for none in ["", "F0", "F13", "Fx", "AB", "tab"] {
            assert_eq!(key_code(none), None, "{none}");
        }
    }

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
        world.init_resource::<Messages<AppExit>>();
        for on in [true, false] {
            let mut keys = ButtonInput::default();
            for key in [KeyCode::KeyP, KeyCode::KeyG, KeyCode::F3, KeyCode::KeyC] {
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
        }
        let colormap = world.get::<ViewSettings>(view).map(|view| view.colormap);
        assert_eq!(colormap, Some(Colormap::ALL[2]));
        assert!(world.resource::<Messages<AppExit>>().is_empty());
    }
}
