//! `cargo xtask web`: the browser build, as a folder that any static host can carry.
//!
//! `dist/web` is the shipping build (small, slow to make), `dist/web-quick` the one that
//! is worked on and tested. Never writes into the folder that is being served: a build
//! is made beside it and takes its place when it is whole.

mod bindgen;
pub(crate) mod browser;
mod budget;
mod dist;
mod exports;
mod pack;
mod sizes;
pub(crate) mod toolchain;

use crate::command::{root, succeed, target_folder};
use crate::policy;
use crate::setup::{self, Goal};
use anyhow::{Context, Result, bail};
use bindgen::Module;
use budget::Budget;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// How much time a build may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Small and fast, for the world.
    Shipping,
    /// Linked in seconds, for the tests.
    Quick,
}

impl Kind {
    /// The profile of `Cargo.toml`.
    fn profile(self) -> &'static str {
        match self {
            Self::Shipping => "web",
            Self::Quick => "web-quick",
        }
    }

    /// The folder that the build makes.
    pub(crate) fn folder(self) -> PathBuf {
        root().join("dist").join(self.profile())
    }
}

/// `cargo xtask web [--quick]`.
pub(crate) fn command(args: &[String]) -> Result<ExitCode> {
    build(kind(args)?)?;
    Ok(ExitCode::SUCCESS)
}

/// The build that the arguments of a command choose.
///
/// # Errors
/// What the command takes instead.
pub(crate) fn kind(args: &[String]) -> Result<Kind> {
    match args {
        [] => Ok(Kind::Shipping),
        [quick] if quick == "--quick" => Ok(Kind::Quick),
        _ => bail!("usage: cargo xtask web [--quick], or bench web [--quick]"),
    }
}

/// Sets up, builds both modules, puts the page together, and checks its size.
pub(crate) fn build(kind: Kind) -> Result<()> {
    setup::ensure(Goal::Web)?;
    let budget = Budget::read(&root().join("web/budget.toml"))?;
    let bindgen = bindgen::ensure()?;
    let target = target_folder().join("web");
    succeed(
        toolchain::find()?
            .cargo()
            .arg("build")
            .args([
                "--package",
                "soundfall",
                "--package",
                "soundfall-web-module",
            ])
            .args(["--profile", kind.profile(), "--target", toolchain::TARGET])
            .arg("--target-dir")
            .arg(&target),
    )?;
    let built = target.join(toolchain::TARGET).join(kind.profile());
    let folder = kind.folder();
    let new = dist::beside(&folder)?;
    assemble(&bindgen, &built, &new)?;
    let sizes = sizes::Sizes::of(&new, |path| {
        kind == Kind::Shipping || path.starts_with("module/")
    })?;
    dist::replace(&new, &folder)?;
    print!("{}", sizes.table());
    eprintln!("web: {}", folder.display());
    budget.check(&sizes)
}

/// The page in `folder`: both modules, the files of `web/public`, and the package.
fn assemble(bindgen: &Path, built: &Path, folder: &Path) -> Result<()> {
    let app = Module {
        wasm: built.join("soundfall.wasm"),
        name: "soundfall",
        types: false,
    };
    let module = Module {
        wasm: built.join("soundfall_web_module.wasm"),
        name: "soundfall_web",
        types: true,
    };
    dist::copy(&root().join("web/public"), folder)?;
    put_policy(folder)?;
    app.bind(bindgen, &folder.join("app"))?;
    module.bind(bindgen, &folder.join("module"))?;
    exports::check(
        &folder.join("app/soundfall.js"),
        &folder.join("module/soundfall_web.js"),
    )?;
    package(&folder.join("module"), &folder.join("pkg"))
}

/// The policy into every page of `folder`.
fn put_policy(folder: &Path) -> Result<()> {
    for path in dist::files(folder)? {
        if !path.ends_with(".html") {
            continue;
        }
        let file = folder.join(&path);
        let cannot = |what: &str| format!("cannot {what} {}", file.display());
        let page = fs::read_to_string(&file).with_context(|| cannot("read"))?;
        let page = policy::put_into(&page).with_context(|| format!("web/public/{path}"))?;
        fs::write(&file, page).with_context(|| cannot("write"))?;
    }
    Ok(())
}

/// The npm-ready package: the small module as built, with its manifest, words and licences.
fn package(module: &Path, folder: &Path) -> Result<()> {
    dist::copy(module, folder)?;
    let source = root().join("crates/web/module/pkg");
    for file in ["package.json", "README.md"] {
        copy_file(&source.join(file), &folder.join(file))?;
    }
    for file in ["LICENSE-MIT", "LICENSE-APACHE"] {
        copy_file(&root().join(file), &folder.join(file))?;
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).with_context(|| format!("cannot copy {}", from.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_choose_the_build() {
        assert_eq!(kind(&[]).ok(), Some(Kind::Shipping));
        assert_eq!(kind(&["--quick".into()]).ok(), Some(Kind::Quick));
        assert!(kind(&["--fast".into()]).is_err());
        assert!(kind(&["--quick".into(), "--quick".into()]).is_err());
    }

    #[test]
    fn each_build_has_its_profile_and_folder() {
        let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap_or_default();
        for kind in [Kind::Shipping, Kind::Quick] {
            assert!(manifest.contains(&format!("[profile.{}]", kind.profile())));
            assert!(kind.folder().ends_with(format!("dist/{}", kind.profile())));
        }
    }
}
