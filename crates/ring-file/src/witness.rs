//! Some samples that were read once and may not change while the ring still has them: what tells a
//! ring of the base format, which has no epoch, from another one that took its place in the same
//! file unseen. Knows nothing of files.

use soundfall_ring::{ReadError, RingRead};

/// Samples that are kept: enough that two sounds do not agree in them by chance.
const FRAMES: u64 = 16;

/// Samples of the last channel, from `frame` on, as they were first read.
#[derive(Debug, Default)]
pub(crate) struct Witness(Option<(u64, [f64; FRAMES as usize])>);

impl Witness {
    /// Whether the samples are what they were, as far as they can be read; takes newer ones.
    pub(crate) fn agrees(&mut self, ring: &dyn RingRead) -> bool {
        let known = self.0.take();
        if let Some((frame, samples)) = known {
            match read(ring, frame) {
                Ok(now) if now.map(f64::to_bits) != samples.map(f64::to_bits) => return false,
                Ok(_) => self.0 = known,
                Err(_) => {}
            }
        }
        // A writer of another program may be late with the samples of its newest block.
        let late = u64::from(ring.format().block_frames) + FRAMES;
        if let Some(frame) = ring.written_frames().checked_sub(late)
            && let Ok(samples) = read(ring, frame)
            // Silence is no evidence.
            && samples.iter().any(|sample| *sample != 0.0)
        {
            self.0 = Some((frame, samples));
        }
        true
    }
}

fn read(ring: &dyn RingRead, frame: u64) -> Result<[f64; FRAMES as usize], ReadError> {
    let mut samples = [0.0; FRAMES as usize];
    ring.read_f64(ring.format().channels - 1, frame, &mut samples)?;
    Ok(samples)
}
