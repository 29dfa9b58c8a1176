//! Debian and its relatives: which packages are missing, and `apt-get install`.
//!
//! Installs only as root or through a `sudo` that asks nothing; otherwise the error
//! is the command to type. Refreshes the package lists only when an install failed
//! without it.

use crate::command::{on_path, succeed, works};
use anyhow::{Context, Result, bail};
use std::process::{Command, Stdio};

/// Whether this is a system with dpkg and apt.
pub(super) fn is_here() -> bool {
    on_path("dpkg-query") && on_path("apt-get")
}

/// Installs those of `packages` that are missing.
pub(super) fn ensure(packages: &[&str]) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    let missing = missing(packages)?;
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    let Some(rights) = Rights::find() else {
        bail!(
            "these packages are missing; install them, then try again: sudo apt-get install {list}"
        );
    };
    eprintln!("setup: installing {list}");
    if succeed(rights.apt_get(&["install"]).args(&missing)).is_err() {
        eprintln!("setup: refreshing the package lists");
        succeed(&mut rights.apt_get(&["update"]))?;
        succeed(rights.apt_get(&["install"]).args(&missing))?;
    }
    Ok(())
}

/// Those of `packages` that dpkg does not list as installed.
fn missing<'a>(packages: &[&'a str]) -> Result<Vec<&'a str>> {
    // Fails as a whole when one package is unknown, but still lists the others.
    let output = Command::new("dpkg-query")
        .args(["--show", "--showformat=${db:Status-Status} ${Package}\\n"])
        .args(packages)
        .stdin(Stdio::null())
        .output()
        .context("cannot start dpkg-query")?;
    Ok(not_installed(
        packages,
        &String::from_utf8_lossy(&output.stdout),
    ))
}

fn not_installed<'a>(packages: &[&'a str], listed: &str) -> Vec<&'a str> {
    let installed: Vec<&str> = listed
        .lines()
        .filter_map(|line| line.strip_prefix("installed "))
        .collect();
    packages
        .iter()
        .copied()
        .filter(|package| !installed.contains(package))
        .collect()
}

/// How we may install.
enum Rights {
    Root,
    Sudo,
}

impl Rights {
    fn find() -> Option<Self> {
        let id = Command::new("id").arg("-u").output().ok()?;
        if String::from_utf8_lossy(&id.stdout).trim() == "0" {
            return Some(Self::Root);
        }
        works("sudo", &["-n", "true"]).then_some(Self::Sudo)
    }

    fn apt_get(&self, args: &[&str]) -> Command {
        let mut command = match self {
            Self::Root => Command::new("env"),
            Self::Sudo => {
                let mut sudo = Command::new("sudo");
                sudo.args(["-n", "env"]);
                sudo
            }
        };
        command.args([
            "DEBIAN_FRONTEND=noninteractive",
            "apt-get",
            "-q",
            "-y",
            "-o",
            "DPkg::Lock::Timeout=300",
            "-o",
            "Dpkg::Use-Pty=0",
        ]);
        command.args(["--no-install-recommends"]).args(args);
        // Standard output belongs to the program that `run` starts.
        command.stdin(Stdio::null()).stdout(std::io::stderr());
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::shown;

    #[test]
    fn only_installed_packages_count() {
        let listed = "installed flac\nnot-installed xvfb\nconfig-files pulseaudio\n";
        assert_eq!(
            not_installed(&["flac", "xvfb", "pulseaudio", "alsa-utils"], listed),
            ["xvfb", "pulseaudio", "alsa-utils"]
        );
    }

    #[test]
    fn installing_asks_nothing_and_leaves_out_recommendations() {
        let line = shown(Rights::Sudo.apt_get(&["install"]).arg("flac"));
        assert!(
            line.starts_with("sudo -n env DEBIAN_FRONTEND=noninteractive apt-get"),
            "{line}"
        );
        assert!(
            line.ends_with("--no-install-recommends install flac"),
            "{line}"
        );
    }
}
