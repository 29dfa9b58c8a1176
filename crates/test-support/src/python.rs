//! A Python of our own with numpy and scipy, in a virtual environment that is made once
//! and kept in the cache folder (`SOUNDFALL_CACHE`, else `~/.cache/soundfall`).
//!
//! Never uses packages of the system or of the user.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use crate::cache;
use crate::skip::Reason;

const REQUIREMENTS: &str = include_str!("../python/requirements.txt");

/// The interpreter of the environment; made at the first call. `Err` is the reason to
/// leave the test out: there is no Python here. A Python that cannot make the
/// environment fails the test.
pub fn interpreter() -> Result<&'static Path, &'static Reason> {
    static READY: OnceLock<Result<PathBuf, Reason>> = OnceLock::new();
    READY.get_or_init(make).as_deref()
}

/// Standard output of a script that must succeed.
#[track_caller]
pub fn output(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    assert_success(command, &output);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[track_caller]
fn assert_success(command: &Command, output: &Output) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{command:?} ended with {}\n{}\n{}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    );
}

fn make() -> Result<PathBuf, Reason> {
    let version = Command::new("python3")
        .args(["-I", "-c", "import sys; print(sys.version, sys.prefix)"])
        .output();
    let version = match version {
        Ok(output) if output.status.success() => output.stdout,
        _ => {
            return Err(Reason::Program {
                name: "python3",
                package: "python3",
            });
        }
    };
    let mut hasher = DefaultHasher::new();
    (REQUIREMENTS, version).hash(&mut hasher);
    let cache = cache::folder();
    fs::create_dir_all(&cache).expect("a writable cache folder");
    // Test programs may run at the same time: one makes the environment, the others wait.
    let lock = File::create(cache.join("python.lock")).expect("a writable cache folder");
    lock.lock().expect("a lock in the cache folder");
    let folder = cache.join(format!("python-{:016x}", hasher.finish()));
    let python = folder.join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    });
    let complete = folder.join("complete");
    if !complete.is_file() {
        let _ = fs::remove_dir_all(&folder);
        output(
            Command::new("python3")
                .args(["-I", "-m", "venv"])
                .arg(&folder),
        );
        let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/requirements.txt");
        let mut install = Command::new(&python);
        install
            .args([
                "-I",
                "-m",
                "pip",
                "install",
                "--quiet",
                "--only-binary=:all:",
                "-r",
            ])
            .arg(list);
        output(
            install
                .env("PIP_CACHE_DIR", cache.join("pip"))
                .env("PIP_DISABLE_PIP_VERSION_CHECK", "1"),
        );
        fs::write(&complete, REQUIREMENTS).expect("a writable cache folder");
    }
    Ok(python)
}
