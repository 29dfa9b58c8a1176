//! PulseAudio for the tests, unpacked in the cache and not installed: as a package it would start
//! a server for the user, and take the place of PipeWire's packages where those are.
//!
//! The harness of the tests (`crates/test-support`) finds it in `pulseaudio/bin` of the cache.
//! Needs no rights, and changes nothing outside the cache.

use super::apt;
use crate::cache;
use crate::command::{on_path, output, succeed, works};
use anyhow::{Context, Result, bail};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is run of it.
const PROGRAMS: [&str; 3] = ["pulseaudio", "pactl", "paplay"];
/// Packages of these.
const PACKAGES: [&str; 2] = ["pulseaudio", "pulseaudio-utils"];
/// Beginnings of libraries that only parts need which the tests never load.
const NOT_NEEDED: [&str; 5] = [
    "libasound2-plugins",
    "libgstreamer",
    "libwebrtc-audio",
    "libfftw3",
    "libpulsedsp",
];

/// Makes sure that there is one, installed or unpacked.
pub(super) fn ensure() -> Result<()> {
    if PROGRAMS.into_iter().all(on_path) {
        return Ok(());
    }
    let folder = cache::always().join("pulseaudio");
    if is_complete(&folder) {
        return Ok(());
    }
    apt::with_lists(|| unpack(&folder)).context(
        "PulseAudio cannot be unpacked; without it the tests with a sound server are left out",
    )
}

/// Whether the server starts, with the libraries that the machine has now.
fn is_complete(folder: &Path) -> bool {
    PROGRAMS.iter().all(|program| {
        let program = folder.join("bin").join(program);
        works(&program.to_string_lossy(), &["--version"])
    })
}

fn unpack(folder: &Path) -> Result<()> {
    let depends = output(
        Command::new("apt-cache")
            .env("LC_ALL", "C")
            .args(["depends", "--important"])
            .args(PACKAGES),
    )?;
    // Of the libraries those that are not here, with what they need.
    let plan = apt::simulate(&libraries(&depends))?;
    let packages: Vec<&str> = PACKAGES.into_iter().chain(plan.fetched()).collect();
    eprintln!(
        "setup: unpacking PulseAudio for the tests in {} (nothing is installed): {}",
        folder.display(),
        packages.join(" ")
    );
    let new = folder.with_extension("new");
    for old in [&new, &folder.to_path_buf()] {
        match fs::remove_dir_all(old) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove {}", old.display()));
            }
            _ => {}
        }
    }
    fs::create_dir_all(&new).with_context(|| format!("cannot make {}", new.display()))?;
    succeed(
        Command::new("apt-get")
            .current_dir(&new)
            // As root apt would go over to a user who may not write here.
            .args(["-q", "-o", "APT::Sandbox::User=root", "download"])
            .args(&packages)
            .stdout(io::stderr()),
    )?;
    for archive in files_of(&new, |path| {
        path.extension().is_some_and(|end| end == "deb")
    })? {
        succeed(Command::new("dpkg-deb").arg("-x").args([&archive, &new]))?;
        fs::remove_file(&archive)
            .with_context(|| format!("cannot remove {}", archive.display()))?;
    }
    write_scripts(&new, folder)?;
    fs::rename(&new, folder).with_context(|| format!("cannot make {}", folder.display()))?;
    if !is_complete(folder) {
        bail!("{}: not all of it starts", folder.display());
    }
    serves(folder)
}

/// Starts the server once as the tests do, until it has nothing to do, which is at once.
fn serves(folder: &Path) -> Result<()> {
    let place = folder.join("try");
    fs::create_dir_all(&place).with_context(|| format!("cannot make {}", place.display()))?;
    let mut command = Command::new(folder.join("bin/pulseaudio"));
    command
        .args(["-n", "--daemonize=no", "--exit-idle-time=0"])
        .args(["--use-pid-file=no", "--disable-shm=yes"])
        .args(["--log-target=stderr", "--log-level=error"])
        .args([
            "-L",
            "module-native-protocol-unix",
            "-L",
            "module-null-sink",
        ]);
    for name in [
        "HOME",
        "XDG_RUNTIME_DIR",
        "XDG_CONFIG_HOME",
        "PULSE_RUNTIME_PATH",
    ] {
        command.env(name, &place);
    }
    output(
        command
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .env_remove("DISPLAY"),
    )
    .map(drop)
}

/// The libraries that `apt-cache depends` lists and that are needed.
fn libraries(depends: &str) -> Vec<&str> {
    let mut names: Vec<&str> = depends
        .lines()
        .filter_map(|line| line.strip_prefix("  Depends: "))
        .filter(|name| name.starts_with("lib"))
        .filter(|name| !NOT_NEEDED.iter().any(|start| name.starts_with(start)))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Scripts in `bin` that start the programs with their own libraries, which lie in `new` now and
/// in `folder` later.
fn write_scripts(new: &Path, folder: &Path) -> Result<()> {
    let later = |path: PathBuf| match path.strip_prefix(new) {
        Ok(inner) => folder.join(inner),
        Err(_) => path,
    };
    // Modules lead to libraries beside them, too.
    let libraries = files_of(new, is_library)?;
    let mut folders: Vec<PathBuf> = libraries
        .iter()
        .filter_map(|library| library.parent())
        .map(|folder| later(folder.to_path_buf()))
        .collect();
    folders.sort();
    folders.dedup();
    let search = std::env::join_paths(&folders).context("a path with a colon")?;
    let modules = libraries
        .iter()
        .find(|library| library.ends_with("module-null-sink.so"))
        .and_then(|library| library.parent())
        .context("no modules of PulseAudio in its packages")?;
    fs::create_dir_all(new.join("bin"))?;
    for program in PROGRAMS {
        let started = folder.join("usr/bin").join(program);
        let mut script = format!(
            "#!/bin/sh\n# Made by `cargo xtask setup`.\nexport LD_LIBRARY_PATH={}\nexec {}",
            quoted(&search.to_string_lossy()),
            quoted(&started.to_string_lossy())
        );
        if program == "pulseaudio" {
            let modules = later(modules.to_path_buf());
            script += " --dl-search-path=";
            script += &quoted(&modules.to_string_lossy());
        }
        script += " \"$@\"\n";
        let path = new.join("bin").join(program);
        fs::write(&path, script).with_context(|| format!("cannot write {}", path.display()))?;
        make_executable(&path)?;
    }
    Ok(())
}

/// `NAME.so` or `NAME.so.NUMBER`.
fn is_library(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".so") || name.contains(".so.")
}

/// As one word of a shell script.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(unix)]
fn make_executable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("cannot make {} executable", path.display()))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> Result<()> {
    Ok(())
}

/// The files under `folder` that fit, sorted; follows no links to folders.
fn files_of(folder: &Path, fits: impl Fn(&Path) -> bool + Copy) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            files.extend(files_of(&path, fits)?);
        } else if fits(&path) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn of_what_it_depends_on_only_the_needed_libraries_are_fetched() {
        let depends = "pulseaudio\n  PreDepends: init-system-helpers\n  Depends: libltdl7\n  \
                       Depends: libgstreamer1.0-0\n  Depends: libsystemd0\n    libelogind0\n  \
                       Depends: adduser\n |Depends: libfoo\n  Depends: libasound2-plugins\n  \
                       Depends: libasound2\npulseaudio-utils\n  Depends: libltdl7\n";
        assert_eq!(
            libraries(depends),
            ["libasound2", "libltdl7", "libsystemd0"]
        );
    }

    #[cfg(unix)]
    #[test]
    fn scripts_lead_to_programs_libraries_and_modules() {
        let scratch = Scratch::new("pulse it's");
        let new = scratch.path("new");
        let library = "usr/lib/x86_64-linux-gnu/libpulse.so.0";
        let module = "usr/lib/pulse-16.1/modules/module-null-sink.so";
        for file in [library, module, "usr/lib/systemd/user/pulseaudio.socket"] {
            scratch.file(&format!("new/{file}"), "");
        }
        let program = "#!/bin/sh\necho \"$LD_LIBRARY_PATH $@\"\n";
        for name in PROGRAMS {
            make_executable(&scratch.file(&format!("new/usr/bin/{name}"), program)).unwrap();
        }
        let folder = scratch.path("pulseaudio");
        write_scripts(&new, &folder).unwrap();
        assert!(!is_complete(&folder));
        fs::rename(&new, &folder).unwrap();
        assert!(is_complete(&folder));
        let said = |name: &str| output(Command::new(folder.join("bin").join(name)).arg("a b"));
        let root = folder.to_string_lossy();
        let modules = format!("{root}/usr/lib/pulse-16.1/modules");
        let libraries = format!("{modules}:{root}/usr/lib/x86_64-linux-gnu");
        assert_eq!(said("pactl").unwrap(), format!("{libraries} a b\n"));
        assert_eq!(
            said("pulseaudio").unwrap(),
            format!("{libraries} --dl-search-path={modules} a b\n")
        );
    }
}
