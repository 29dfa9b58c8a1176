//! The tests of the page in a browser, Node's test runner over `web/tests/*.test.mjs`, and its
//! benchmark, `web/bench/columns.mjs`.
//!
//! Each test file starts its own server and browser. This module only makes sure that
//! what they need is there, says where it is (see [`ENVIRONMENT`]), and counts.

use super::Kind;
use crate::command::{on_path, output, root, shown, succeed};
use crate::tally::Tally;
use anyhow::{Context, Result, bail};
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Environment of the tests: the program that serves (`$SOUNDFALL_SERVE serve --port 0
/// --dir $SOUNDFALL_DIST`), the folder, the browser, and the native program to compare with.
const ENVIRONMENT: [&str; 4] = [
    "SOUNDFALL_SERVE",
    "SOUNDFALL_DIST",
    "CHROMIUM",
    "SOUNDFALL_BIN",
];

/// The oldest Node that has what we and Playwright use.
const NODE: (u32, u32) = (20, 10);

/// Names of Chromium on the path, best first.
const BROWSERS: &[&str] = &[
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// Runs the test files whose names hold one of `only` (all, when empty), on the quick
/// build.
pub(crate) fn test(only: &[String], tally: &mut Tally) -> Result<()> {
    let files = test_files(&root().join("web/tests"), only)?;
    let mut command = node(Kind::Quick)?;
    command
        // One after the other: each draws in software, and some measure.
        .args(["--test", "--test-reporter=tap", "--test-concurrency=1"])
        .args(&files);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start node")?;
    if let Some(stdout) = child.stdout.take() {
        tally.pass_through(BufReader::new(stdout), io::stdout().lock())?;
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("{} ended with {status}", shown(&command));
    }
    Ok(())
}

/// Measures what a column of the analysis costs in the page of `kind` and, beside it, natively.
pub(crate) fn bench(kind: Kind) -> Result<()> {
    succeed(node(kind)?.arg("bench/columns.mjs"))
}

/// `node` in `web/` with the [`environment`] of the page of `kind`.
fn node(kind: Kind) -> Result<Command> {
    let mut command = Command::new("node");
    command
        .current_dir(root().join("web"))
        .envs(environment(kind)?);
    Ok(command)
}

/// The values of [`ENVIRONMENT`] for the page of `kind`; makes sure that Node and its packages are there.
pub(crate) fn environment(kind: Kind) -> Result<Vec<(&'static str, OsString)>> {
    let folder = root().join("web");
    check_node(&output(Command::new("node").arg("--version"))?)?;
    let chromium = chromium(env::var_os("CHROMIUM"))?;
    let packages = folder.join("node_modules");
    if !is_installed(&folder.join("package-lock.json"), &packages) {
        install(&folder, &packages)?;
    }
    let values = [
        env::current_exe()?.into_os_string(),
        kind.folder().into_os_string(),
        chromium.into_os_string(),
        crate::run::program().into_os_string(),
    ];
    Ok(ENVIRONMENT.into_iter().zip(values).collect())
}

/// The test files, by name. None at all is an error: nothing is skipped silently.
fn test_files(folder: &Path, only: &[String]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in
        fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?
    {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".test.mjs")
            && (only.is_empty() || only.iter().any(|part| name.contains(part.as_str())))
        {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        let which = if only.is_empty() {
            String::new()
        } else {
            format!(" with {} in its name", only.join(" or "))
        };
        bail!("{}: no *.test.mjs{which}", folder.display());
    }
    Ok(files)
}

/// Whether `node --version` is new enough.
fn check_node(version: &str) -> Result<()> {
    let mut numbers = version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .map_while(|number| number.parse::<u32>().ok());
    let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if found < NODE {
        bail!(
            "the web tests need Node {}.{} or newer, not {}; see https://nodejs.org",
            NODE.0,
            NODE.1,
            version.trim()
        );
    }
    Ok(())
}

/// The browser: the user's word, or the first on the path.
fn chromium(word: Option<OsString>) -> Result<PathBuf> {
    if let Some(word) = word.filter(|word| !word.is_empty()) {
        return Ok(word.into());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    BROWSERS
        .iter()
        .flat_map(|name| env::split_paths(&path).map(move |folder| folder.join(name)))
        .find(|program| program.is_file())
        .context("no Chromium is on the path; install one, or set CHROMIUM=/its/path")
}

/// Whether what is installed is what the lock file names.
fn is_installed(lock: &Path, packages: &Path) -> bool {
    let installed = fs::read(packages.join(STAMP));
    installed.is_ok_and(|installed| fs::read(lock).is_ok_and(|lock| lock == installed))
}

/// A copy of the lock file, in what was installed from it.
const STAMP: &str = ".installed-lock.json";

fn install(folder: &Path, packages: &Path) -> Result<()> {
    // On Windows it is a script, which only its whole name starts.
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    if !on_path(npm) {
        bail!("the web tests need npm, which comes with Node; see https://nodejs.org");
    }
    let mut ci = Command::new(npm);
    ci.current_dir(folder)
        .args(["ci", "--no-audit", "--no-fund", "--prefer-offline"])
        // The browser is the system's.
        .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
        .stdin(Stdio::null())
        .stdout(io::stderr());
    succeed(&mut ci)?;
    fs::copy(folder.join("package-lock.json"), packages.join(STAMP))
        .context("cannot note what npm installed")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn old_nodes_are_refused() {
        check_node("v20.20.2\n").unwrap();
        check_node("v24.0.0").unwrap();
        for version in ["v20.9.0", "v18.20.4\n", ""] {
            let error = check_node(version).unwrap_err().to_string();
            assert!(error.contains("Node 20.10 or newer"), "{error}");
        }
    }

    #[test]
    fn test_files_are_chosen_by_name() {
        let scratch = Scratch::new("web-tests");
        for name in ["start.test.mjs", "mic.test.mjs", "helper.mjs"] {
            scratch.file(name, "");
        }
        let names = |only: &[&str]| {
            let only: Vec<String> = only.iter().map(|part| (*part).to_owned()).collect();
            test_files(scratch.root(), &only).map(|files| {
                let name =
                    |file: &PathBuf| file.file_name().unwrap().to_string_lossy().into_owned();
                files.iter().map(name).collect::<Vec<_>>()
            })
        };
        assert_eq!(names(&[]).unwrap(), ["mic.test.mjs", "start.test.mjs"]);
        assert_eq!(names(&["sta"]).unwrap(), ["start.test.mjs"]);
        assert!(names(&["helper"]).is_err(), "running nothing is no success");
    }

    #[test]
    fn an_install_is_repeated_when_the_lock_changes() {
        let scratch = Scratch::new("npm");
        let lock = scratch.file("package-lock.json", "one");
        let packages = scratch.path("node_modules");
        assert!(!is_installed(&lock, &packages));
        scratch.file(&format!("node_modules/{STAMP}"), "one");
        assert!(is_installed(&lock, &packages));
        scratch.file("package-lock.json", "two");
        assert!(!is_installed(&lock, &packages));
    }

    #[test]
    fn the_users_browser_wins() {
        assert_eq!(
            chromium(Some("/opt/c".into())).unwrap(),
            PathBuf::from("/opt/c")
        );
    }
}
