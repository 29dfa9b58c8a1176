//! The sound goes on when the picture does not: a panic of the display is caught here, or its end, and what is
//! recorded, or read by others, ends when the user says so.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::exit;
use crate::show::DisplayEnded;

/// How often the end is looked for without a picture.
const LOOK: Duration = Duration::from_millis(50);

/// Runs the picture. When it panics or breaks off, the sound goes on for as long as `goes_on` says; an error follows.
pub fn survive(
    picture: impl FnOnce() -> Result<()>,
    mut goes_on: impl FnMut() -> bool,
) -> Result<()> {
    // Nothing that the picture changes is used afterwards.
    let failure = match catch_unwind(AssertUnwindSafe(picture)) {
        Ok(Err(error)) if error.is::<DisplayEnded>() => error,
        Ok(outcome) => return outcome,
        Err(_) => {
            anyhow!("the picture failed; what was printed above says why, please report it")
        }
    };
    if goes_on() {
        exit::say("the picture failed; the sound goes on, Ctrl+C ends it");
    }
    while goes_on() {
        sleep(LOOK);
    }
    Err(failure)
}

/// True until so many seconds after `begun`; without a number for ever.
pub fn within(begun: Instant, seconds: Option<f64>) -> bool {
    seconds.is_none_or(|seconds| begun.elapsed().as_secs_f64() < seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_that_panics_leaves_the_sound_alone() {
        let mut looks = 0;
        let failed = survive(
            || panic!("the picture of this test"),
            || {
                looks += 1;
                looks < 4
            },
        );
        let said = failed.err().map(|error| error.to_string());
        assert!(said.is_some_and(|said| said.starts_with("the picture failed")));
        assert_eq!(looks, 4);
    }

    #[test]
    fn a_picture_that_breaks_off_leaves_the_sound_alone() {
        let mut looks = 0;
        let failed = survive(
            || Err(DisplayEnded(1).into()),
            || {
                looks += 1;
                looks < 4
            },
        );
        assert!(failed.is_err_and(|error| error.is::<DisplayEnded>()));
        assert_eq!(looks, 4);
    }

    #[test]
    fn a_picture_that_ends_ends_the_sound() {
        assert!(survive(|| Ok(()), || unreachable!()).is_ok());
        assert!(survive(|| Err(anyhow!("no place")), || unreachable!()).is_err());
    }

    #[test]
    fn the_time_of_a_run_counts_from_its_beginning() {
        assert!(within(Instant::now(), None));
        assert!(within(Instant::now(), Some(1e6)));
        assert!(!within(Instant::now(), Some(0.0)));
    }
}
