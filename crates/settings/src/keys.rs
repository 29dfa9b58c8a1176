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
    /// Shows or hides the sheet of keys and gestures.
    ToggleKeys,
    /// Takes the next colormap.
    NextColormap,
    /// Shows or hides an instrument.
    ToggleInstrument(Instrument),
    /// Moves the view in focus through its sound.
    Move(Motion),
    /// Brings the camera home.
    HomeCamera,
    /// Ends the program.
    Quit,
}

/// How a key moves a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Motion {
    /// To older sound.
    Back,
    /// To newer sound.
    On,
    /// To higher frequencies.
    Higher,
    /// To lower frequencies.
    Lower,
    /// Shows less time.
    Nearer,
    /// Shows more time.
    Wider,
    /// To the oldest sound.
    Oldest,
    /// To the newest sound, and with it.
    Newest,
    /// All there is.
    All,
    /// Stands still, or plays on.
    FreezeOrPlay,
}

impl Motion {
    /// Goes on for as long as the key is held.
    #[must_use]
    pub fn goes_on(self) -> bool {
        !matches!(
            self,
            Self::Oldest | Self::Newest | Self::All | Self::FreezeOrPlay
        )
    }
}

/// A key and what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortcut {
    /// What it does.
    pub action: Action,
    /// The name of the action in files.
    pub name: &'static str,
    /// The key where nothing else was chosen: a letter, a digit, a sign (`+`, `-`, `?`), `Tab`, `Space`, `Home`, `End`, `Left`,
    /// `Right`, `Up`, `Down`, `F1` to `F12`, with `Ctrl+` before it where that is held.
    pub key: &'static str,
    /// Another key that does the same.
    pub also: Option<&'static str>,
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
        also: None,
        hint,
        help,
    }
}

impl Shortcut {
    const fn or(mut self, key: &'static str) -> Self {
        self.also = Some(key);
        self
    }

    /// Its keys.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> + use<> {
        [Some(self.key), self.also].into_iter().flatten()
    }
}

/// Every shortcut.
#[rustfmt::skip]
pub const SHORTCUTS: [Shortcut; 20] = [
    key(Action::TogglePanel, "toggle-panel", "Tab", "panel", "Show or hide the panel."),
    key(Action::ToggleOverlay, "toggle-overlay", "F3", "figures", "Show or hide the performance overlay."),
    key(Action::ToggleKeys, "toggle-keys", "?", "all keys", "Show or hide the list of keys.").or("F1"),
    key(Action::NextColormap, "next-colormap", "C", "colours", "Take the next colormap."),
    key(Action::ToggleInstrument(Instrument::Peaks), "toggle-peaks", "P", "peaks", "Show or hide the peaks."),
    key(Action::ToggleInstrument(Instrument::Hold), "toggle-hold", "H", "hold", "Show or hide the held maxima."),
    key(Action::ToggleInstrument(Instrument::Meters), "toggle-meters", "M", "meters", "Show or hide the meters."),
    key(Action::ToggleInstrument(Instrument::Stereo), "toggle-stereo", "G", "stereo", "Show or hide the goniometer."),
    key(Action::Move(Motion::FreezeOrPlay), "freeze-or-play", "Space", "freeze, play", "Stand still, or play on from there."),
    key(Action::Move(Motion::Newest), "newest", "L", "live", "To the newest sound, and on with it.").or("End"),
    key(Action::Move(Motion::Oldest), "oldest", "Home", "oldest", "To the oldest sound."),
    key(Action::Move(Motion::Back), "back", "Left", "back", "To older sound.").or("A"),
    key(Action::Move(Motion::On), "on", "Right", "on", "To newer sound.").or("D"),
    key(Action::Move(Motion::Higher), "higher", "Up", "higher", "To higher frequencies.").or("W"),
    key(Action::Move(Motion::Lower), "lower", "Down", "lower", "To lower frequencies.").or("S"),
    key(Action::Move(Motion::Nearer), "nearer", "+", "nearer", "Show less time."),
    key(Action::Move(Motion::Wider), "wider", "-", "wider", "Show more time."),
    key(Action::Move(Motion::All), "all", "Z", "all", "Show all there is."),
    key(Action::HomeCamera, "home-camera", "0", "camera home", "Bring the camera home."),
    key(Action::Quit, "quit", "Ctrl+Q", "quit", "End the program."),
];

/// What a hand does on the picture, for reading: the front end does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gesture {
    /// The hand, and what it is on.
    pub hand: &'static str,
    /// What it does, in a sentence.
    pub help: &'static str,
}

/// Every gesture.
#[rustfmt::skip]
pub const GESTURES: [Gesture; 9] = [
    Gesture { hand: "Drag", help: "Move the sound through time; on a surface through frequency too." },
    Gesture { hand: "Drag beside it", help: "Turn the scene." },
    Gesture { hand: "Right drag", help: "Turn the scene, wherever the pointer is." },
    Gesture { hand: "Wheel", help: "Show less or more time around the pointer." },
    Gesture { hand: "Ctrl+Wheel", help: "Show fewer or more frequencies around the pointer." },
    Gesture { hand: "Shift+Wheel", help: "Go on or back." },
    Gesture { hand: "Alt+Wheel", help: "Bring the camera nearer or farther." },
    Gesture { hand: "Double click", help: "Come four times as near." },
    Gesture { hand: "Two fingers", help: "Zoom time between them and turn the scene." },
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
