//! `soundfall ring save`: a span of a ring's history as an audio file.

use anyhow::{Result, bail};
use soundfall_capture::record::save_span_into;
use soundfall_ring_file::{find_ring, open};

use crate::advice;
use crate::cli::SaveArgs;
use crate::exit;
use crate::output::Files;

/// A live ring's oldest frames go while they are read: so much is left out at that end.
const MARGIN_SECS: f64 = 0.5;
/// So much of a ring whose file is mostly holes is saved without a question: half an hour of two channels.
const MOST_HOLLOW_BYTES: u64 = 1 << 30;

pub fn run(args: &SaveArgs) -> Result<()> {
    let opened = match &args.ring {
        Some(path) => open(path, false)?,
        None => find_ring(false)
            .map_err(|none| advice::no_ring(&none, "soundfall ring save OUT.wav --ring PATH"))?,
    };
    let mut files = Files::new(args.overwrite).using("the ring that is read", Some(&opened.path));
    let output = files.recording("ring save", &args.out)?;
    let ring = &opened.ring;
    let rate = f64::from(ring.format().sample_rate);
    let (oldest, newest) = (ring.oldest_frame(), ring.written_frames());
    let at = |secs: f64| oldest.saturating_add((secs * rate).round() as u64);
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
            newest.saturating_sub(oldest) as f64 / rate
        );
    }
    let bytes = (end - start)
        .saturating_mul(ring.format().channels.into())
        .saturating_mul(8);
    if bytes > MOST_HOLLOW_BYTES && opened.is_hollow() {
        bail!(
            "{}: its header says that {bytes} bytes of sound are written, but only {} of its file are stored: no working writer wrote it; save a part of it with --from and --to, if that is what you want",
            opened.path.display(),
            opened.stored_bytes().unwrap_or_default()
        );
    }
    let file = output.create()?;
    let saved = save_span_into(&**ring, start..end, file.duplicate()?, &args.out)?;
    file.finish()?;
    exit::say(format!(
        "{}: {:.2} s, {} gaps",
        saved.path.display(),
        saved.stats.frames as f64 / rate,
        saved.stats.gaps
    ));
    Ok(())
}
