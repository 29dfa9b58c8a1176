//! `soundfall ring save`: a span of a ring's history as an audio file.

use anyhow::{Context, Result, bail};
use soundfall_capture::record::save_span_into;
use soundfall_ring_file::find_ring;

use crate::cli::SaveArgs;
use crate::exit;
use crate::output::Files;

/// A live ring's oldest frames go while they are read: so much is left out at that end.
const MARGIN_SECS: f64 = 0.5;

pub fn run(args: &SaveArgs) -> Result<()> {
    let path = match &args.ring {
        Some(path) => path.clone(),
        None => find_ring().context(
            "no ring found; start `soundfall capture`, or name one: soundfall ring save OUT.wav --ring PATH",
        )?,
    };
    let mut files = Files::new(args.overwrite).using("the ring that is read", Some(&path));
    let output = files.recording("ring save", &args.out)?;
    let ring = soundfall_ring_file::open(&path, false)?.ring;
    let rate = f64::from(ring.format().sample_rate);
    let (oldest, newest) = (ring.oldest_frame(), ring.written_frames());
    let at = |secs: f64| oldest + (secs * rate).round() as u64;
    let start = match args.from {
        Some(secs) => at(secs),
        // A ring that went round loses its oldest frames now; one that did not loses nothing.
        None if oldest > 0 => at(MARGIN_SECS).min(newest),
        None => 0,
    };
    let end = args.to.map_or(newest, at).min(newest);
    if start >= end {
        bail!(
            "nothing to save: the ring holds {:.2} s, and --from to --to is no span of it",
            (newest - oldest) as f64 / rate
        );
    }
    let file = output.create()?;
    let saved = save_span_into(&*ring, start..end, file.duplicate()?, &args.out)?;
    file.finish()?;
    exit::say(format!(
        "{}: {:.2} s, {} gaps",
        saved.path.display(),
        saved.stats.frames as f64 / rate,
        saved.stats.gaps
    ));
    Ok(())
}
