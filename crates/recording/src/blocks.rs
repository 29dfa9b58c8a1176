//! The decoded blocks that are kept: the ones used last, within a budget.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Frames of a file, as many for every channel.
#[derive(Debug)]
pub(crate) struct Block {
    /// `[channel][frame]`.
    pub samples: Box<[f32]>,
    /// Frames of a channel. Fewer than a whole block hold the end of the file.
    pub frames: usize,
}

impl Block {
    /// The samples of a channel.
    pub fn channel(&self, channel: usize) -> &[f32] {
        &self.samples[channel * self.frames..][..self.frames]
    }

    fn bytes(&self) -> usize {
        size_of_val(&*self.samples)
    }
}

/// Blocks by their numbers.
#[derive(Debug)]
pub(crate) struct Blocks {
    /// Each with the time of its last use.
    kept: BTreeMap<u64, (u64, Arc<Block>)>,
    uses: u64,
    bytes: usize,
    max_bytes: usize,
}

impl Blocks {
    pub fn new(max_bytes: usize) -> Self {
        Self {
            kept: BTreeMap::new(),
            uses: 0,
            bytes: 0,
            max_bytes,
        }
    }

    pub fn get(&mut self, index: u64) -> Option<Arc<Block>> {
        self.uses += 1;
        let (used, block) = self.kept.get_mut(&index)?;
        *used = self.uses;
        Some(block.clone())
    }

    /// Keeps a block, and gives up the ones that were not used for longest. The newest one always stays.
    pub fn put(&mut self, index: u64, block: Arc<Block>) {
        self.uses += 1;
        self.bytes += block.bytes();
        if let Some((_, before)) = self.kept.insert(index, (self.uses, block)) {
            self.bytes -= before.bytes();
        }
        while self.bytes > self.max_bytes && self.kept.len() > 1 {
            // Some hundred blocks at most.
            let oldest = self.kept.iter().min_by_key(|(_, (used, _))| *used);
            let Some(oldest) = oldest.map(|(index, _)| *index) else {
                return;
            };
            if let Some((_, gone)) = self.kept.remove(&oldest) {
                self.bytes -= gone.bytes();
            }
        }
    }

    /// Bytes of all that is kept.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(frames: usize) -> Arc<Block> {
        Arc::new(Block {
            samples: vec![0.5; 2 * frames].into(),
            frames,
        })
    }

    #[test]
    fn what_was_not_used_for_longest_goes_first() {
        let mut blocks = Blocks::new(3 * 80);
        for index in 0..3 {
            blocks.put(index, block(10));
        }
        assert_eq!(blocks.bytes(), 240);
        assert!(blocks.get(0).is_some());
        blocks.put(7, block(10));
        assert_eq!(blocks.bytes(), 240);
        let there = [0, 1, 2, 7].map(|index| blocks.get(index).is_some());
        assert_eq!(there, [true, false, true, true]);
        // The same again takes no more room; one that is larger than all stays alone.
        blocks.put(7, block(10));
        assert_eq!(blocks.bytes(), 240);
        blocks.put(8, block(1_000));
        assert_eq!(blocks.bytes(), 8_000);
        assert!(blocks.get(8).is_some() && blocks.get(7).is_none());
    }
}
