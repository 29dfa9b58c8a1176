//! The ring's header and gap table: any bytes are taken for a ring, as a file of somebody else's
//! would be, and every operation of a reader is tried on it. Checks what is promised of each
//! outcome; never looks at how it is reached.
//!
//! The reserved bytes 128 to 255, which no reader looks at, say what happens after the ring was
//! opened: eight words (index, value) that are stored into it, and where is read.

use soundfall_ring::copy::store_word;
use soundfall_ring::layout::GAP_ENTRIES;
use soundfall_ring::{
    Cursor, Header, HeapStorage, MAX_FRAME, Poll, ReadError, RingRead, RingReader, WriteStorage,
};

/// First word of the reserved bytes that are used as a script, and how many there are.
const SCRIPT: usize = 16;
const SCRIPT_WORDS: usize = 16;

/// Most frames that are read at once: the script must not cost memory, the ring may not either.
const MAX_FRAMES: u64 = 5_000;

/// Checks one input.
///
/// # Panics
/// Where the reader breaks its word.
pub fn check(bytes: &[u8]) {
    let (words, _) = bytes.as_chunks::<8>();
    let words: Vec<u64> = words.iter().map(|word| u64::from_le_bytes(*word)).collect();
    let Ok(storage) = HeapStorage::new(words.len() as u64) else {
        return;
    };
    for (place, &word) in storage.words().iter().zip(&words) {
        store_word(place, word);
    }
    let parsed = Header::parse(&storage);
    let opened = RingReader::new(storage.clone());
    let (header, ring) = match (parsed, opened) {
        (Ok(header), Ok(ring)) => (header, ring),
        (Err(one), Err(other)) => {
            assert_eq!(one, other);
            assert_eq!(one.to_string().lines().count(), 1, "an error is one line");
            return;
        }
        (one, other) => panic!("parsed {one:?}, opened {:?}", other.map(|_| ())),
    };
    let format = header.format;
    assert!(
        format.total_words() <= words.len() as u64,
        "samples beyond the end are promised"
    );
    assert!(format.capacity_frames > u64::from(format.block_frames) && format.channels > 0);
    if let Some(extension) = &header.extension {
        assert!(!extension.label.chars().any(char::is_control));
    }

    let script = &words[SCRIPT..SCRIPT + SCRIPT_WORDS];
    look(&ring, script);
    for pair in script.as_chunks::<2>().0 {
        let place = usize::try_from(pair[0] % 512).unwrap_or(0);
        if let Some(word) = storage.words().get(place) {
            store_word(word, pair[1]);
        }
        look(&ring, script);
    }
}

/// Every operation of a reader.
fn look(ring: &RingReader<HeapStorage>, script: &[u64]) {
    let written = ring.written_frames();
    let oldest = ring.oldest_frame();
    assert!(written <= MAX_FRAME && oldest <= MAX_FRAME);
    let gaps = ring.gaps();
    assert!((gaps.len() as u64) < GAP_ENTRIES && gaps.len() as u64 <= ring.gap_total());
    assert!(
        gaps.iter()
            .all(|gap| gap.length_frames > 0 && gap.end_frame() <= MAX_FRAME)
    );
    let _ = ring.writer_state();

    let channels = ring.format().channels;
    let mut out = Vec::new();
    for (&at, &how) in script.iter().zip(script.iter().rev()) {
        let start = match how % 4 {
            0 => at,
            1 => oldest.saturating_add(at % 64).saturating_sub(1),
            2 => written.saturating_sub(at % 256),
            _ => at % (2 * ring.format().capacity_frames),
        };
        let len = (how >> 2) % MAX_FRAMES.min(ring.format().capacity_frames + 2);
        out.clear();
        out.resize(usize::try_from(len).unwrap_or(0), 0.0);
        let channel = (how >> 20) as u32 % (channels + 1);
        match ring.read(channel, start, &mut out) {
            Ok(()) => assert!(channel < channels && start + len <= ring.written_frames()),
            Err(ReadError::Lapped {
                lost_frames,
                resume_at,
            }) => {
                assert_eq!(resume_at.checked_sub(lost_frames), Some(start));
                assert!(resume_at <= MAX_FRAME);
            }
            Err(ReadError::NoSuchChannel { .. }) => assert_eq!(channel, channels),
            Err(ReadError::NotYet { available }) => assert!(start.saturating_add(len) > available),
            Err(error) => assert_eq!(error.to_string().lines().count(), 1),
        }
        let _ = ring.read_latest(channel, &mut out);
    }

    let mut cursor = Cursor::at_oldest(ring);
    let mut planar = Vec::new();
    for _ in 0..8 {
        let before = cursor.position();
        match cursor.poll(ring, 0..channels.min(4), 256, &mut planar) {
            Ok(Poll::Frames { start, frames }) => {
                assert_eq!(start, before);
                assert_eq!(cursor.position(), start + frames as u64);
                assert_eq!(planar.len(), frames * channels.min(4) as usize);
            }
            Ok(Poll::Lost(span)) => {
                assert_eq!((span.start, span.end), (before, cursor.position()));
            }
            Ok(_) => {}
            Err(_) => assert_eq!(cursor.position(), before),
        }
    }
}
