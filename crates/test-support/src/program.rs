//! Programs of others that tests compare with.
//!
//! Starts none of them.

use crate::skip::Reason;
use std::env;
use std::process::Command;

/// The program `name`, ready for arguments; `package` is Debian's that setup installs it from.
///
/// # Errors
/// It is not on the path: the reason to leave the test out.
pub fn program(name: &'static str, package: &'static str) -> Result<Command, Reason> {
    let path = env::var_os("PATH").unwrap_or_default();
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&path)
        .any(|folder| folder.join(&file).is_file())
        .then(|| Command::new(name))
        .ok_or(Reason::Program { name, package })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_the_path_is_found_and_what_is_not_is_named() {
        assert!(program("cargo", "cargo").is_ok());
        let missing = program("no-such-program", "no-such-package");
        assert!(missing.is_err_and(|reason| reason.to_string().contains("no-such-package")));
    }
}
