//! INPUT of the data commands: an audio file or a ring, as samples in one place. Times of a ring
//! count from the oldest frame still in it.

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, bail};
use soundfall_analysis::{History, HistoryError, Recording, RingHistory};
use soundfall_capture::file::{AudioFile, FileError, cut_frames};
use soundfall_ring::{Gap, layout::MAGIC};

use crate::exit::Usage;
use crate::stats::available_bytes;

/// Samples of a span, at most this many bytes, and no more than half of what the machine has left: more asks for
/// `--from` and `--to`.
const MAX_BYTES: u64 = 8 << 30;

/// The samples of a span.
pub struct Input {
    /// Hz.
    pub sample_rate: u32,
    /// Planar, one vector a channel, all of the same length.
    pub channels: Vec<Vec<f32>>,
    /// Their numbers, counted from 1.
    pub numbers: Vec<u32>,
    /// Seconds before the first frame.
    pub from_secs: f64,
    /// Name for people.
    pub name: String,
    /// Spans that were lost, in frames from the first one here.
    pub gaps: Vec<Gap>,
    /// What is missing of what was asked for, because the file is cut off or damaged.
    pub missing: Option<String>,
}

impl Input {
    /// Frames of every channel.
    pub fn frames(&self) -> usize {
        self.channels.first().map_or(0, Vec::len)
    }

    /// Keeps these channels, counted from 0, in this order.
    pub fn pick(&mut self, list: &[u32]) -> Result<()> {
        let count = self.channels.len();
        if let Some(beyond) = list.iter().find(|channel| **channel as usize >= count) {
            return Err(Usage(format!(
                "--channel {}: {} has {}",
                beyond + 1,
                self.name,
                match count {
                    1 => "only channel 1".to_owned(),
                    _ => format!("channels 1 to {count}"),
                }
            ))
            .into());
        }
        let mut picked: Vec<Vec<f32>> = Vec::with_capacity(list.len());
        for (place, channel) in list.iter().enumerate() {
            // One that is named twice is there twice.
            let samples = match list[..place].iter().position(|before| before == channel) {
                Some(before) => picked[before].clone(),
                None => std::mem::take(&mut self.channels[*channel as usize]),
            };
            picked.push(samples);
        }
        self.channels = picked;
        self.numbers = list.iter().map(|channel| channel + 1).collect();
        Ok(())
    }

    /// For the end of a command, when everything that could be had was written.
    ///
    /// # Errors
    /// What is missing.
    pub fn is_whole(&self) -> Result<()> {
        match &self.missing {
            Some(missing) => bail!("{}: {missing}", self.name),
            None => Ok(()),
        }
    }

    /// Whether some of these frames were lost before they reached the ring.
    pub fn is_lost(&self, frames: &Range<u64>) -> bool {
        self.gaps.iter().any(|gap| gap.touches(frames))
    }

    /// Keeps the first `frames` frames.
    pub fn truncate(&mut self, frames: usize) {
        for channel in &mut self.channels {
            channel.truncate(frames);
        }
    }

    /// Keeps the last `frames` frames.
    pub fn keep_last(&mut self, frames: usize) {
        let surplus = self.frames().saturating_sub(frames);
        for channel in &mut self.channels {
            channel.drain(..surplus);
        }
        self.from_secs += surplus as f64 / f64::from(self.sample_rate);
        self.gaps = since(&self.gaps, surplus as u64);
    }

    /// The samples and gaps as a history.
    ///
    /// # Errors
    /// A sample rate or a number of channels that no history has.
    pub fn into_recording(self) -> Result<Recording> {
        let frames = self.frames() as u64;
        let gaps = self.gaps.iter().filter_map(|gap| {
            let length_frames = gap.end_frame().min(frames).checked_sub(gap.start_frame)?;
            let gap = Gap {
                length_frames,
                ..*gap
            };
            (length_frames > 0).then_some(gap)
        });
        let gaps = gaps.collect();
        let recording = Recording::from_planes(self.sample_rate, self.channels)
            .and_then(|recording| recording.with_gaps(gaps));
        recording.with_context(|| self.name)
    }
}

/// The gaps that reach beyond frame `start`, counted from there.
fn since(gaps: &[Gap], start: u64) -> Vec<Gap> {
    gaps.iter()
        .filter(|gap| gap.end_frame() > start)
        .map(|gap| {
            let first = gap.start_frame.max(start);
            Gap {
                start_frame: first - start,
                length_frames: gap.end_frame() - first,
                reason: gap.reason,
            }
        })
        .collect()
}

/// True if the file begins as a ring does, in either byte order.
pub fn is_ring(path: &Path) -> bool {
    let mut word = [0; 8];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut word));
    let value = u64::from_le_bytes(word);
    read.is_ok() && (value == MAGIC || value == MAGIC.swap_bytes())
}

/// Reads `from_secs … to_secs` of a file or ring; the whole without them.
pub fn read(path: &Path, from_secs: Option<f64>, to_secs: Option<f64>) -> Result<Input> {
    let (from, to) = (from_secs.unwrap_or(0.0), to_secs);
    if let Some(to) = to
        && to <= from
    {
        return Err(Usage(format!("--to {to} is not after --from {from}")).into());
    }
    // A pipe would be waited for without end.
    if std::fs::metadata(path).is_ok_and(|meta| !meta.is_file()) {
        let path = path.to_owned();
        return Err(FileError::NotAFile { path }.into());
    }
    let input = if is_ring(path) {
        read_ring(path, from, to)?
    } else {
        read_file(path, from, to)?
    };
    if input.frames() == 0 {
        match to {
            Some(to) => bail!("{}: nothing lies between {from} and {to} s", path.display()),
            None => bail!("{}: it has nothing from {from} s on", path.display()),
        }
    }
    Ok(input)
}

fn span(rate: u32, frames: u64, from: f64, to: Option<f64>) -> (u64, u64) {
    let frame = |secs: f64| ((secs * f64::from(rate)).round() as u64).min(frames);
    (frame(from), to.map_or(frames, frame))
}

/// How many bytes of samples there may be.
fn room() -> u64 {
    available_bytes().map_or(MAX_BYTES, |bytes| MAX_BYTES.min(bytes / 2))
}

fn fits(path: &Path, frames: u64, channels: u32, room: u64) -> Result<()> {
    let bytes = frames.saturating_mul(u64::from(channels)).saturating_mul(4);
    if bytes > room {
        bail!(
            "{}: {frames} frames of {channels} channels need {} MB, more than the {} MB that may be taken here; choose a part with --from and --to",
            path.display(),
            bytes >> 20,
            room >> 20
        );
    }
    Ok(())
}

/// How often a ring that is being written is tried again, and how far behind its oldest frame the
/// first further try begins; every one after it doubles that.
const TRIES: u32 = 5;
const FIRST_MARGIN_SECS: f64 = 0.25;

fn read_ring(path: &Path, from: f64, to: Option<f64>) -> Result<Input> {
    let ring = soundfall_ring_file::open(path, false)?.ring;
    let label = ring.extension().map(|extension| extension.label.clone());
    let name = label.filter(|label| !label.is_empty());
    let name = name.unwrap_or_else(|| file_name(path));
    let history = RingHistory::new(ring);
    let rate = history.format().sample_rate;
    if history.extent().is_empty() {
        bail!(
            "{}: the ring is empty, nothing was written into it yet",
            path.display()
        );
    }
    let mut margin = 0.0;
    for attempt in 1.. {
        // While the ring is written, its oldest frames go as they are read: keep a distance.
        let margin_frames = (margin * f64::from(rate)) as u64;
        let Range { start, end } = history.extent();
        let oldest = start.saturating_add(margin_frames).min(end);
        match read_history(&history, oldest..end, (from, to), path, &name) {
            Err(error) if attempt < TRIES && is_lost(&error) => {
                margin = (2.0 * margin).max(FIRST_MARGIN_SECS);
            }
            done => return done,
        }
    }
    bail!("{}: cannot be read", path.display())
}

fn is_lost(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(HistoryError::Lost { .. }))
}

/// Reads a span of these frames, all channels. Seconds count from the first of them.
fn read_history(
    history: &dyn History,
    frames: Range<u64>,
    (from, to): (f64, Option<f64>),
    path: &Path,
    name: &str,
) -> Result<Input> {
    let format = history.format();
    let (start, end) = span(format.sample_rate, frames.end - frames.start, from, to);
    fits(path, end.saturating_sub(start), format.channels, room())?;
    let count = end.saturating_sub(start) as usize;
    let first = frames.start + start;
    let mut channels = Vec::with_capacity(format.channels as usize);
    for channel in 0..format.channels {
        let mut samples = vec![0.0; count];
        history
            .read(channel, first, &mut samples)
            .with_context(|| format!("{}: channel {}", path.display(), channel + 1))?;
        channels.push(samples);
    }
    Ok(Input {
        sample_rate: format.sample_rate,
        numbers: (1..=format.channels).collect(),
        channels,
        from_secs: start as f64 / f64::from(format.sample_rate),
        name: name.to_owned(),
        gaps: since(&history.gaps(), first),
        missing: None,
    })
}

fn read_file(path: &Path, from: f64, to: Option<f64>) -> Result<Input> {
    let mut file = AudioFile::open(path)?;
    let (rate, count) = (file.rate(), file.channels() as usize);
    let (start, end) = span(rate, u64::MAX, from, to);
    let mut channels = vec![Vec::new(); count];
    let (mut packet, mut at) = (Vec::new(), start);
    let (mut missing, room) = (Missing::default(), room());
    if start > 0 {
        file.seek(start)?;
    }
    while at < end {
        packet.clear();
        let frames = match file.read(&mut packet) {
            Ok(0) => {
                missing.is_at_end = true;
                break;
            }
            Ok(frames) => frames as u64,
            // What was read until then is worth having.
            Err(error) if !channels[0].is_empty() => {
                missing.broken = Some(error);
                break;
            }
            Err(error) => return Err(error.into()),
        };
        if file.last_was_damaged() {
            missing.silent_frames += frames;
        }
        let last = (end - at).min(frames);
        for frame in 0..last {
            let at = frame as usize * count;
            for (channel, sample) in channels.iter_mut().zip(&packet[at..at + count]) {
                channel.push(*sample);
            }
        }
        at += frames;
        fits(path, channels[0].len() as u64, count as u32, room)?;
    }
    Ok(Input {
        sample_rate: rate,
        numbers: (1..=count as u32).collect(),
        channels,
        from_secs: start as f64 / f64::from(rate),
        name: file_name(path),
        gaps: Vec::new(),
        missing: missing.of(&file, at),
    })
}

/// What of a file could not be read.
#[derive(Default)]
struct Missing {
    /// It was read up to its end.
    is_at_end: bool,
    /// Frames of silence in place of damaged packets.
    silent_frames: u64,
    /// Why it could not be read further.
    broken: Option<FileError>,
}

impl Missing {
    /// In words, where anything is missing; `read` frames were read.
    fn of(&self, file: &AudioFile, read: u64) -> Option<String> {
        let secs = |frames: u64| frames as f64 / f64::from(file.rate());
        let mut parts = Vec::new();
        let cut = match self.is_at_end {
            true => cut_frames(file, read),
            false => 0,
        };
        if cut > 0 {
            parts.push(format!(
                "it is cut off: it states {:.3} s and has {:.3} s",
                secs(read + cut),
                secs(read)
            ));
        }
        if file.damaged_packets() > 0 {
            parts.push(format!(
                "it is damaged in {} places: {:.3} s of silence stand in",
                file.damaged_packets(),
                secs(self.silent_frames)
            ));
        }
        if let Some(error) = &self.broken {
            parts.push(format!("it breaks off at {:.3} s ({error})", secs(read)));
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

/// The name of a file, for people.
pub fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use soundfall_ring::{RingFormat, heap_ring};

    #[test]
    fn a_span_of_a_ring_counts_from_its_oldest_frame() {
        let format = RingFormat::new(1_000, 2, 4_000, 100).unwrap();
        let (mut writer, ring) = heap_ring(&format, "x").unwrap();
        for block in 0..60 {
            let frames: Vec<f32> = (0..100)
                .flat_map(|i| [(block * 100 + i) as f32, -1.0])
                .collect();
            writer.write_block(&frames).unwrap();
        }
        let history = RingHistory::new(ring);
        let Range { start: oldest, end } = history.extent();
        let read = |frames, span| read_history(&history, frames, span, Path::new("ring"), "x");
        let part = read(oldest..end, (0.5, Some(0.6))).unwrap();
        assert_eq!((part.frames(), part.channels.len()), (100, 2));
        assert_eq!(part.channels[0][0], (oldest + 500) as f32);
        // An overwritten span is distinguished from every other failure, so that it is tried again.
        let error = read(0..end, (0.0, Some(0.1))).err().unwrap();
        assert!(is_lost(&error), "{error}");
    }
}
