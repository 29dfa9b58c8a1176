//! Data on stdout, piece by piece. A closed stdout is not an error: nothing more is written, and the producer of the
//! data may stop. Names in the data do not steer the terminal.

use std::fmt::{self, Display};
use std::io::{self, BufWriter, StdoutLock, Write};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::printable::printable;

/// Buffered stdout, locked.
pub struct DataOut {
    out: BufWriter<StdoutLock<'static>>,
    closed: bool,
}

impl DataOut {
    /// Locks stdout.
    pub fn new() -> Self {
        Self {
            out: BufWriter::with_capacity(1 << 16, io::stdout().lock()),
            closed: false,
        }
    }

    /// Appends text.
    pub fn write(&mut self, text: impl Display) -> Result<()> {
        if self.closed {
            return Ok(());
        }
        let text = text.to_string();
        let done = self.out.write_all(printable(&text).as_bytes());
        self.judge(done)
    }

    /// Whether the reader has closed the output.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Writes what is left.
    pub fn finish(mut self) -> Result<()> {
        if self.closed {
            // Data that could not be written must not be tried again on drop.
            let _ = self.out.into_parts();
            return Ok(());
        }
        let done = self.out.flush();
        self.judge(done)
    }

    fn judge(&mut self, done: io::Result<()>) -> Result<()> {
        match done {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            other => other.context("cannot write to stdout"),
        }
    }
}

/// Writes data and a line break to stdout.
pub fn print(text: &str) -> Result<()> {
    let mut out = DataOut::new();
    out.write(text)?;
    out.write("\n")?;
    out.finish()
}

/// A JSON object that is written while its lists are made: the fields of a head, then lists and values in order.
pub struct JsonOut {
    out: DataOut,
    first: bool,
    /// Lists that are open.
    depth: usize,
}

impl JsonOut {
    /// Begins with the fields of `head`.
    pub fn begin(head: &impl Serialize) -> Result<Self> {
        let text = pretty(head)?;
        let mut out = DataOut::new();
        out.write(text.strip_suffix("\n}").unwrap_or(&text))?;
        Ok(Self {
            out,
            first: true,
            depth: 0,
        })
    }

    /// A field more.
    pub fn field(&mut self, name: &str, value: &impl Serialize) -> Result<()> {
        let text = pretty(value)?;
        self.out.write(format_args!(
            ",\n  \"{name}\": {}",
            text.replace('\n', "\n  ")
        ))
    }

    /// A list as a field more.
    pub fn open(&mut self, name: &str) -> Result<()> {
        self.first = true;
        self.depth = 1;
        self.out.write(format_args!(",\n  \"{name}\": ["))
    }

    /// A list in a list.
    pub fn open_inner(&mut self) -> Result<()> {
        self.next()?;
        self.first = true;
        self.depth += 1;
        self.out.write("[")
    }

    /// The next element of the list, on a line of its own.
    pub fn element(&mut self, value: &impl Serialize) -> Result<()> {
        self.next()?;
        self.out.write(serde_json::to_string(value)?)
    }

    /// The end of the innermost list.
    pub fn close(&mut self) -> Result<()> {
        if !std::mem::take(&mut self.first) {
            self.out
                .write(format_args!("\n{:1$}", "", 2 * self.depth))?;
        }
        self.depth = self.depth.saturating_sub(1);
        self.out.write("]")
    }

    /// Whether the reader has closed the output.
    pub fn is_closed(&self) -> bool {
        self.out.is_closed()
    }

    /// The end of the object.
    pub fn finish(mut self) -> Result<()> {
        self.out.write("\n}\n")?;
        self.out.finish()
    }

    fn next(&mut self) -> Result<()> {
        let between = if self.first { "\n" } else { ",\n" };
        self.first = false;
        self.out
            .write(format_args!("{between}{:1$}", "", 2 * self.depth + 2))
    }
}

/// JSON for people: a field a line, a list of plain values on one line.
pub fn pretty(value: &impl Serialize) -> Result<String> {
    let text = serde_json::to_string_pretty(value)?;
    let mut out = String::with_capacity(text.len());
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        out.push_str(line);
        if line.ends_with('[') {
            let plain = |line: &&str| !line.trim_end_matches(',').ends_with(['[', '{', ']', '}']);
            let mut before = "";
            while let Some(value) = lines.next_if(plain) {
                out.push_str(before);
                out.push_str(value.trim());
                before = " ";
            }
            if !before.is_empty()
                && let Some(end) = lines.next()
            {
                out.push_str(end.trim());
            }
        }
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    Ok(out)
}

/// A number that may be missing, with so many decimals; `-` where it is.
pub struct Maybe(pub Option<f64>, pub usize);

impl Display for Maybe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(value) => f.pad(&fixed(value, self.1)),
            None => f.pad("-"),
        }
    }
}

/// A number with so many decimals, never a negative nothing.
pub fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let is_zero = text.bytes().all(|byte| matches!(byte, b'-' | b'0' | b'.'));
    text.strip_prefix('-')
        .filter(|_| is_zero)
        .map(str::to_owned)
        .unwrap_or(text)
}

/// The same with its sign, for what may be both.
pub fn signed(value: f64, decimals: usize) -> String {
    let text = fixed(value, decimals);
    if text.starts_with('-') {
        text
    } else {
        format!("+{text}")
    }
}

/// A number rounded to so many decimals, for JSON.
pub fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10f64.powi(decimals);
    (value * scale).round() / scale + 0.0
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn plain_lists_take_one_line() {
        let value = serde_json::json!({
            "a": [1, 2.5, null], "b": [], "c": [{"d": [3]}, [4, 5]], "e": ["x]", "y[,"]
        });
        let text = pretty(&value).unwrap();
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            value
        );
        assert!(text.contains("\"a\": [1, 2.5, null],\n"), "{text}");
        assert!(text.contains("\"d\": [3]\n"), "{text}");
        assert!(text.contains("[4, 5]\n"), "{text}");
        assert!(text.contains("\"b\": [],\n"), "{text}");
    }

    #[test]
    fn nothing_has_no_sign_but_the_plus() {
        assert_eq!(fixed(-0.04, 1), "0.0");
        assert_eq!(signed(-0.04, 1), "+0.0");
        assert_eq!(signed(-0.05001, 1), "-0.1");
        assert_eq!(signed(12.0, 0), "+12");
        assert_eq!(rounded(-1e-9, 3).to_string(), "0");
        assert_eq!(rounded(-6.020_599, 3).to_string(), "-6.021");
        assert_eq!(format!("{:>5}|", Maybe(None, 2)), "    -|");
        assert_eq!(format!("{:>6}|", Maybe(Some(-1.0), 2)), " -1.00|");
    }
}
