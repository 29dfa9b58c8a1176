//! Audio files: any bytes are taken for one, opened, and read to the end. Whatever they are, the
//! outcome is samples or one line of error. Never plays or keeps anything.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use soundfall_capture::file::{AudioFile, FileError, decode_all};

/// Samples after which a file is long enough to be believed.
const MAX_SAMPLES: usize = 4 << 20;

/// Packets after which reading ends.
const MAX_PACKETS: usize = 20_000;

/// A file of this process that is gone at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn with(bytes: &[u8]) -> std::io::Result<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let folder = Path::new("/dev/shm");
        let folder = if folder.is_dir() {
            folder.to_owned()
        } else {
            std::env::temp_dir()
        };
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let scratch = Self(folder.join(format!("soundfall-fuzz-{}-{number}", std::process::id())));
        std::fs::write(&scratch.0, bytes)?;
        Ok(scratch)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Checks one input; true if it could be read to its end.
///
/// # Panics
/// Where the decoder breaks its word, or the scratch file cannot be written.
pub fn check(bytes: &[u8]) -> bool {
    let scratch = match Scratch::with(bytes) {
        Ok(scratch) => scratch,
        Err(error) => panic!("no scratch file: {error}"),
    };
    match read(&scratch.0) {
        Ok(()) => true,
        Err(error) => {
            assert_eq!(error.to_string().lines().count(), 1, "an error is one line");
            false
        }
    }
}

fn read(path: &Path) -> Result<(), FileError> {
    let mut file = AudioFile::open(path)?;
    let (rate, channels) = (file.rate(), file.channels());
    assert!(
        rate > 0 && channels > 0,
        "a file that can be read has a format"
    );
    let mut samples = Vec::new();
    let mut sum = 0;
    for _ in 0..MAX_PACKETS {
        samples.clear();
        let frames = file.read(&mut samples)?;
        assert_eq!(samples.len(), frames * channels as usize);
        assert_eq!((file.rate(), file.channels()), (rate, channels));
        sum += samples.len();
        if frames == 0 || sum > MAX_SAMPLES {
            break;
        }
    }
    file.rewind()?;
    if sum <= 1 << 16 {
        let decoded = decode_all(path, 1 << 20)?;
        assert_eq!((decoded.rate, decoded.channels), (rate, channels));
        assert_eq!(decoded.interleaved.len(), sum, "read twice, it is as long");
    }
    Ok(())
}
