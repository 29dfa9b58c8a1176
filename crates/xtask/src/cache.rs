//! Where things are kept from one run to the next: compiled code in CI, and the
//! Python environment of the tests.
//!
//! Never decides what is kept there, and creates nothing by itself.

use std::env;
use std::path::PathBuf;

/// The cache folder, where one is asked for: `SOUNDFALL_CACHE`, or
/// `~/.cache/soundfall` when `CI=true`. Otherwise `None`: compiled code stays in
/// `target/`.
pub(crate) fn folder() -> Option<PathBuf> {
    choose(|name| env::var(name).ok().filter(|value| !value.is_empty()))
}

/// The cache folder for what is never put beside the sources; the tests look there too.
pub(crate) fn always() -> PathBuf {
    let home = env::var_os("HOME").filter(|home| !home.is_empty());
    folder()
        .or_else(|| home.map(|home| PathBuf::from(home).join(".cache/soundfall")))
        .unwrap_or_else(|| env::temp_dir().join("soundfall-cache"))
}

fn choose(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    if let Some(folder) = variable("SOUNDFALL_CACHE") {
        return std::path::absolute(folder).ok();
    }
    if variable("CI").as_deref() == Some("true") {
        return variable("HOME").map(|home| PathBuf::from(home).join(".cache/soundfall"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Option<PathBuf> {
        choose(|name| {
            variables
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn plain_machines_keep_target() {
        assert_eq!(with(&[("HOME", "/home/a")]), None);
        assert_eq!(with(&[("HOME", "/home/a"), ("CI", "false")]), None);
    }

    #[test]
    fn ci_uses_the_home_cache() {
        assert_eq!(
            with(&[("HOME", "/root"), ("CI", "true")]),
            Some("/root/.cache/soundfall".into())
        );
    }

    #[test]
    fn the_users_word_wins() {
        assert_eq!(
            with(&[("HOME", "/root"), ("CI", "true"), ("SOUNDFALL_CACHE", "/c")]),
            Some("/c".into())
        );
    }
}
