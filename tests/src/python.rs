//! The scripts of `tests/python`, run by the interpreter that all tests share.
//!
//! Never uses packages of the system or of the user.

use soundfall_test_support::skip::Reason;
use std::path::Path;
use std::process::{Command, Stdio};

pub use soundfall_test_support::python::{interpreter, output};

/// `python tests/python/SCRIPT`, ready for arguments; `Err` as in [`interpreter`].
pub fn script(name: &str) -> Result<Command, &'static Reason> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("python")
        .join(name);
    assert!(path.is_file(), "no script {}", path.display());
    let mut command = Command::new(interpreter()?);
    command.args(["-B", "-I"]).arg(path).stdin(Stdio::null());
    Ok(command)
}
