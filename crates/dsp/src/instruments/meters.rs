//! Meters of all channels, and the pair. Never looks at a spectrum.

use super::report::{LevelReport, PairReport};
use crate::average::MaxHold;
use crate::envelope::reduce;
use crate::level::{FLOOR_DBFS, amplitude_to_db};
use crate::meter::LevelMeter;
use crate::stereo::{CorrelationMeter, goniometer};

/// Time constant of the RMS.
const RMS_SECS: f64 = 0.3;
/// How long the highest sample is held, and how fast it falls then.
const HELD_SECS: f64 = 2.0;
const HELD_FALL_DB_PER_SEC: f64 = 20.0;
/// Steps of the held peaks a second.
const BEATS_PER_SEC: f64 = 100.0;
/// A sample from here on counts as clipped: full scale of 16 bit.
const FULL_SCALE: f32 = 32_767.0 / 32_768.0;
/// How long a clip is reported.
const CLIP_SECS: f64 = 3.0;

/// Peak, RMS, held peak and clips of every channel.
pub(super) struct Meters {
    meters: Vec<LevelMeter>,
    held: MaxHold,
    beat_frames: usize,
    beat_secs: f64,
    /// Frames of the present beat so far, and its highest magnitude on every channel.
    fill: usize,
    highest: Vec<f32>,
    /// The same in dBFS, when the beat is over.
    levels: Vec<f32>,
    /// Frames for which a clip is still reported.
    clip_left: Vec<u64>,
    clip_frames: u64,
}

impl Meters {
    pub(super) fn new(sample_rate: f64, channels: usize) -> Self {
        let beat_frames = ((sample_rate / BEATS_PER_SEC) as usize).max(1);
        Self {
            meters: vec![LevelMeter::new(sample_rate, RMS_SECS); channels],
            held: MaxHold::falling(channels, HELD_SECS, HELD_FALL_DB_PER_SEC),
            beat_frames,
            beat_secs: beat_frames as f64 / sample_rate,
            fill: 0,
            highest: vec![0.0; channels],
            levels: vec![FLOOR_DBFS; channels],
            clip_left: vec![0; channels],
            clip_frames: (CLIP_SECS * sample_rate) as u64,
        }
    }

    /// Takes the frames `from..stride` of planar samples.
    pub(super) fn push(&mut self, planar: &[f32], stride: usize, from: usize) {
        for (meter, samples) in self.meters.iter_mut().zip(planar.chunks_exact(stride)) {
            meter.push(&samples[from..]);
        }
        let mut at = from;
        while at < stride {
            let end = stride.min(at + self.beat_frames - self.fill);
            self.beat(planar, stride, at, end);
            at = end;
        }
    }

    fn beat(&mut self, planar: &[f32], stride: usize, at: usize, end: usize) {
        let frames = (end - at) as u64;
        let channels = self.highest.iter_mut().zip(&mut self.clip_left);
        for ((highest, left), samples) in channels.zip(planar.chunks_exact(stride)) {
            let all = reduce(&samples[at..end]);
            let magnitude = all.max.max(-all.min).max(0.0);
            *highest = highest.max(magnitude);
            *left = if magnitude >= FULL_SCALE {
                self.clip_frames
            } else {
                left.saturating_sub(frames)
            };
        }
        self.fill += end - at;
        if self.fill == self.beat_frames {
            for (level, highest) in self.levels.iter_mut().zip(&mut self.highest) {
                *level = amplitude_to_db(f64::from(*highest)) as f32;
                *highest = 0.0;
            }
            self.held.push(&self.levels, self.beat_secs);
            self.fill = 0;
        }
    }

    pub(super) fn report(&self, channel: usize) -> Option<LevelReport> {
        let meter = self.meters.get(channel)?;
        Some(LevelReport {
            peak_dbfs: meter.peak_dbfs() as f32,
            rms_dbfs: meter.rms_dbfs() as f32,
            held_dbfs: self.held.levels().get(channel).copied()?,
            highest_dbfs: meter.highest_dbfs() as f32,
            clipped: self.clip_left.get(channel).is_some_and(|left| *left > 0),
            overs: meter.overs(),
        })
    }

    pub(super) fn clear(&mut self) {
        self.meters.iter_mut().for_each(LevelMeter::clear);
        self.held.clear();
        self.highest.fill(0.0);
        self.clip_left.fill(0);
        self.fill = 0;
    }
}

/// Goniometer points of a report, at most.
const POINTS: usize = 512;
/// The sound they stand for.
const SCOPE_SECS: f64 = 0.05;
/// Time constant of correlation and balance.
const CORRELATION_SECS: f64 = 0.4;

/// Correlation, balance and goniometer of two channels.
pub(super) struct Pair {
    left: usize,
    right: usize,
    meter: CorrelationMeter,
    /// The newest samples, oldest first; at most `scope_frames`.
    scope: [Vec<f32>; 2],
    scope_frames: usize,
}

impl Pair {
    pub(super) fn new(sample_rate: f64, (left, right): (usize, usize)) -> Self {
        let scope_frames = ((sample_rate * SCOPE_SECS) as usize).max(1);
        Self {
            left,
            right,
            meter: CorrelationMeter::new(sample_rate, CORRELATION_SECS),
            scope: [(); 2].map(|()| Vec::with_capacity(scope_frames)),
            scope_frames,
        }
    }

    /// Takes the frames `from..stride` of planar samples.
    pub(super) fn push(&mut self, planar: &[f32], stride: usize, from: usize) {
        let of = |channel: usize| {
            let start = channel * stride;
            planar.get(start + from..start + stride).unwrap_or_default()
        };
        let pair = [of(self.left), of(self.right)];
        self.meter.push(pair[0], pair[1]);
        for (scope, samples) in self.scope.iter_mut().zip(pair) {
            let new = &samples[samples.len().saturating_sub(self.scope_frames)..];
            let over = (scope.len() + new.len()).saturating_sub(self.scope_frames);
            scope.drain(..over);
            scope.extend_from_slice(new);
        }
    }

    pub(super) fn report_into(&self, out: &mut PairReport) {
        out.correlation = self.meter.correlation().map(|x| x as f32);
        out.balance_db = self.meter.balance_db().map(|x| x as f32);
        out.points.resize(POINTS, [0.0; 2]);
        let points = goniometer(&self.scope[0], &self.scope[1], &mut out.points);
        out.points.truncate(points);
    }

    /// Lost frames: what is on the screen of the goniometer is of before.
    pub(super) fn gap(&mut self) {
        self.scope.iter_mut().for_each(Vec::clear);
    }

    pub(super) fn clear(&mut self) {
        self.meter.clear();
        self.gap();
    }
}
