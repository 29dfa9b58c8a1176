//! The keys of a keyboard by the names of the shortcut table.

use bevy::prelude::*;
use soundfall_settings::keys::Shortcut;

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

/// True in the display frame in which a key of a shortcut goes down.
pub(crate) fn just_pressed(keys: &ButtonInput<KeyCode>, shortcut: &Shortcut) -> bool {
    is_any(keys, shortcut, |code| keys.just_pressed(code))
}

/// True while a key of a shortcut is down.
pub(crate) fn pressed(keys: &ButtonInput<KeyCode>, shortcut: &Shortcut) -> bool {
    is_any(keys, shortcut, |code| keys.pressed(code))
}

fn is_any(
    keys: &ButtonInput<KeyCode>,
    shortcut: &Shortcut,
    is_it: impl Fn(KeyCode) -> bool,
) -> bool {
    let control = keys.any_pressed([KeyCode::ControlLeft, KeyCode::ControlRight]);
    shortcut.keys().any(|key| {
        let (with_control, key) = match key.strip_prefix("Ctrl+") {
            Some(key) => (true, key),
            None => (false, key),
        };
        control == with_control && key_codes(key).into_iter().flatten().any(&is_it)
    })
}

/// The keys of that name: those of the digits' block too.
fn key_codes(name: &str) -> [Option<KeyCode>; 2] {
    let one = |code| [Some(code), None];
    match name {
        "Tab" => one(KeyCode::Tab),
        "Space" => one(KeyCode::Space),
        "Home" => one(KeyCode::Home),
        "End" => one(KeyCode::End),
        "Left" => one(KeyCode::ArrowLeft),
        "Right" => one(KeyCode::ArrowRight),
        "Up" => one(KeyCode::ArrowUp),
        "Down" => one(KeyCode::ArrowDown),
        "+" => [Some(KeyCode::Equal), Some(KeyCode::NumpadAdd)],
        "?" => one(KeyCode::Slash),
        "-" => [Some(KeyCode::Minus), Some(KeyCode::NumpadSubtract)],
        _ => [lettered(name), None],
    }
}

fn lettered(name: &str) -> Option<KeyCode> {
    match name.as_bytes() {
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
    use soundfall_settings::keys::SHORTCUTS;

    #[test]
    fn every_shortcut_has_keys_of_its_own() {
        for shortcut in SHORTCUTS {
            for name in shortcut.keys() {
                let key = name.trim_start_matches("Ctrl+");
                assert!(key_codes(key)[0].is_some(), "{key}");
                for code in key_codes(key).into_iter().flatten() {
                    let mut keys = ButtonInput::default();
                    if key != name {
                        keys.press(KeyCode::ControlLeft);
                    }
                    keys.press(code);
                    let found = SHORTCUTS.iter().filter(|other| just_pressed(&keys, other));
                    assert_eq!(found.collect::<Vec<_>>(), [&shortcut]);
                    assert!(pressed(&keys, &shortcut));
                }
            }
        }
        for none in ["", "F0", "F13", "Fx", "AB", "tab"] {
            assert_eq!(key_codes(none), [None, None], "{none}");
        }
    }
}
