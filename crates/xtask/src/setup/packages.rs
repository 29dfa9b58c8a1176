//! The packages of Debian and Ubuntu, with the reason for each.
//!
//! Only the table: what is installed, and how, is decided elsewhere.

use super::Goal;

/// Building and running: without these the build or the window fails.
const RUN: &[&str] = &[
    "pkg-config",     // finds the next two
    "libasound2-dev", // cpal's ALSA back end
    "libudev-dev",    // device discovery
    // Loaded at run time by the window library, on X11 …
    "libx11-6",
    "libx11-xcb1",
    "libxcb1",
    "libxcursor1",
    "libxi6",
    "libxrandr2",
    "libxrender1",
    "libxkbcommon0",
    "libxkbcommon-x11-0",
    // … and on Wayland.
    "libwayland-client0",
    // Vulkan, with the software renderer for machines without a graphics card.
    "libvulkan1",
    "mesa-vulkan-drivers",
];

/// The tests: a display, a sound server, peers to compare with.
const TEST: &[&str] = &[
    "xvfb",               // a display without a screen
    "pulseaudio",         // a sound device without a sound card
    "pulseaudio-utils",   // paplay, pactl
    "libasound2-plugins", // ALSA's way into PulseAudio
    "alsa-utils",         // real recordings in /usr/share/sounds/alsa
    "flac",               // makes compressed recordings of them
    "python3",            // scipy as a peer, numpy as a foreign ring writer
    "python3-venv",
];

/// Packages needed for `goal`.
pub(super) fn debian(goal: Goal) -> Vec<&'static str> {
    let tests = if goal == Goal::Test { TEST } else { &[] };
    RUN.iter().chain(tests).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn testing_needs_all_of_running() {
        let test = debian(Goal::Test);
        assert!(
            debian(Goal::Run)
                .iter()
                .all(|package| test.contains(package))
        );
    }

    #[test]
    fn no_package_is_named_twice() {
        let mut names = debian(Goal::Test);
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
