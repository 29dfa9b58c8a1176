//! Debian and its relatives: which packages are missing, and `apt-get install`.
//!
//! Never removes a package. Says what it will do, and asks (see [`super::consent`]). Installs only
//! as root or through a `sudo` that asks nothing; otherwise the error is the command to type.
//! Refreshes the package lists only when something failed without it.

use super::consent::Consent;
use super::plan::{self, Plan};
use crate::command::{on_path, output, succeed, works};
use anyhow::{Context, Result, bail};
use std::process::{Command, Stdio};

/// Options of every installation, and of its simulation.
const CAREFUL: [&str; 3] = ["--no-remove", "--no-install-recommends", "install"];

/// Whether this is a system with dpkg and apt.
pub(super) fn is_here() -> bool {
    on_path("dpkg-query") && on_path("apt-get")
}

/// Installs those of `packages` that are missing, as far as nothing has to go for them.
pub(super) fn ensure(packages: &[&str]) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    let missing = missing(packages)?;
    if missing.is_empty() {
        return Ok(());
    }
    let choice = with_lists(|| plan::harmless(&missing, simulate))?;
    if !choice.packages.is_empty() {
        let by_hand = format!(
            "sudo apt-get {} {}",
            CAREFUL.join(" "),
            choice.packages.join(" ")
        );
        let Some(rights) = Rights::find() else {
            bail!("packages are missing; install them, then try again: {by_hand}");
        };
        eprintln!("{}", choice.plan.words());
        Consent::of_this_run().get(&by_hand)?;
        with_lists(|| succeed(rights.apt_get(&CAREFUL).args(&choice.packages)))?;
    }
    if !choice.refused.is_empty() {
        let words: Vec<String> = choice
            .refused
            .iter()
            .map(|(package, removed)| format!("{package} (would remove {})", removed.join(" ")))
            .collect();
        bail!(
            "not installed, since nothing of yours is removed: {}",
            words.join(", ")
        );
    }
    Ok(())
}

/// Tries, and where that fails tries again with fresh package lists, if they can be had.
pub(super) fn with_lists<T>(mut work: impl FnMut() -> Result<T>) -> Result<T> {
    let error = match work() {
        Ok(done) => return Ok(done),
        Err(error) => error,
    };
    let Some(rights) = Rights::find() else {
        return Err(error.context("fresh package lists may help: sudo apt-get update"));
    };
    eprintln!("setup: refreshing the package lists");
    succeed(&mut rights.apt_get(&["update"]))?;
    work()
}

/// What installing `packages` would do; needs no rights.
pub(super) fn simulate(packages: &[&str]) -> Result<Plan> {
    // What would be removed is to be named, so here it is allowed.
    let mut command = Command::new("apt-get");
    command
        .env("LC_ALL", "C")
        .args(["-q", "--simulate", "--no-install-recommends", "install"])
        .args(packages);
    Ok(Plan::read(&output(&mut command)?))
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
        command.args(args);
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
    fn installing_removes_nothing_and_leaves_out_recommendations() {
        let line = shown(Rights::Sudo.apt_get(&CAREFUL).arg("flac"));
        assert!(
            line.starts_with("sudo -n env DEBIAN_FRONTEND=noninteractive apt-get"),
            "{line}"
        );
        assert!(
            line.ends_with("--no-remove --no-install-recommends install flac"),
            "{line}"
        );
    }
}
