//! Recording from an audio device through cpal.
//!
//! The data callback only converts and queues samples; errors arrive on another path. [`crate::device_supervisor`]
//! detects losses and reconnects.

mod link;
mod offers;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{BufferSize, ErrorKind, SampleFormat, SizedSample, StreamConfig};

use crate::devices::{DeviceIdentity, Found, one_line};
use crate::error::CaptureError;
use crate::sample_queue::{SampleProducer, ToF32};
pub(crate) use link::{Link, Wake};
use offers::{best, rank, summary};

/// How long a sound server may take to open a stream.
const OPEN_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the start of a stream is waited for. PulseAudio answers with the first sound, which a suspended device never
/// gives; a refusal comes at once.
const PLAY_TIMEOUT: Duration = Duration::from_secs(1);

/// A device and the configuration it will record with.
pub(crate) struct Chosen {
    found: Found,
    pub(crate) channels: u32,
    pub(crate) rate: u32,
    format: SampleFormat,
    range: (u32, u32),
}

impl Chosen {
    /// Settles channels and rate of a device: as requested, otherwise the device's own.
    pub(crate) fn settle(
        found: Found,
        channels: Option<u32>,
        rate: Option<u32>,
    ) -> Result<Self, CaptureError> {
        let usual = &found.usual;
        let wanted = (
            channels.unwrap_or(u32::from(usual.channels())),
            rate.unwrap_or(usual.sample_rate()),
        );
        let range_of = |size: &cpal::SupportedBufferSize| match size {
            cpal::SupportedBufferSize::Range { min, max } => (*min, *max),
            cpal::SupportedBufferSize::Unknown => (0, 0),
        };
        let is_usual = wanted == (u32::from(usual.channels()), usual.sample_rate());
        let (format, range) = if is_usual && rank(usual.sample_format()).is_some() {
            (usual.sample_format(), range_of(usual.buffer_size()))
        } else {
            let offer = best(&found.offers, wanted).ok_or_else(|| CaptureError::DeviceConfig {
                device: found.info.name.clone(),
                wanted: format!("{} channels at {} Hz", wanted.0, wanted.1),
                offered: summary(&found.offers),
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

    /// What identifies the device after a loss.
    pub(crate) fn identity(&self) -> DeviceIdentity {
        DeviceIdentity {
            id: self.found.info.id.clone(),
            name: self.found.info.name.clone(),
            kind: self.found.info.kind,
            others: self.found.others.clone(),
        }
    }

    /// Opens the stream, buffers of `block_frames` where the device allows it; [`Streams::play`] starts it.
    pub(crate) fn open(
        &self,
        block_frames: u32,
        make_producer: &mut dyn FnMut() -> SampleProducer,
        link: &Link,
    ) -> Result<Streams, CaptureError> {
        let config = |buffer_size| StreamConfig {
            channels: self.channels as u16,
            sample_rate: self.rate,
            buffer_size,
        };
        let fixed = BufferSize::Fixed(block_frames.clamp(self.range.0.max(1), self.range.1.max(1)));
        let mut sizes = vec![BufferSize::Default];
        let mut low_latency = None;
        if self.found.info.id.starts_with("pulseaudio:") {
            // PulseAudio takes a fixed buffer size as the longest backlog too, and silently drops what does not fit.
            // The default size has room for seconds but makes the source deliver rarely. A second stream with small
            // buffers, whose data is discarded, makes the source deliver often.
            low_latency = self.build_idle(config(fixed)).ok();
        } else if self.range.1 > 0 {
            sizes.insert(0, fixed);
        }
        let mut refusal = String::new();
        for size in sizes {
            let feed = Feed::of(make_producer().with_rate(self.rate));
            match self.build(config(size), &feed, link) {
                Ok(main) => {
                    let open = Open { main, low_latency };
                    return Ok(Streams {
                        open: Arc::new(Mutex::new(open)),
                        _feed: feed,
                    });
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

    /// A stream whose data is discarded; it only shortens the latency of the source.
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
        feed: &Feed,
        link: &Link,
    ) -> Result<cpal::Stream, cpal::Error> {
        let device = &self.found.device;
        match self.format {
            SampleFormat::I8 => stream::<i8>(device, config, feed, link),
            SampleFormat::I16 => stream::<i16>(device, config, feed, link),
            SampleFormat::I24 => stream::<cpal::I24>(device, config, feed, link),
            SampleFormat::I32 => stream::<i32>(device, config, feed, link),
            SampleFormat::I64 => stream::<i64>(device, config, feed, link),
            SampleFormat::U8 => stream::<u8>(device, config, feed, link),
            SampleFormat::U16 => stream::<u16>(device, config, feed, link),
            SampleFormat::U24 => stream::<cpal::U24>(device, config, feed, link),
            SampleFormat::U32 => stream::<u32>(device, config, feed, link),
            SampleFormat::U64 => stream::<u64>(device, config, feed, link),
            SampleFormat::F32 => stream::<f32>(device, config, feed, link),
            SampleFormat::F64 => stream::<f64>(device, config, feed, link),
            other => Err(cpal::Error::with_message(
                ErrorKind::UnsupportedConfig,
                format!("samples of the kind {other} cannot be converted"),
            )),
        }
    }
}

/// The open streams of a device; dropping them stops it. Where their start hangs they close when that comes to an end,
/// and what they give then goes nowhere.
pub(crate) struct Streams {
    /// Locked by their start alone.
    open: Arc<Mutex<Open>>,
    /// Last: it ends when the streams have.
    _feed: Feed,
}

struct Open {
    main: cpal::Stream,
    low_latency: Option<cpal::Stream>,
}

/// The queue that a stream fills, for as long as the stream is open: PulseAudio's library keeps the callback of a
/// stream whose device was unplugged for ever, and would keep the queue with it.
struct Feed(Arc<Mutex<Option<SampleProducer>>>);

impl Feed {
    fn of(producer: SampleProducer) -> Self {
        Self(Arc::new(Mutex::new(Some(producer))))
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        let producer = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(producer);
    }
}

impl Open {
    fn play(&self) -> Result<(), cpal::Error> {
        if let Some(low_latency) = &self.low_latency {
            // First, so that the main stream's first buffer comes soon. A failure only means longer latency.
            low_latency.play().ok();
        }
        self.main.play()
    }
}

/// Starts of streams that have not come to an end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Starts(Arc<()>);

impl Starts {
    /// How many there are.
    pub(crate) fn hanging(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}

impl Streams {
    /// Starts to deliver, on a thread of its own: a sound system may take for ever to answer. Then this returns all the
    /// same, and a refusal that comes later counts as the loss of the device.
    pub(crate) fn play(
        &self,
        device: &str,
        link: &Link,
        starts: &Starts,
    ) -> Result<(), CaptureError> {
        let (answer, answered) = crossbeam::channel::bounded(1);
        let (open, link, start) = (Arc::clone(&self.open), link.clone(), starts.clone());
        thread::Builder::new()
            .name("soundfall-play".to_owned())
            .spawn(move || {
                let played = open.lock().unwrap_or_else(PoisonError::into_inner).play();
                drop((open, start));
                if let Err(crossbeam::channel::SendError(Err(error))) = answer.send(played) {
                    link.lose(one_line(&error));
                }
            })
            .map_err(|source| CaptureError::Thread {
                name: "play",
                source,
            })?;
        match answered.recv_timeout(PLAY_TIMEOUT) {
            Ok(Err(error)) => Err(CaptureError::Device {
                device: device.to_owned(),
                action: "start to record",
                message: one_line(&error),
            }),
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }
}

/// Builds the stream for one sample format.
fn stream<T: SizedSample + ToF32>(
    device: &cpal::Device,
    config: StreamConfig,
    feed: &Feed,
    link: &Link,
) -> Result<cpal::Stream, cpal::Error> {
    let link = link.clone();
    let feed = Arc::clone(&feed.0);
    device.build_input_stream::<T, _, _>(
        config,
        move |samples, info| {
            // Free until the stream is dropped; never waited for.
            if let Ok(mut feed) = feed.try_lock()
                && let Some(producer) = &mut *feed
            {
                producer.push_timed(samples, since_start(info.timestamp().capture));
            }
        },
        move |error| link.report(&error),
        Some(OPEN_TIMEOUT),
    )
}

/// A time of the device's clock; only differences have a meaning.
fn since_start(instant: cpal::StreamInstant) -> Duration {
    instant.duration_since(cpal::StreamInstant::ZERO)
}
