//! The packages of Debian and Ubuntu, with the reason for each.
//!
//! Only the table: what is installed, and how, is decided elsewhere.

use super::Goal;
use crate::command::on_path;
use crate::web::toolchain;

/// Building and running: without these the build or the window fails.
const RUN: &[&str] = &[
    "pkg-config",     // finds the next one
    "libasound2-dev", // cpal's ALSA back end
    // Loaded at run time by the window library, on X11 …
    "libx11-6",
    "libx11-xcb1",
    "libxcb1",
    "libxcursor1",
    "libxi6",
    "libxkbcommon0",
    "libxkbcommon-x11-0",
    // … and on Wayland.
    "libwayland-client0",
    // Vulkan, with the software renderer for machines without a graphics card.
    "libvulkan1",
    "mesa-vulkan-drivers",
];

/// The tests: a display, peers to compare with. Their sound server is not installed, see
/// [`super::pulse`].
const TEST: &[&str] = &[
    "xvfb",         // a display without a screen
    "alsa-utils",   // real recordings in /usr/share/sounds/alsa
    "flac",         // makes compressed recordings of them
    "vorbis-tools", // the same, Ogg Vorbis
    "python3",      // scipy as a peer, numpy as a foreign ring writer
    "python3-venv",
    "ffmpeg",           // loudness as a peer says it
    "sonic-pi-samples", // … of these recordings
    "chromium",         // the web page's tests
];

/// What may be here without Debian's packages of it.
#[derive(Clone, Copy, Default)]
pub(super) struct Lacks {
    /// No Rust that compiles for the browser.
    pub(super) wasm: bool,
    pub(super) node: bool,
    pub(super) npm: bool,
}

impl Lacks {
    /// What this machine lacks of what `goal` needs.
    pub(super) fn look(goal: Goal) -> Self {
        Self {
            wasm: goal != Goal::Run && !toolchain::own_has_target(),
            node: goal == Goal::Test && !on_path("node"),
            npm: goal == Goal::Test && !on_path("npm"),
        }
    }
}

/// Packages needed for `goal`.
pub(super) fn debian(goal: Goal, lacks: Lacks) -> Vec<&'static str> {
    let mut packages = match goal {
        Goal::Run => RUN.to_vec(),
        Goal::Web => Vec::new(),
        Goal::Test => [RUN, TEST].concat(),
    };
    if goal == Goal::Test {
        packages.extend(lacks.node.then_some("nodejs"));
        packages.extend(lacks.npm.then_some("npm"));
    }
    packages
}

/// Packages of a compiler for the browser, where there is none.
pub(super) fn compiler(lacks: Lacks) -> &'static [&'static str] {
    if lacks.wasm { toolchain::DEBIAN } else { &[] }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: Lacks = Lacks {
        wasm: true,
        node: true,
        npm: true,
    };

    #[test]
    fn testing_needs_all_of_running() {
        let test = debian(Goal::Test, BARE);
        assert!(
            debian(Goal::Run, BARE)
                .iter()
                .all(|package| test.contains(package))
        );
    }

    #[test]
    fn what_is_here_already_is_not_installed() {
        let test = debian(Goal::Test, Lacks::default());
        for package in ["nodejs", "npm"] {
            assert!(debian(Goal::Test, BARE).contains(&package));
            assert!(!test.contains(&package));
        }
        assert!(compiler(BARE).contains(&"rustc-web"));
        assert!(compiler(Lacks::default()).is_empty());
        assert!(debian(Goal::Web, BARE).is_empty());
    }

    /// It conflicts with PipeWire's packages, and upgrades parts of systemd.
    #[test]
    fn neither_a_sound_server_nor_headers_of_udev_are_installed() {
        let test = debian(Goal::Test, BARE);
        for package in ["pulseaudio", "pulseaudio-utils", "libudev-dev"] {
            assert!(!test.contains(&package), "{package}");
        }
    }

    #[test]
    fn no_package_is_named_twice() {
        let mut names = debian(Goal::Test, BARE);
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
