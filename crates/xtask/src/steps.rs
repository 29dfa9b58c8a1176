//! A list of named steps, each timed, and the summary at the end.
//!
//! A failed step is reported once, where it happens, and remembered; later steps
//! still run, so that one run shows everything that is wrong.

use anyhow::Result;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Steps done so far.
#[derive(Default)]
pub(crate) struct Steps {
    done: Vec<Step>,
}

struct Step {
    name: &'static str,
    took: Duration,
    ok: bool,
}

impl Steps {
    /// Runs one step; returns whether it succeeded.
    pub(crate) fn step(&mut self, name: &'static str, work: impl FnOnce() -> Result<()>) -> bool {
        eprintln!("\n── {name}");
        let start = Instant::now();
        let outcome = work();
        if let Err(error) = &outcome {
            eprintln!("xtask: {name}: {error:#}");
        }
        self.done.push(Step {
            name,
            took: start.elapsed(),
            ok: outcome.is_ok(),
        });
        outcome.is_ok()
    }

    /// One line a step: time, name, outcome.
    pub(crate) fn summary(&self) -> String {
        let total: Duration = self.done.iter().map(|step| step.took).sum();
        let mut text = String::from("\n── summary\n");
        for step in &self.done {
            let outcome = if step.ok { "ok" } else { "FAILED" };
            text += &format!("{:>9}  {:<11} {outcome}\n", clock(step.took), step.name);
        }
        text + &format!("{:>9}  together\n", clock(total))
    }

    /// Success only if every step succeeded.
    pub(crate) fn exit_code(&self) -> ExitCode {
        if self.done.iter().all(|step| step.ok) {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

/// `1m02.5s`, or `2.5s` under a minute.
fn clock(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    let seconds = time.as_secs_f64() - (minutes * 60) as f64;
    if minutes == 0 {
        format!("{seconds:.1}s")
    } else {
        format!("{minutes}m{seconds:04.1}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    #[test]
    fn a_failure_is_remembered_and_later_steps_run() {
        let mut steps = Steps::default();
        assert!(!steps.step("one", || bail!("no")));
        assert!(steps.step("two", || Ok(())));
        let summary = steps.summary();
        assert!(summary.contains("one         FAILED"), "{summary}");
        assert!(summary.contains("two         ok"), "{summary}");
        assert_ne!(
            format!("{:?}", steps.exit_code()),
            format!("{:?}", ExitCode::SUCCESS)
        );
    }

    #[test]
    fn times_are_readable() {
        assert_eq!(clock(Duration::from_millis(2_460)), "2.5s");
        assert_eq!(clock(Duration::from_millis(62_500)), "1m02.5s");
    }
}
