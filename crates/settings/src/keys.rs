//! The shortcuts: which key does what. Data only; a front end reads its keyboard and does the
//! actions.

use soundfall_dsp::instruments::Instrument;

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Shows or hides the panel.
    TogglePanel,
    /// Shows or hides the performance overlay.
    ToggleOverlay,
    /// Takes the next colormap.
    NextColormap,
    /// Shows or hides an instrument.
    ToggleInstrument(Instrument),
    /// Ends the program.
    Quit,
}

/// A key and what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortcut {
    /// What it does.
    pub action: Action,
    /// The name of the action in files.
    pub name: &'static str,
    /// The key where nothing else was chosen: a letter, a digit, `Tab`, `F1` to `F12`, with `Ctrl+`
    /// before it where that is held.
    pub key: &'static str,
    /// One word for a line of hints.
    pub hint: &'static str,
    /// What it does, in a sentence.
    pub help: &'static str,
}

const fn key(
    action: Action,
    name: &'static str,
    key: &'static str,
    hint: &'static str,
    help: &'static str,
) -> Shortcut {
    Shortcut {
        action,
        name,
        key,
        hint,
        help,
    }
}

/// Every shortcut.
#[rustfmt::skip]
pub const SHORTCUTS: [Shortcut; 8] = [
    key(Action::TogglePanel, "toggle-panel", "Tab", "panel", "Show or hide the panel."),
    key(Action::ToggleOverlay, "toggle-overlay", "F3", "figures", "Show or hide the performance overlay."),
    key(Action::NextColormap, "next-colormap", "C", "colours", "Take the next colormap."),
    key(Action::ToggleInstrument(Instrument::Peaks), "toggle-peaks", "P", "peaks", "Show or hide the peaks."),
    key(Action::ToggleInstrument(Instrument::Hold), "toggle-hold", "H", "hold", "Show or hide the held maxima."),
    key(Action::ToggleInstrument(Instrument::Meters), "toggle-meters", "M", "meters", "Show or hide the meters."),
    key(Action::ToggleInstrument(Instrument::Stereo), "toggle-stereo", "G", "stereo", "Show or hide the goniometer."),
    key(Action::Quit, "quit", "Ctrl+Q", "quit", "End the program."),
];

/// `Tab panel · F3 figures`: a line of hints for those that `wanted` chooses.
#[must_use]
pub fn hints(wanted: impl Fn(Action) -> bool) -> String {
    let shown = SHORTCUTS.iter().filter(|shortcut| wanted(shortcut.action));
    let parts: Vec<String> = shown
        .map(|shortcut| format!("{} {}", shortcut.key, shortcut.hint))
        .collect();
    parts.join(" \u{00b7} ")
}
