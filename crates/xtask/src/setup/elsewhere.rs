//! Systems other than Debian: says what to install, in their own names where known.
//!
//! Never installs and never fails: whether something is truly missing shows in the
//! build, and then these lines are above it.

use super::Goal;
use crate::command::works;
use crate::web::toolchain;
use anyhow::Result;

/// Prints what to install, if this is a Linux where the build needs something.
pub(super) fn advise(goal: Goal) -> Result<()> {
    if goal == Goal::Web {
        // The compiler is all it takes, and is asked for where it is called.
        return Ok(());
    }
    if !cfg!(target_os = "linux") {
        if goal == Goal::Test {
            eprintln!(
                "setup: the process tests want PulseAudio, flac, oggenc and Python 3 with venv; where one is missing they are left out; the web tests want `rustup target add wasm32-unknown-unknown`, Chromium (or CHROMIUM=/its/path) and Node 20.10 or newer"
            );
        }
        return Ok(());
    }
    let built = works("pkg-config", &["--exists", "alsa"]);
    if !built || goal == Goal::Test {
        let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
        eprintln!("setup: {}", advice(&release, goal));
    }
    Ok(())
}

/// One line for the family of distributions that `/etc/os-release` names.
fn advice(release: &str, goal: Goal) -> String {
    let family: String = release
        .lines()
        .filter_map(|line| {
            line.strip_prefix("ID=")
                .or_else(|| line.strip_prefix("ID_LIKE="))
        })
        .map(|ids| ids.trim_matches('"').to_owned() + " ")
        .collect();
    let is = |name: &str| family.split_whitespace().any(|id| id == name);
    let (run, test) = if is("fedora") || is("rhel") {
        (
            "sudo dnf install alsa-lib-devel pkgconf-pkg-config libxkbcommon-x11 vulkan-loader mesa-vulkan-drivers",
            " xorg-x11-server-Xvfb alsa-utils flac vorbis-tools python3 chromium nodejs npm",
        )
    } else if is("arch") {
        (
            "sudo pacman -S --needed alsa-lib pkgconf libxkbcommon-x11 vulkan-icd-loader vulkan-swrast",
            " xorg-server-xvfb alsa-utils flac vorbis-tools python chromium nodejs npm",
        )
    } else {
        (
            "the headers of ALSA, pkg-config, libxkbcommon-x11, a Vulkan loader and driver (Mesa's lavapipe where there is no graphics card)",
            ", and Xvfb, alsa-utils, flac, oggenc, Python 3 with venv, Chromium, Node 20.10 or newer",
        )
    };
    let test = match goal {
        Goal::Test => format!(
            "{test}; PulseAudio with pactl and paplay, unless that takes the place of PipeWire (then the tests with a sound server are left out); and: rustup target add {}",
            toolchain::TARGET
        ),
        _ => String::new(),
    };
    format!("needed, unless you have it: {run}{test}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relatives_are_recognised() {
        assert!(
            advice("ID=nobara\nID_LIKE=\"rhel centos fedora\"\n", Goal::Run)
                .contains("dnf install alsa-lib-devel")
        );
        assert!(advice("ID=arch\n", Goal::Test).contains("xorg-server-xvfb"));
        assert!(
            advice("ID=arch\n", Goal::Test).ends_with("rustup target add wasm32-unknown-unknown")
        );
    }

    #[test]
    fn unknown_systems_get_plain_words() {
        assert!(advice("", Goal::Run).contains("headers of ALSA"));
        assert!(!advice("", Goal::Run).contains("Xvfb"));
        assert!(!advice("", Goal::Run).contains("rustup"));
    }
}
