//! The built-in signals: names, and the generator that renders them.
//!
//! Everything here is a pure function of signal, channel, rate, seed and frame number. It never reads a clock,
//! and how the output is cut into calls never changes it.

mod demo;
mod noise;
mod osc;
mod score;
mod shepard;
mod tones;

use std::fmt;
use std::str::FromStr;

use crate::error::CaptureError;
use crate::limits::{check_channels, check_rate};

/// Declares the signals without a parameter, one line each: the doc comment is the help; then the
/// variant, its name, what a menu calls it, and its renderer for so many channels at a rate, with
/// blocks of so many frames and a seed. The sine, which has a parameter, stands in the macro.
macro_rules! signals {
    (
        $(#[$meta:meta])*
        pub enum Signal {
            $(#[doc = $sine_help:literal])+
            Sine(f64),
            $(
                $(#[doc = $help:literal])+
                $variant:ident = $name:literal, $title:literal
                    => |$channels:pat_param, $rate:pat_param, $block:pat_param, $seed:pat_param| $renderer:expr,
            )+
        }
    ) => {
        $(#[$meta])*
        pub enum Signal {
            $(#[doc = $sine_help])+
            Sine(f64),
            $(
                $(#[doc = $help])+
                $variant,
            )+
        }

        impl Signal {
            /// Every signal once, the sine at 440 Hz.
            pub const ALL: [Self; Self::NAMES.len()] =
                [Self::Sine(440.0), $(Self::$variant),+];

            /// The names as they are written, in the order of `ALL`.
            pub const NAMES: [&'static str; 1 + [$($name),+].len()] = ["sine[:HZ]", $($name),+];

            /// What each of them is, in the order of `ALL`.
            pub const HELP: [&'static str; Self::NAMES.len()] = [
                concat!($($sine_help),+).trim_ascii(),
                $(concat!($($help),+).trim_ascii()),+
            ];

            /// What menus offer, and how they call it.
            pub const MENU: [(Self, &'static str); Self::NAMES.len() + 1] = [
                $((Self::$variant, $title),)+
                (Self::Sine(440.0), "sine 440 Hz"),
                (Self::Sine(1000.0), "sine 1 kHz"),
            ];

            /// What renders it.
            fn renderer(
                self,
                channels: usize,
                rate: f64,
                block_frames: usize,
                seed: u64,
            ) -> Box<dyn Render> {
                match self {
                    Self::Sine(hz) => Box::new(tones::Sines::new(hz, channels, rate)),
                    $(Self::$variant => {
                        let ($channels, $rate, $block, $seed) =
                            (channels, rate, block_frames, seed);
                        Box::new($renderer)
                    })+
                }
            }
        }

        impl fmt::Display for Signal {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    Self::Sine(hz) => write!(f, "sine:{hz}"),
                    $(Self::$variant => f.write_str($name),)+
                }
            }
        }

        impl FromStr for Signal {
            type Err = CaptureError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let unknown = |problem| CaptureError::UnknownSignal {
                    text: text.to_owned(),
                    problem,
                    names: Self::NAMES.join(", "),
                };
                if let Some(hz) = text.strip_prefix("sine:") {
                    return match hz.parse::<f64>() {
                        Ok(hz) if hz.is_finite() && hz > 0.0 => Ok(Self::Sine(hz)),
                        _ => Err(unknown("the frequency must be a number of Hz above 0")),
                    };
                }
                match text {
                    "sine" => Ok(Self::Sine(440.0)),
                    $($name => Ok(Self::$variant),)+
                    _ => Err(unknown("no such signal")),
                }
            }
        }
    };
}

signals! {
    /// A built-in signal. Each channel plays its own variation.
    ///
    /// ```
    /// use soundfall_capture::Signal;
    /// assert_eq!("sine:1000".parse::<Signal>()?, Signal::Sine(1000.0));
    /// assert_eq!("sine".parse::<Signal>()?.to_string(), "sine:440");
    /// # Ok::<(), soundfall_capture::CaptureError>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[non_exhaustive]
    pub enum Signal {
        /// A sine of this many Hz at −6 dBFS; every further channel a semitone higher (and folded down by octaves
        /// where that would leave the band).
        Sine(f64),
        /// A composed minute.
        Demo = "demo", "demo" => |n, rate, block, seed| demo::Demo::new(n, rate, block, seed),
        /// A chord of four notes with slowly breathing partials; every channel another chord.
        Chord = "chord", "chord" => |n, rate, _, _| tones::Chord::new(n, rate),
        /// A sine that glides from 40 Hz to 16 kHz and back in 8 s; channels are spread over the cycle.
        Chirp = "chirp", "chirp" => |n, rate, _, _| tones::Chirp::new(n, rate),
        /// Pairs of channels with the same tone whose phase difference turns once in 8 s.
        SweepPair = "sweep-pair", "sweep-pair" => |n, rate, _, _| tones::SweepPair::new(n, rate),
        /// Tones that rise without end: sines an octave apart that glide up together, an octave in 10 s.
        Shepard = "shepard", "endless rise" => |n, rate, _, _| shepard::Shepard::new(n, rate),
        /// One-sample impulses every half second, in turn from channel to channel, alternating in sign.
        Clicks = "clicks", "clicks" => |n, rate, _, _| tones::Clicks::new(n, rate),
        /// Pink noise, another on every channel.
        Pink = "pink", "pink noise" => |n, _, _, seed| noise::Pink::new(n, seed),
        /// White noise, another on every channel.
        White = "white", "white noise" => |n, _, _, seed| noise::White::new(n, seed),
        /// Zeros.
        Silence = "silence", "silence" => |_, _, _, _| tones::Silence,
    }
}

/// Renders one aligned block of one signal, all channels, planar.
trait Render: Send {
    /// Writes frames `start .. start + planes[c].len()`; blocks arrive in order, without holes.
    fn block(&mut self, start: u64, planes: &mut [Vec<f32>]);
}

/// Generates a [`Signal`] without end, from frame 0.
pub struct Generator {
    signal: Signal,
    renderer: Box<dyn Render>,
    planes: Vec<Vec<f32>>,
    block_frames: usize,
    /// Frames of the current block that were handed out already.
    used: usize,
    /// First frame of the next block.
    next_block: u64,
}

impl fmt::Debug for Generator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generator")
            .field("signal", &self.signal)
            .field("channels", &self.planes.len())
            .field("position", &self.position())
            .finish_non_exhaustive()
    }
}

impl Generator {
    /// A generator for 1 to 256 channels at 1 to 768 kHz.
    ///
    /// # Errors
    /// Channel count or rate outside their limits; a sine at or above half the rate.
    pub fn new(signal: Signal, channels: u32, sample_rate: u32) -> Result<Self, CaptureError> {
        Self::with_seed(signal, channels, sample_rate, 0)
    }

    /// The same with another seed: other noise, everything else alike.
    ///
    /// # Errors
    /// As [`Generator::new`].
    pub fn with_seed(
        signal: Signal,
        channels: u32,
        sample_rate: u32,
        seed: u64,
    ) -> Result<Self, CaptureError> {
        check_channels(channels)?;
        check_rate(sample_rate)?;
        let count = channels as usize;
        let rate = f64::from(sample_rate);
        // About 5 ms: amplitudes and frequencies move linearly within a block.
        let block_frames = ((rate * 0.005).round() as usize).next_multiple_of(8).max(8);
        if let Signal::Sine(hz) = signal
            && hz >= rate / 2.0
        {
            return Err(CaptureError::ToneTooHigh {
                hz,
                rate: sample_rate,
            });
        }
        let renderer = signal.renderer(count, rate, block_frames, seed);
        Ok(Self {
            signal,
            renderer,
            planes: vec![vec![0.0; block_frames]; count],
            block_frames,
            used: block_frames,
            next_block: 0,
        })
    }

    /// The signal it renders.
    #[must_use]
    pub fn signal(&self) -> Signal {
        self.signal
    }

    /// Number of channels.
    #[must_use]
    pub fn channels(&self) -> u32 {
        self.planes.len() as u32
    }

    /// Number of the frame that comes next.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.next_block - (self.block_frames - self.used) as u64
    }

    /// Writes the next frames, interleaved (frame by frame, channels in turn), within −1..1.
    ///
    /// Samples behind the last whole frame (a length that is no multiple of the channel count) become 0.
    pub fn fill(&mut self, interleaved: &mut [f32]) {
        let channels = self.planes.len();
        let mut frames = interleaved.chunks_exact_mut(channels);
        let mut left = frames.len();
        while left > 0 {
            if self.used == self.block_frames {
                self.renderer.block(self.next_block, &mut self.planes);
                self.next_block += self.block_frames as u64;
                self.used = 0;
            }
            let count = left.min(self.block_frames - self.used);
            for index in self.used..self.used + count {
                if let Some(frame) = frames.next() {
                    for (sample, plane) in frame.iter_mut().zip(&self.planes) {
                        *sample = plane[index];
                    }
                }
            }
            self.used += count;
            left -= count;
        }
        frames.into_remainder().fill(0.0);
    }
}

#[cfg(test)]
mod tests;
