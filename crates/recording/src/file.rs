//! One audio file as a history.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use soundfall_analysis::{History, HistoryError, HistoryFormat, new_epoch};
use soundfall_capture::file::{AudioFile, FileError};
use soundfall_ring::{Gap, GapReason, MAX_CHANNELS, MAX_FRAME, MAX_SAMPLE_RATE};
use thiserror::Error;

use crate::blocks::{Block, Blocks};

/// Samples of a block, all channels together: a quarter of a megabyte, decoded in about a millisecond.
const BLOCK_SAMPLES: u32 = 1 << 16;
/// Fewest frames of a block, whatever the number of channels.
const MIN_BLOCK_FRAMES: u32 = 16;
/// Places of a file that are decoded at once. One more costs a decoder, some kilobytes.
const MAX_READERS: usize = 4;

/// Why a file cannot be opened as a history.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// Rate or channels are beyond what is displayed.
    #[error(
        "{}: {channels} channels at {rate} Hz; at most {MAX_CHANNELS} channels at {MAX_SAMPLE_RATE} Hz can be shown", path.display()
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// Number of channels.
        channels: u32,
        /// Sampling rate in Hz.
        rate: u32,
    },
}

/// An audio file of any length. Opening decodes next to nothing; a read decodes the blocks it needs, where it is
/// called, and keeps the ones used last within a budget of bytes.
///
/// Every read gives bit for bit what decoding the file from its start gives (an AAC decoder that fills in noise makes
/// it up anew each time). It ends where the sound that is there ends. Sound that is damaged is a gap once its block was
/// decoded.
pub struct FileHistory {
    path: PathBuf,
    format: HistoryFormat,
    epoch: u64,
    block_frames: u32,
    state: Mutex<State>,
    /// A block was decoded, or could not be.
    done: Condvar,
    /// Number of entries in [`State::lost`].
    lost: AtomicU64,
}

struct State {
    blocks: Blocks,
    /// Those that decode nothing now; the one that was put back first is the first.
    readers: Vec<Reader>,
    /// Blocks that are being decoded, each by a reader of its own.
    under_way: Vec<u64>,
    /// Frames that could not be decoded: the first of a span and the one after it.
    lost: BTreeMap<u64, u64>,
}

/// A place in the file.
struct Reader {
    file: AudioFile,
    /// The frame that comes next.
    at: u64,
    /// Samples from that frame on that were decoded already, interleaved.
    rest: Vec<f32>,
}

impl FileHistory {
    /// Opens a file and finds out how long it is. At most `cache_bytes` of decoded samples are kept, and one block.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(path: &Path, cache_bytes: usize) -> Result<Self, OpenError> {
        let mut file = AudioFile::open(path)?;
        let (rate, channels) = (file.rate(), file.channels());
        let fits = (1..=MAX_SAMPLE_RATE).contains(&rate) && (1..=MAX_CHANNELS).contains(&channels);
        if !fits {
            let path = path.to_path_buf();
            return Err(OpenError::Format {
                path,
                channels,
                rate,
            });
        }
        let frames = file.count_frames()?.min(MAX_FRAME);
        let reader = Reader {
            file,
            at: 0,
            rest: Vec::new(),
        };
        Ok(Self {
            path: path.to_path_buf(),
            format: HistoryFormat {
                sample_rate: rate,
                channels,
                capacity_frames: frames,
                block_frames: 0,
            },
            epoch: new_epoch(),
            block_frames: (BLOCK_SAMPLES / channels).max(MIN_BLOCK_FRAMES),
            state: Mutex::new(State {
                blocks: Blocks::new(cache_bytes),
                readers: vec![reader],
                under_way: Vec::new(),
                lost: BTreeMap::new(),
            }),
            done: Condvar::new(),
            lost: AtomicU64::new(0),
        })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of decoded samples that are kept now.
    #[must_use]
    pub fn cached_bytes(&self) -> usize {
        self.lock().blocks.bytes()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A block, decoded here if it is not kept. Another thread that decodes it is waited for.
    fn block(&self, index: u64) -> Result<Arc<Block>, FileError> {
        let mut state = self.lock();
        loop {
            if let Some(block) = state.blocks.get(index) {
                return Ok(block);
            }
            if !state.under_way.contains(&index) && state.under_way.len() < MAX_READERS {
                break;
            }
            state = self
                .done
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.under_way.push(index);
        let first = index * u64::from(self.block_frames);
        let reader = state.nearest(first);
        drop(state);
        let _under_way = UnderWay {
            history: self,
            index,
        };
        let (reader, lost, block) = self.decode(reader, first)?;
        let mut state = self.lock();
        state.readers.push(reader);
        state
            .lost
            .extend(lost.into_iter().map(|lost| (lost.start, lost.end)));
        let lost = state.lost.len() as u64;
        self.lost.store(lost, Ordering::Relaxed);
        let block = Arc::new(block);
        state.blocks.put(index, block.clone());
        Ok(block)
    }

    /// Decodes the block that begins with frame `first`; the frames that were lost on the way beside it.
    fn decode(
        &self,
        reader: Option<Reader>,
        first: u64,
    ) -> Result<(Reader, Vec<Range<u64>>, Block), FileError> {
        let mut reader = match reader {
            Some(reader) => reader,
            None => Reader {
                file: AudioFile::open(&self.path)?,
                at: 0,
                rest: Vec::new(),
            },
        };
        let end = self.format.capacity_frames;
        let frames = (end - first).min(u64::from(self.block_frames)) as usize;
        let channels = self.format.channels as usize;
        reader.go_to(first, channels)?;
        let (mut lost, mut broken) = (Vec::new(), None);
        while reader.rest.len() < frames * channels {
            let at = first + (reader.rest.len() / channels) as u64;
            match reader.file.read(&mut reader.rest) {
                Ok(0) => {
                    // It was longer when it was opened.
                    broken = Some(at);
                    break;
                }
                Ok(more) if reader.file.last_was_damaged() => lost.push(at..at + more as u64),
                Ok(_) => {}
                Err(_) => {
                    broken = Some(at);
                    break;
                }
            }
        }
        let there = (reader.rest.len() / channels).min(frames);
        let mut samples = vec![0.0; frames * channels];
        for (channel, plane) in samples.chunks_exact_mut(frames).enumerate() {
            let one = reader.rest.iter().skip(channel).step_by(channels);
            for (to, from) in plane[..there].iter_mut().zip(one) {
                *to = *from;
            }
        }
        reader.rest.drain(..there * channels);
        reader.at = first + there as u64;
        if let Some(at) = broken {
            lost.push(at..first + frames as u64);
            // That is no place to go on from.
            reader.rest.clear();
            reader.at = u64::MAX;
        }
        let samples = samples.into();
        Ok((reader, lost, Block { samples, frames }))
    }
}

/// A block is being decoded, until this is dropped: also where that ends with an error.
struct UnderWay<'a> {
    history: &'a FileHistory,
    index: u64,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut state = self.history.lock();
        state.under_way.retain(|other| *other != self.index);
        self.history.done.notify_all();
    }
}

impl State {
    /// The reader that is at this frame, or the one that has not been used for longest where there are enough.
    fn nearest(&mut self, frame: u64) -> Option<Reader> {
        if let Some(at) = self.readers.iter().position(|reader| reader.at == frame) {
            return Some(self.readers.remove(at));
        }
        // The block itself is among those under way.
        let enough = self.readers.len() + self.under_way.len() > MAX_READERS;
        (enough && !self.readers.is_empty()).then(|| self.readers.remove(0))
    }
}

impl Reader {
    fn go_to(&mut self, frame: u64, channels: usize) -> Result<(), FileError> {
        let ahead = frame.checked_sub(self.at);
        match ahead.map(|ahead| ahead as usize) {
            Some(ahead) if ahead <= self.rest.len() / channels => {
                self.rest.drain(..ahead * channels);
            }
            _ => {
                self.rest.clear();
                self.file.seek(frame)?;
            }
        }
        self.at = frame;
        Ok(())
    }
}

impl fmt::Debug for FileHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileHistory")
            .field("path", &self.path)
            .field("format", &self.format)
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
    }
}

impl History for FileHistory {
    fn format(&self) -> HistoryFormat {
        self.format
    }

    fn epoch(&self) -> u64 {
        self.epoch
    }

    fn extent(&self) -> Range<u64> {
        0..self.format.capacity_frames
    }

    fn read(&self, channel: u32, first_frame: u64, out: &mut [f32]) -> Result<(), HistoryError> {
        let HistoryFormat {
            channels,
            capacity_frames: end,
            ..
        } = self.format;
        if channel >= channels {
            return Err(HistoryError::NoSuchChannel { channel, channels });
        }
        let frames = out.len() as u64;
        if first_frame
            .checked_add(frames)
            .is_none_or(|last| last > end)
        {
            return Err(HistoryError::PastEnd { end });
        }
        let size = u64::from(self.block_frames);
        let mut done = 0;
        while done < out.len() {
            let frame = first_frame + done as u64;
            let block = self.block(frame / size).map_err(|error| {
                let reason = error.to_string();
                HistoryError::Unreadable { reason }
            })?;
            let samples = &block.channel(channel as usize)[(frame % size) as usize..];
            let count = samples.len().min(out.len() - done);
            out[done..done + count].copy_from_slice(&samples[..count]);
            done += count;
        }
        Ok(())
    }

    fn ends(&self) -> bool {
        true
    }

    fn gap_total(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    fn gaps(&self) -> Vec<Gap> {
        let state = self.lock();
        let gap = |(start, end): (&u64, &u64)| Gap {
            start_frame: *start,
            length_frames: end - start,
            reason: GapReason::SourceDiscontinuity,
        };
        state.lost.iter().map(gap).collect()
    }
}
