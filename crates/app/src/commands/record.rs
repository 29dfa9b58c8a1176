//! A recording beside a capture: starts it, prints its events, ends it. A failing recording does not
//! affect the capture.

use anyhow::{Result, bail};
use soundfall_capture::Capture;
use soundfall_capture::record::{RecordConfig, RecordError, RecordEvent, Recorder};

use crate::cli::RecordArgs;
use crate::exit;
use crate::output::Files;

/// A recording, if one was asked for.
pub struct Recording {
    recorder: Option<Recorder>,
    rate: f64,
    failed: bool,
    /// The run is over: nothing comes after the end of the recording.
    run_is_over: bool,
    /// The run went on without it.
    cut_short: bool,
}

/// Checks before anything is captured: the name, and that nothing is overwritten that must not be.
pub fn check(args: &RecordArgs, files: &mut Files) -> Result<()> {
    let path = args.record.as_deref();
    path.map_or(Ok(()), |path| files.recording("--record", path).map(drop))
}

impl Recording {
    /// Records the capture from now on, if `args` ask for it.
    pub fn start(args: &RecordArgs, capture: &Capture) -> Result<Self> {
        let mut recording = Self {
            recorder: None,
            rate: f64::from(capture.format().sample_rate),
            failed: false,
            run_is_over: false,
            cut_short: false,
        };
        if let Some(path) = &args.record {
            let mut config = RecordConfig::new(path.clone());
            config.overwrite = args.overwrite;
            config.from_frame = Some(0);
            recording.recorder = Some(capture.record(config)?);
            exit::say(format!("recording to {}", path.display()));
        }
        Ok(recording)
    }

    /// Prints the events since the last call. Gaps are reported by the capture itself.
    pub fn report_events(&mut self) {
        let Some(recorder) = &self.recorder else {
            return;
        };
        let mut ended = false;
        for event in recorder.poll_events() {
            match event {
                RecordEvent::Overrun {
                    at_frame,
                    length_frames,
                } => exit::say(format!(
                    "the disk was too slow for the recording: {:.3} s of silence at {:.3} s of it",
                    length_frames as f64 / self.rate,
                    at_frame as f64 / self.rate
                )),
                RecordEvent::Failed { message } => {
                    self.failed = true;
                    exit::say(format!(
                        "the recording ended, the capture goes on: {message}"
                    ));
                }
                RecordEvent::FileMoved { message } => {
                    self.failed = true;
                    exit::say(message);
                }
                RecordEvent::WriterEnded => ended = true,
                _ => {}
            }
        }
        if ended && !self.run_is_over {
            self.ends_before_the_run();
        }
    }

    /// From now on the end of the capture is that of the run.
    pub fn run_is_over(&mut self) {
        self.run_is_over = true;
    }

    /// A recording is of one source and one shape: what comes after it is not in the file, and that is said.
    pub fn ends_before_the_run(&mut self) {
        let Some(recorder) = &self.recorder else {
            return;
        };
        if !std::mem::replace(&mut self.cut_short, true) && !self.failed {
            exit::say(format!(
                "the recording to {} ends here: what is captured from now on is not in it",
                recorder.path().display()
            ));
        }
    }

    /// Ends the file. Call it when the capture has ended, so that the last block is in it.
    ///
    /// # Errors
    /// Why the recording ended early.
    pub fn finish(mut self) -> Result<()> {
        let Some(recorder) = self.recorder.take() else {
            return Ok(());
        };
        let recorded = recorder.stop();
        let place = match recorded.failure {
            Some(RecordError::Moved { .. }) => {
                format!("a file that is not at {} any more", recorded.path.display())
            }
            _ => recorded.path.display().to_string(),
        };
        exit::say(format!(
            "recorded {:.2} s to {place}{}",
            recorded.stats.frames as f64 / self.rate,
            match (recorded.stats.gaps, recorded.stats.clipped) {
                (0, 0) => String::new(),
                (gaps, clipped) => format!(", {gaps} gaps, {clipped} samples clipped"),
            }
        ));
        match recorded.failure {
            Some(error) if self.failed => {
                // Its cause was printed when it happened.
                bail!("the recording is not whole: {error}")
            }
            Some(error) => Err(error.into()),
            None if self.cut_short => bail!(
                "{}: the recording ended before the run did, when the source or its shape changed",
                recorded.path.display()
            ),
            None => Ok(()),
        }
    }
}
