//! The header of a ring that lives in a worker, for a page that shares no memory with it. The
//! worker sends its header; what the page knows of the ring is that. Never holds samples.

use std::sync::{Arc, Mutex, PoisonError};

use soundfall_ring::layout::{HEADER_BYTES, HEADER_WORDS};
use soundfall_ring::{Header, HeaderError, ReadStorage, RingReader, SharedRing, StorageError};

/// A header that is replaced as a whole.
#[derive(Clone, Debug)]
pub struct HeaderMirror {
    words: Arc<Mutex<Vec<u64>>>,
    word_count: u64,
}

impl HeaderMirror {
    /// The mirror of a ring, from the bytes of its header, and the ring as consumers see it. Its
    /// samples cannot be read.
    ///
    /// # Errors
    /// [`HeaderError`] where the bytes are no ring's header.
    pub fn new(header: &[u8]) -> Result<(Self, SharedRing), HeaderError> {
        let mirror = Self {
            words: Arc::new(Mutex::new(words_of(header))),
            // The samples that the header promises are elsewhere.
            word_count: u64::MAX >> 4,
        };
        Header::parse(&mirror)?;
        let ring = Arc::new(RingReader::new(mirror.clone())?);
        Ok((mirror, ring))
    }

    /// Takes a newer header; bytes that are none are left alone.
    pub fn update(&self, header: &[u8]) {
        if header.len() as u64 == HEADER_BYTES {
            *self.words.lock().unwrap_or_else(PoisonError::into_inner) = words_of(header);
        }
    }
}

fn words_of(header: &[u8]) -> Vec<u64> {
    let (words, _) = header.as_chunks::<8>();
    words.iter().map(|word| u64::from_le_bytes(*word)).collect()
}

impl ReadStorage for HeaderMirror {
    fn word_count(&self) -> u64 {
        self.word_count
    }

    fn load(&self, first: u64, out: &mut [u64]) -> Result<(), StorageError> {
        let words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        let end = first.saturating_add(out.len() as u64);
        let range = usize::try_from(first).ok().zip(usize::try_from(end).ok());
        let found = range.and_then(|(first, end)| words.get(first..end));
        let found = found.ok_or(StorageError::OutOfRange {
            first,
            end,
            count: HEADER_WORDS,
        })?;
        out.copy_from_slice(found);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use soundfall_ring::{Extension, GapReason, HeapStorage, RingFormat, RingWriter};

    fn header_of(storage: &HeapStorage) -> Vec<u8> {
        let mut words = vec![0; HEADER_WORDS as usize];
        storage.load(0, &mut words).unwrap();
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    #[test]
    fn the_page_knows_what_the_worker_sent_and_no_samples() {
        let format = RingFormat::new(48_000, 2, 4096, 128).unwrap();
        let storage = HeapStorage::new(format.total_words()).unwrap();
        let extension = Extension {
            epoch: 77,
            start_unix_ns: 0,
            label: "tone".into(),
            writer_pid: 0,
        };
        let mut writer = RingWriter::create(storage.clone(), &format, &extension).unwrap();
        let (mirror, ring) = HeaderMirror::new(&header_of(&storage)).unwrap();
        assert_eq!(*ring.format(), format);
        assert_eq!((ring.epoch(), ring.written_frames()), (77, 0));
        for _ in 0..3 {
            writer.write_block(&[0.5; 256]).unwrap();
        }
        writer.record_gap(128, 100, GapReason::DeviceLost);
        assert_eq!(ring.written_frames(), 0);
        mirror.update(&header_of(&storage));
        assert_eq!(ring.written_frames(), 384);
        assert_eq!(ring.gaps()[0].length_frames, 100);
        assert!(ring.read(0, 0, &mut [0.0; 8]).is_err());
        mirror.update(&[0; 3]);
        assert_eq!(ring.written_frames(), 384);
    }

    #[test]
    fn what_is_no_header_is_refused() {
        assert!(HeaderMirror::new(&[]).is_err());
        assert!(HeaderMirror::new(&[7; 4096]).is_err());
    }
}
