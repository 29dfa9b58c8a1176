//! What a link to the page may say beside settings. What the page does with it stands there.

/// Names and help, in the order of the reference page.
pub const LINK_OPTIONS: [(&str, &str); 4] = [
    ("signal", "Start this built-in signal at once."),
    (
        "change",
        "Change a setting while it runs: SECS:NAME=VALUE, like 3:window-size=8192. May stand many times.",
    ),
    (
        "draw",
        "Draw pictures (on) or leave them out (off), to measure everything else.",
    ),
    (
        "coi",
        "Where the host sends no COOP and COEP headers, let a service worker add them.",
    ),
];
