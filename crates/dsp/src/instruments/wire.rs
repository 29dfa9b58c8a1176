//! Reports as bytes, little-endian, for the way from a worker to a page. Never panics over bytes
//! that are no report.

use thiserror::Error;

use super::report::{
    ChannelReport, CoherenceReport, InstrumentReport, LevelReport, LoudnessReport, PairReport,
    TrackReport,
};
use crate::level::FLOOR_DBFS;

/// The first bytes of every report.
const MAGIC: [u8; 4] = *b"SFI1";
/// A report has at most so many channels and columns.
const MOST: usize = 1 << 16;

const HAS_AVERAGE: u8 = 1;
const HAS_HOLD: u8 = 2;
const HAS_LEVEL: u8 = 4;
const HAS_LOUDNESS: u8 = 1;
const HAS_PAIR: u8 = 2;
const HAS_COHERENCE: u8 = 4;

/// Why a report did not travel.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum WireError {
    /// Even with the fewest columns it is too long.
    #[error("a report of {channels} channels does not fit into {most_bytes} bytes")]
    TooLarge {
        /// Number of channels.
        channels: usize,
        /// Room there was.
        most_bytes: usize,
    },
    /// The bytes are no report.
    #[error("these {bytes} bytes are no report of instruments")]
    NoReport {
        /// How many there were.
        bytes: usize,
    },
}

impl InstrumentReport {
    /// Appends the report to `out`, in at most `most_bytes`: where it would not fit, with half as
    /// many axis columns, or a quarter, and so on ([`InstrumentReport::columns`] says how many).
    ///
    /// # Errors
    /// [`WireError::TooLarge`] where even a single column is too much; `out` is as it was.
    pub fn encode(&self, most_bytes: usize, out: &mut Vec<u8>) -> Result<(), WireError> {
        let start = out.len();
        self.write(out);
        let mut smaller = None;
        while out.len() - start > most_bytes {
            out.truncate(start);
            let report = smaller.get_or_insert_with(|| self.clone());
            if report.columns <= 1 {
                return Err(WireError::TooLarge {
                    channels: self.channels.len(),
                    most_bytes,
                });
            }
            report.halve_columns();
            report.write(out);
        }
        Ok(())
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend(MAGIC);
        for word in [self.end_frame, self.heard_frames, self.lost_frames] {
            out.extend(word.to_le_bytes());
        }
        put_u32(out, self.columns);
        put_u32(out, self.channels.len());
        out.push(
            flag(self.loudness.is_some(), HAS_LOUDNESS)
                | flag(self.pair.is_some(), HAS_PAIR)
                | flag(self.coherence.is_some(), HAS_COHERENCE),
        );
        for channel in &self.channels {
            channel.write(self.columns, out);
        }
        if let Some(loudness) = &self.loudness {
            for value in [
                loudness.momentary_lufs,
                loudness.short_term_lufs,
                loudness.integrated_lufs,
                loudness.range_lu,
                Some(loudness.true_peak_dbtp),
            ] {
                put_option(out, value);
            }
        }
        if let Some(pair) = &self.pair {
            put_option(out, pair.correlation);
            put_option(out, pair.balance_db);
            put_u32(out, pair.points.len());
            put_floats(out, pair.points.as_flattened());
        }
        if let Some(coherence) = &self.coherence {
            put_u32(out, coherence.reference);
            put_floats(out, &[coherence.segments]);
            let cells = coherence.coherence.iter().copied();
            let room = self.columns * self.channels.len();
            out.extend(cells.chain(std::iter::repeat(0)).take(room));
        }
    }

    /// The report in these bytes.
    ///
    /// # Errors
    /// [`WireError::NoReport`] where they are none.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let mut words = Words(bytes);
        read(&mut words)
            .filter(|_| words.0.is_empty())
            .ok_or(WireError::NoReport { bytes: bytes.len() })
    }
}

impl ChannelReport {
    fn write(&self, columns: usize, out: &mut Vec<u8>) {
        out.push(
            flag(!self.average_dbfs.is_empty(), HAS_AVERAGE)
                | flag(!self.hold_dbfs.is_empty(), HAS_HOLD)
                | flag(self.level.is_some(), HAS_LEVEL),
        );
        put_u32(out, self.tracks.len());
        for track in &self.tracks {
            out.extend(track.id.to_le_bytes());
            out.extend(track.hz.to_le_bytes());
            out.extend(track.dbfs.to_le_bytes());
            out.extend(track.since_frame.to_le_bytes());
        }
        for levels in [&self.average_dbfs, &self.hold_dbfs] {
            let room = if levels.is_empty() { 0 } else { columns };
            let levels = levels.iter().copied();
            let levels = levels.chain(std::iter::repeat(FLOOR_DBFS)).take(room);
            out.extend(levels.flat_map(f32::to_le_bytes));
        }
        if let Some(level) = &self.level {
            put_floats(
                out,
                &[
                    level.peak_dbfs,
                    level.rms_dbfs,
                    level.held_dbfs,
                    level.highest_dbfs,
                ],
            );
            out.push(u8::from(level.clipped));
            out.extend(level.overs.to_le_bytes());
        }
    }

    fn read(columns: usize, words: &mut Words) -> Option<Self> {
        let flags = words.byte()?;
        let tracks = words.list(28, |words| {
            Some(TrackReport {
                id: words.u64()?,
                hz: f64::from_bits(words.u64()?),
                dbfs: words.f32()?,
                since_frame: words.u64()?,
            })
        })?;
        let mut levels = |has: u8| match flags & has {
            0 => Some(Vec::new()),
            _ => words.floats(columns),
        };
        let (average_dbfs, hold_dbfs) = (levels(HAS_AVERAGE)?, levels(HAS_HOLD)?);
        let level = match flags & HAS_LEVEL {
            0 => None,
            _ => Some(LevelReport {
                peak_dbfs: words.f32()?,
                rms_dbfs: words.f32()?,
                held_dbfs: words.f32()?,
                highest_dbfs: words.f32()?,
                clipped: words.byte()? != 0,
                overs: words.u64()?,
            }),
        };
        Some(Self {
            tracks,
            average_dbfs,
            hold_dbfs,
            level,
        })
    }
}

fn read(words: &mut Words) -> Option<InstrumentReport> {
    if words.take::<4>()? != MAGIC {
        return None;
    }
    let mut report = InstrumentReport {
        end_frame: words.u64()?,
        heard_frames: words.u64()?,
        lost_frames: words.u64()?,
        columns: words.count()?,
        ..InstrumentReport::default()
    };
    let channels = words.count()?;
    let flags = words.byte()?;
    for _ in 0..channels {
        let channel = ChannelReport::read(report.columns, words)?;
        report.channels.push(channel);
    }
    if flags & HAS_LOUDNESS != 0 {
        report.loudness = Some(LoudnessReport {
            momentary_lufs: words.option()?,
            short_term_lufs: words.option()?,
            integrated_lufs: words.option()?,
            range_lu: words.option()?,
            true_peak_dbtp: words.f32()?,
        });
    }
    if flags & HAS_PAIR != 0 {
        report.pair = Some(PairReport {
            correlation: words.option()?,
            balance_db: words.option()?,
            points: words.list(8, |words| Some([words.f32()?, words.f32()?]))?,
        });
    }
    if flags & HAS_COHERENCE != 0 {
        report.coherence = Some(CoherenceReport {
            reference: words.count()?,
            segments: words.f32()?,
            coherence: words.bytes(channels.checked_mul(report.columns)?)?.to_vec(),
        });
    }
    Some(report)
}

fn flag(set: bool, bit: u8) -> u8 {
    if set { bit } else { 0 }
}

fn put_u32(out: &mut Vec<u8>, count: usize) {
    out.extend((count as u32).to_le_bytes());
}

fn put_floats(out: &mut Vec<u8>, values: &[f32]) {
    out.extend(values.iter().flat_map(|x| x.to_le_bytes()));
}

/// NaN is none.
fn put_option(out: &mut Vec<u8>, value: Option<f32>) {
    put_floats(out, &[value.unwrap_or(f32::NAN)]);
}

/// The bytes that are left.
struct Words<'a>(&'a [u8]);

impl<'a> Words<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    fn byte(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn f32(&mut self) -> Option<f32> {
        self.take().map(f32::from_le_bytes)
    }

    fn option(&mut self) -> Option<Option<f32>> {
        self.f32().map(|x| (!x.is_nan()).then_some(x))
    }

    fn count(&mut self) -> Option<usize> {
        let count = u32::from_le_bytes(self.take()?) as usize;
        (count <= MOST).then_some(count)
    }

    fn floats(&mut self, count: usize) -> Option<Vec<f32>> {
        let (values, _) = self.bytes(count.checked_mul(4)?)?.as_chunks();
        Some(values.iter().map(|x| f32::from_le_bytes(*x)).collect())
    }

    /// A count and as many items; memory is only taken for what the bytes can hold.
    fn list<T>(
        &mut self,
        item_bytes: usize,
        item: impl Fn(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let count = self.count()?;
        let mut items = Vec::with_capacity(count.min(self.0.len() / item_bytes));
        for _ in 0..count {
            items.push(item(self)?);
        }
        Some(items)
    }
}
