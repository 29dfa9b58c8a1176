//! Recording from an audio device through cpal.
//!
//! The data callback only converts and pushes; errors arrive on another path. Rebuilding a lost stream is left to
//! the owner.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{
    BufferSize, ErrorKind, SampleFormat, SizedSample, StreamConfig, SupportedStreamConfigRange,
};
use crossbeam_channel::Sender;

use crate::devices::{self, Found, one_line};
use crate::error::CaptureError;
use crate::event::{CaptureEvent, SourceState};
use crate::feed::{Counters, Feed, ToF32};

/// How long a sound server may take to open a stream.
const OPEN_TIMEOUT: Duration = Duration::from_secs(5);

/// A device and the configuration it will record with.
pub(crate) struct Chosen {
    found: Found,
    pub(crate) channels: u32,
    pub(crate) rate: u32,
    format: SampleFormat,
    range: (u32, u32),
}

impl Chosen {
    /// Finds the device and settles channels and rate.
    pub(crate) fn find(
        name: Option<&str>,
        channels: Option<u32>,
        rate: Option<u32>,
    ) -> Result<Self, CaptureError> {
        let found = devices::find(name)?;
        let refused = |message: String| CaptureError::Device {
            device: found.info.name.clone(),
            action: "read its configurations",
            message,
        };
        let default = found
            .device
            .default_input_config()
            .map_err(|error| refused(one_line(&error)))?;
        let offers: Vec<_> = found
            .device
            .supported_input_configs()
            .map_err(|error| refused(one_line(&error)))?
            .collect();
        let wanted = (
            channels.unwrap_or(u32::from(default.channels())),
            rate.unwrap_or(default.sample_rate()),
        );
        let range_of = |size: &cpal::SupportedBufferSize| match size {
            cpal::SupportedBufferSize::Range { min, max } => (*min, *max),
            cpal::SupportedBufferSize::Unknown => (0, 0),
        };
        let is_default = wanted == (u32::from(default.channels()), default.sample_rate());
        let (format, range) = if is_default && rank(default.sample_format()).is_some() {
            (default.sample_format(), range_of(default.buffer_size()))
        } else {
            let offer = best(&offers, wanted).ok_or_else(|| CaptureError::DeviceConfig {
                device: found.info.name.clone(),
                wanted: format!("{} channels at {} Hz", wanted.0, wanted.1),
                offered: summary(&offers),
            })?;
            (offer.sample_format(), range_of(offer.buffer_size()))
        };
        Ok(Self {
            channels: wanted.0,
            rate: wanted.1,
            format,
            range,
            found,
        })
    }

    /// Name of the device.
    pub(crate) fn name(&self) -> &str {
        &self.found.info.name
    }

    /// Opens the stream, buffers of `block_frames` where the device allows it; [`Streams::play`] starts it.
    pub(crate) fn open(
        &self,
        block_frames: u32,
        make_feed: &mut dyn FnMut() -> Feed,
        counters: &Arc<Counters>,
        events: &Sender<CaptureEvent>,
    ) -> Result<Streams, CaptureError> {
        let config = |buffer_size| StreamConfig {
            channels: self.channels as u16,
            sample_rate: self.rate,
            buffer_size,
        };
        let fixed = BufferSize::Fixed(block_frames.clamp(self.range.0.max(1), self.range.1.max(1)));
        let mut sizes = vec![BufferSize::Default];
        let mut brisk = None;
        if self.found.info.id.starts_with("pulseaudio:") {
            // PulseAudio makes a buffer of fixed size also the longest backlog, and drops what does not fit without
            // a word. The default size has room for seconds but makes the source deliver seldom. So a second stream
            // with small buffers, whose data nobody wants, makes the source deliver often.
            brisk = self.build_idle(config(fixed)).ok();
        } else if self.range.1 > 0 {
            sizes.insert(0, fixed);
        }
        let mut refusal = String::new();
        for size in sizes {
            match self.build(config(size), make_feed(), counters, events) {
                Ok(main) => {
                    return Ok(Streams { main, brisk });
                }
                Err(error) => refusal = one_line(&error),
            }
        }
        Err(CaptureError::Device {
            device: self.name().to_owned(),
            action: "open it for recording",
            message: refusal,
        })
    }

    /// A stream that only keeps the source brisk.
    fn build_idle(&self, config: StreamConfig) -> Result<cpal::Stream, cpal::Error> {
        self.found.device.build_input_stream_raw(
            config,
            self.format,
            |_, _| {},
            |_| {},
            Some(OPEN_TIMEOUT),
        )
    }

    fn build(
        &self,
        config: StreamConfig,
        feed: Feed,
        counters: &Arc<Counters>,
        events: &Sender<CaptureEvent>,
    ) -> Result<cpal::Stream, cpal::Error> {
        let device = &self.found.device;
        match self.format {
            SampleFormat::I8 => stream::<i8>(device, config, feed, counters, events),
            SampleFormat::I16 => stream::<i16>(device, config, feed, counters, events),
            SampleFormat::I24 => stream::<cpal::I24>(device, config, feed, counters, events),
            SampleFormat::I32 => stream::<i32>(device, config, feed, counters, events),
            SampleFormat::I64 => stream::<i64>(device, config, feed, counters, events),
            SampleFormat::U8 => stream::<u8>(device, config, feed, counters, events),
            SampleFormat::U16 => stream::<u16>(device, config, feed, counters, events),
            SampleFormat::U24 => stream::<cpal::U24>(device, config, feed, counters, events),
            SampleFormat::U32 => stream::<u32>(device, config, feed, counters, events),
            SampleFormat::U64 => stream::<u64>(device, config, feed, counters, events),
            SampleFormat::F32 => stream::<f32>(device, config, feed, counters, events),
            SampleFormat::F64 => stream::<f64>(device, config, feed, counters, events),
            other => Err(cpal::Error::with_message(
                ErrorKind::UnsupportedConfig,
                format!("samples of the kind {other} cannot be converted"),
            )),
        }
    }
}

/// What keeps a device delivering; dropping it stops it.
pub(crate) struct Streams {
    main: cpal::Stream,
    brisk: Option<cpal::Stream>,
}

impl Streams {
    /// Starts to deliver.
    pub(crate) fn play(&self, device: &str) -> Result<(), CaptureError> {
        if let Some(brisk) = &self.brisk {
            // First, so that the main stream's first buffer comes soon. Without it sound only comes seldom.
            brisk.play().ok();
        }
        self.main.play().map_err(|error| CaptureError::Device {
            device: device.to_owned(),
            action: "start to record",
            message: one_line(&error),
        })
    }
}

/// Builds the stream for one sample format.
fn stream<T: SizedSample + ToF32>(
    device: &cpal::Device,
    config: StreamConfig,
    mut feed: Feed,
    counters: &Arc<Counters>,
    events: &Sender<CaptureEvent>,
) -> Result<cpal::Stream, cpal::Error> {
    let (counters, events) = (Arc::clone(counters), events.clone());
    device.build_input_stream::<T, _, _>(
        config,
        move |samples, _| feed.push(samples),
        move |error| report(&error, &counters, &events),
        Some(OPEN_TIMEOUT),
    )
}

/// Sorts what the sound system says about a running stream.
fn report(error: &cpal::Error, counters: &Counters, events: &Sender<CaptureEvent>) {
    let message = one_line(error);
    let event = match error.kind() {
        ErrorKind::Xrun => {
            counters.xruns.fetch_add(1, Ordering::Relaxed);
            CaptureEvent::Xrun
        }
        ErrorKind::DeviceChanged => CaptureEvent::DeviceChanged { message },
        ErrorKind::RealtimeDenied => CaptureEvent::Warning { message },
        ErrorKind::DeviceNotAvailable
        | ErrorKind::StreamInvalidated
        | ErrorKind::HostUnavailable => {
            counters.set_state(SourceState::Lost);
            CaptureEvent::DeviceLost { message }
        }
        _ => CaptureEvent::Warning { message },
    };
    events.try_send(event).ok();
}

/// Order of preference of sample formats; `None` for those that cannot be converted.
fn rank(format: SampleFormat) -> Option<u32> {
    const ORDER: [SampleFormat; 12] = [
        SampleFormat::F32,
        SampleFormat::I32,
        SampleFormat::I24,
        SampleFormat::F64,
        SampleFormat::I16,
        SampleFormat::U32,
        SampleFormat::U24,
        SampleFormat::U16,
        SampleFormat::I64,
        SampleFormat::U64,
        SampleFormat::I8,
        SampleFormat::U8,
    ];
    ORDER
        .iter()
        .position(|f| *f == format)
        .map(|place| place as u32)
}

/// The offer that fits channels and rate exactly, in the best format.
fn best(
    offers: &[SupportedStreamConfigRange],
    (channels, rate): (u32, u32),
) -> Option<&SupportedStreamConfigRange> {
    offers
        .iter()
        .filter(|o| u32::from(o.channels()) == channels)
        .filter(|o| (o.min_sample_rate()..=o.max_sample_rate()).contains(&rate))
        .filter_map(|offer| Some((rank(offer.sample_format())?, offer)))
        .min_by_key(|(rank, _)| *rank)
        .map(|(_, offer)| offer)
}

/// The offers in a few words: "1 to 8 channels at 44100 to 192000 Hz".
fn summary(offers: &[SupportedStreamConfigRange]) -> String {
    let mut spans: Vec<(u32, u32, u32, u32)> = Vec::new();
    let mut flat: Vec<_> = offers
        .iter()
        .map(|o| {
            (
                u32::from(o.channels()),
                o.min_sample_rate(),
                o.max_sample_rate(),
            )
        })
        .collect();
    flat.sort_unstable();
    flat.dedup();
    for (channels, low, high) in flat {
        match spans
            .iter_mut()
            .find(|s| s.1 + 1 == channels && (s.2, s.3) == (low, high))
        {
            Some(span) => span.1 = channels,
            None => spans.push((channels, channels, low, high)),
        }
    }
    let word = |a: u32, b: u32| {
        if a == b {
            a.to_string()
        } else {
            format!("{a} to {b}")
        }
    };
    let text: Vec<String> = spans
        .iter()
        .map(|(a, b, low, high)| format!("{} channels at {} Hz", word(*a, *b), word(*low, *high)))
        .collect();
    if text.is_empty() {
        "nothing".to_owned()
    } else {
        text.join(", ")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use cpal::SupportedBufferSize;

    fn offer(
        channels: u16,
        low: u32,
        high: u32,
        format: SampleFormat,
    ) -> SupportedStreamConfigRange {
        SupportedStreamConfigRange::new(channels, low, high, SupportedBufferSize::Unknown, format)
    }

    #[test]
    fn best_format_of_the_exact_configuration() {
        let offers = [
            offer(2, 44_100, 48_000, SampleFormat::I16),
            offer(2, 44_100, 48_000, SampleFormat::F32),
            offer(8, 48_000, 192_000, SampleFormat::I24),
            offer(2, 352_800, 352_800, SampleFormat::DsdU8),
        ];
        assert_eq!(
            best(&offers, (2, 48_000)).unwrap().sample_format(),
            SampleFormat::F32
        );
        assert_eq!(
            best(&offers, (8, 96_000)).unwrap().sample_format(),
            SampleFormat::I24
        );
        for none in [(3, 48_000), (2, 96_000), (8, 44_100), (2, 352_800)] {
            assert!(best(&offers, none).is_none());
        }
    }

    #[test]
    fn offers_in_words() {
        let offers = [
            offer(2, 44_100, 48_000, SampleFormat::I16),
            offer(1, 44_100, 48_000, SampleFormat::I16),
            offer(8, 48_000, 48_000, SampleFormat::I24),
        ];
        assert_eq!(
            summary(&offers),
            "1 to 2 channels at 44100 to 48000 Hz, 8 channels at 48000 Hz"
        );
        assert_eq!(summary(&[]), "nothing");
    }

    #[test]
    fn errors_are_sorted() {
        let counters = Counters::default();
        let (events, seen) = crossbeam_channel::bounded(8);
        report(&cpal::Error::new(ErrorKind::Xrun), &counters, &events);
        report(
            &cpal::Error::new(ErrorKind::RealtimeDenied),
            &counters,
            &events,
        );
        assert_eq!(counters.state(), SourceState::Running);
        report(
            &cpal::Error::new(ErrorKind::DeviceNotAvailable),
            &counters,
            &events,
        );
        assert_eq!(counters.state(), SourceState::Lost);
        assert_eq!(counters.xruns.load(Ordering::Relaxed), 1);
        let kinds: Vec<_> = seen.try_iter().collect();
        assert!(matches!(
            kinds[..],
            [
                CaptureEvent::Xrun,
                CaptureEvent::Warning { .. },
                CaptureEvent::DeviceLost { .. }
            ]
        ));
    }
}
