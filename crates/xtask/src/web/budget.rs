//! What the page may weigh: `web/budget.toml`, and its check.
//!
//! Only what was compressed is checked: the quick build's app is not.

use super::sizes::Sizes;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;

/// Most bytes on the wire.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Budget {
    app: u64,
    module: u64,
}

/// Keys of the file, and their units in bytes.
const APP: (&str, f64) = ("app_brotli_mb", 1e6);
const MODULE: (&str, f64) = ("module_brotli_kb", 1e3);

impl Budget {
    /// Reads the file.
    pub(super) fn read(file: &Path) -> Result<Self> {
        let text =
            fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        parse(&text).with_context(|| file.display().to_string())
    }

    /// An error that names all that is over.
    pub(super) fn check(&self, sizes: &Sizes) -> Result<()> {
        let over: Vec<String> = [("app", self.app), ("module", self.module)]
            .into_iter()
            .filter(|(folder, _)| sizes.is_compressed(folder))
            .map(|(folder, most)| (folder, most, sizes.wire(folder)))
            .filter(|(_, most, bytes)| bytes > most)
            .map(|(folder, most, bytes)| {
                format!(
                    "{folder}/ has {} kB with brotli, {} kB more than web/budget.toml allows",
                    bytes / 1000,
                    (bytes - most).div_ceil(1000)
                )
            })
            .collect();
        if !over.is_empty() {
            bail!("the page is too large: {}", over.join("; "));
        }
        Ok(())
    }
}

/// Reads lines `KEY = NUMBER`, blank lines and comments.
fn parse(text: &str) -> Result<Budget> {
    let (mut app, mut module) = (None, None);
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            bail!("`{line}` is not `KEY = NUMBER`");
        };
        let number = value
            .trim()
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite() && *number > 0.0);
        let Some(number) = number else {
            bail!("`{line}`: not a size above zero");
        };
        match key.trim() {
            key if key == APP.0 => app = Some((number * APP.1) as u64),
            key if key == MODULE.0 => module = Some((number * MODULE.1) as u64),
            key => bail!("`{key}` is no budget; there are {} and {}", APP.0, MODULE.0),
        }
    }
    Ok(Budget {
        app: app.with_context(|| format!("{} is missing", APP.0))?,
        module: module.with_context(|| format!("{} is missing", MODULE.0))?,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::super::sizes::Size;
    use super::*;

    const FILE: &str = "# on the wire\napp_brotli_mb = 7.0 # of 10^6 bytes\nmodule_brotli_kb=300\n";

    fn sizes(app: Option<u64>, module: u64) -> Sizes {
        let size = |path: &str, brotli| Size {
            path: path.into(),
            raw: 90_000_000,
            brotli,
        };
        Sizes(vec![
            size("app/soundfall_bg.wasm", app),
            size("module/r.wasm", Some(module)),
        ])
    }

    #[test]
    fn sizes_are_read_in_their_units() {
        assert_eq!(
            parse(FILE).unwrap(),
            Budget {
                app: 7_000_000,
                module: 300_000
            }
        );
    }

    #[test]
    fn mistakes_are_named() {
        for (text, word) in [
            ("app_brotli_mb = 7\n", "module_brotli_kb is missing"),
            ("app_brotli = 7\n", "`app_brotli` is no budget"),
            ("app_brotli_mb 7\n", "not `KEY = NUMBER`"),
            ("app_brotli_mb = much\n", "not a size"),
            ("app_brotli_mb = -1\n", "not a size"),
            ("app_brotli_mb = inf\n", "not a size"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(word), "{text:?}: {error}");
        }
    }

    #[test]
    fn the_file_of_the_project_is_right() {
        Budget::read(&crate::command::root().join("web/budget.toml")).unwrap();
    }

    #[test]
    fn over_budget_is_one_clear_line() {
        let budget = parse(FILE).unwrap();
        budget.check(&sizes(Some(7_000_000), 300_000)).unwrap();
        let error = budget
            .check(&sizes(Some(7_123_456), 200))
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "the page is too large: app/ has 7123 kB with brotli, 124 kB more than web/budget.toml allows"
        );
        assert!(budget.check(&sizes(Some(1), 300_001)).is_err());
        budget.check(&sizes(None, 1)).unwrap();
    }
}
