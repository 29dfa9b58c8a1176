//! Whether a file has all the sound that it states: copies and downloads break off.
//!
//! Reads the beginning of the file once more; never decodes anything.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::AudioFile;

/// A WAV file that states so many bytes or more was written by a program that could not go back to its header, into a
/// pipe: SoX states 0x7ffff000 then.
const ENDLESS_BYTES: u64 = 0x7fff_0000;
/// Frames that encoders with overlapping blocks add before and after the sound, and decoders take away or not.
const OVERLAP: u64 = 3 * 2048;
/// Bytes in which the first frame of an MP3 file says who made it.
const FIRST_FRAME: u64 = 4096;

/// Frames that `file` states and does not have. It was read up to its end: `read` frames.
#[must_use]
pub fn cut_frames(file: &AudioFile, read: u64) -> u64 {
    let missing = file.total_frames().unwrap_or(0).saturating_sub(read);
    if missing == 0 {
        return 0;
    }
    let (head, bytes) = beginning(file.path()).unwrap_or_default();
    let is_cut = match head.get(..4) {
        Some(b"RIFF") => {
            // What the samples that are there take up says what all of them would.
            let stated = u128::from(bytes) * u128::from(read + missing) / u128::from(read.max(1));
            bytes >= ENDLESS_BYTES || stated < u128::from(ENDLESS_BYTES)
        }
        Some(b"RF64" | b"BW64" | b"fLaC") => true,
        // Without a header of its encoder an MP3 file states nothing: the number is an estimate.
        _ if is_mpeg(&head) => missing > OVERLAP && has_length(&head),
        _ => missing > OVERLAP,
    };
    match is_cut {
        true => missing,
        false => 0,
    }
}

/// The first bytes of the sound, behind a tag, and the length of the whole file in bytes.
fn beginning(path: &Path) -> std::io::Result<(Vec<u8>, u64)> {
    let mut file = File::open(path)?;
    let bytes = file.metadata()?.len();
    let mut tag = [0; 10];
    let mut start = 0;
    if file.read_exact(&mut tag).is_ok() && tag.starts_with(b"ID3") {
        // Seven bits a byte.
        let length = tag[6..]
            .iter()
            .fold(0, |sum, byte| sum << 7 | u64::from(byte & 127));
        start = 10 + length;
    }
    file.seek(SeekFrom::Start(start))?;
    let mut head = Vec::new();
    file.take(FIRST_FRAME).read_to_end(&mut head)?;
    Ok((head, bytes))
}

/// Whether MPEG audio begins here.
fn is_mpeg(head: &[u8]) -> bool {
    matches!(head, [0xff, second, ..] if second & 0xe0 == 0xe0)
}

/// Whether the first MPEG frame states the length.
fn has_length(head: &[u8]) -> bool {
    head.windows(4)
        .any(|word| matches!(word, b"Xing" | b"Info" | b"VBRI"))
}
