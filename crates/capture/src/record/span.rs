//! A span of a ring's history as an audio file.
//!
//! Works on the caller's thread and leaves nothing behind when it fails.

use std::fs::File;
use std::ops::Range;
use std::path::Path;

use soundfall_ring::{Cursor, Poll, RingRead};

use super::encoder::Encoder;
use super::error::RecordError;
use super::recorder::interleave;
use super::{RecordStats, Recorded};

/// Frames read at once.
const READ_FRAMES: usize = 8192;

/// Saves the frames of a span, all channels, into a `.wav` or `.flac` file.
///
/// A span whose start is about to be overwritten by the writer may be gone before it is saved: it is read oldest first,
/// as fast as the disk takes it.
///
/// # Errors
/// [`RecordError::SpanGone`] where the ring does not hold it all, [`RecordError::Exists`] for a file that is there and
/// not to be overwritten, or what the system says. The file is then removed.
///
/// ```
/// use soundfall_capture::record::save_span;
/// use soundfall_ring::{RingFormat, heap_ring};
/// let (mut writer, ring) = heap_ring(&RingFormat::new(48_000, 2, 48_000, 480)?, "test")?;
/// writer.write_block(&[0.5; 960])?;
/// let dir = tempfile::tempdir()?;
/// let saved = save_span(&*ring, 100..300, &dir.path().join("span.flac"), false)?;
/// assert_eq!(saved.stats.frames, 200);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn save_span(
    ring: &dyn RingRead,
    frames: Range<u64>,
    path: &Path,
    overwrite: bool,
) -> Result<Recorded, RecordError> {
    check(ring, &frames)?;
    let format = *ring.format();
    let mut encoder = Encoder::create(path, overwrite, format.channels, format.sample_rate)?;
    let saved = save(ring, frames, path, &mut encoder);
    // Never a device that was given as a file.
    if saved.is_err() && path.symlink_metadata().is_ok_and(|meta| meta.is_file()) {
        drop(encoder);
        std::fs::remove_file(path).ok();
    }
    saved
}

/// The same into an open, empty file: for those that get their place only when they are whole. `path` is what it will be
/// called; its ending says the format.
///
/// # Errors
/// As [`save_span`]; what is in the file then is of no use.
pub fn save_span_into(
    ring: &dyn RingRead,
    frames: Range<u64>,
    file: File,
    path: &Path,
) -> Result<Recorded, RecordError> {
    check(ring, &frames)?;
    let format = *ring.format();
    let mut encoder = Encoder::begin(file, path, format.channels, format.sample_rate)?;
    save(ring, frames, path, &mut encoder)
}

/// Refuses a span that is empty or not in the ring.
fn check(ring: &dyn RingRead, frames: &Range<u64>) -> Result<(), RecordError> {
    if frames.start >= frames.end {
        return Err(RecordError::EmptySpan {
            start: frames.start,
            end: frames.end,
        });
    }
    if frames.start < ring.oldest_frame() || frames.end > ring.written_frames() {
        return Err(gone(ring, frames));
    }
    Ok(())
}

fn gone(ring: &dyn RingRead, frames: &Range<u64>) -> RecordError {
    RecordError::SpanGone {
        start: frames.start,
        end: frames.end,
        oldest: ring.oldest_frame(),
        newest: ring.written_frames(),
    }
}

fn save(
    ring: &dyn RingRead,
    frames: Range<u64>,
    path: &Path,
    encoder: &mut Encoder,
) -> Result<Recorded, RecordError> {
    let (start, end) = (frames.start, frames.end);
    let channels = ring.format().channels;
    let mut cursor = Cursor::at(start);
    let (mut planar, mut interleaved) = (Vec::new(), Vec::new());
    while cursor.position() < end {
        let left = usize::try_from(end - cursor.position()).unwrap_or(usize::MAX);
        let most = left.min(READ_FRAMES);
        match cursor.poll(ring, 0..channels, most, &mut planar) {
            Ok(Poll::Frames { frames, .. }) => {
                interleave(&planar, frames, &mut interleaved);
                encoder.write(&interleaved)?;
            }
            Ok(_) => return Err(gone(ring, &frames)),
            Err(error) => return Err(RecordError::Ring(error)),
        }
    }
    encoder.finish()?;
    let gaps = ring.gaps();
    let inside: Vec<u64> = gaps
        .iter()
        .filter(|gap| gap.touches(&frames))
        .map(|gap| gap.end_frame().min(end) - gap.start_frame.max(start))
        .collect();
    Ok(Recorded {
        path: path.to_path_buf(),
        first_frame: start,
        stats: RecordStats {
            frames: encoder.frames(),
            gaps: inside.len() as u64,
            lost_frames: inside.iter().sum(),
            clipped: encoder.clipped(),
            finished: true,
        },
        failure: None,
    })
}
