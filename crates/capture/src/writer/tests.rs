//! Overruns by hand: the callback object is driven directly, so nothing depends on timing.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::sync::atomic::AtomicU64;

use crossbeam::channel::Receiver;
use proptest::prelude::*;
use soundfall_ring::copy::load_word;
use soundfall_ring::layout::{OFFSET_SEQUENCE, word};
use soundfall_ring::{
    Extension, HeapStorage, ReadStorage, RingFormat, RingRead, RingReader, RingWriter, SharedRing,
    StorageError, WriteStorage, WriterState, heap_ring,
};
use soundfall_ring_file::{CreateError, RingLoss};

use super::*;
use crate::record::feed::{Fed, Feed, feed};
use crate::sample_queue::{SampleProducer, sample_queue};

const CHANNELS: u32 = 3;

type MakeDevice = Box<dyn FnOnce(Arc<Counters>, Sender<CaptureEvent>) -> Device>;

/// A ring in memory is never lost.
impl<S: WriteStorage> KeptRing for Box<RingWriter<S>> {
    type Storage = S;
    type New = ();

    fn loss(&self) -> Option<RingLoss> {
        None
    }

    fn maker(&self) -> impl FnOnce() -> Result<(), CreateError> + Send + 'static {
        || Ok(())
    }

    fn adopt(&mut self, (): ()) {}
}

struct Rig {
    producer: SampleProducer,
    assembler: Assembler<Box<RingWriter<HeapStorage>>>,
    ring: SharedRing,
    recordings: Sender<Feeder>,
    counters: Arc<Counters>,
    events: Receiver<CaptureEvent>,
    /// Frames the imagined device has delivered.
    clock: u64,
}

impl Rig {
    fn new(queue_frames: usize, block: u32) -> Self {
        Self::with_device(queue_frames, block, None)
    }

    /// With a device that may come back; gives the supervisor's end too.
    fn of_device(queue_frames: usize, block: u32) -> (Self, Sender<Reconnection>) {
        let (supervisor, _) = crossbeam::channel::bounded(8);
        let (reconnected, reconnections) = crossbeam::channel::unbounded();
        let device = |counters, events| Device {
            link: Link {
                counters,
                events,
                supervisor,
            },
            reconnections,
        };
        (
            Self::with_device(queue_frames, block, Some(Box::new(device))),
            reconnected,
        )
    }

    fn with_device(queue_frames: usize, block: u32, device: Option<MakeDevice>) -> Self {
        let format = RingFormat::new(48_000, CHANNELS, 100_000, block).unwrap();
        let (writer, ring) = heap_ring(&format, "test").unwrap();
        let counters = Arc::new(Counters::default());
        let (producer, consumer) = sample_queue(CHANNELS, queue_frames, Arc::clone(&counters));
        let (sender, events) = crossbeam::channel::unbounded();
        let device = device.map(|make| make(Arc::clone(&counters), sender.clone()));
        let shared = Arc::clone(&counters);
        let (recordings, attached) = crossbeam::channel::unbounded();
        let writer = Box::new(writer);
        let assembler = Assembler::new(writer, consumer, shared, sender, device, attached);
        Self {
            producer,
            assembler,
            ring,
            recordings,
            counters,
            events,
            clock: 0,
        }
    }

    /// The device delivers frames; every sample tells its frame and channel.
    fn deliver(&mut self, frames: u64) {
        let samples: Vec<f32> = (self.clock..self.clock + frames)
            .flat_map(|frame| (0..CHANNELS).map(move |channel| sample(frame, channel)))
            .collect();
        self.producer.push(&samples);
        self.clock += frames;
    }

    /// Ends the source and checks the whole ring against what was delivered.
    fn finish_and_check(self) {
        let Self {
            producer,
            mut assembler,
            ring,
            counters,
            events,
            clock,
            ..
        } = self;
        drop(producer);
        assembler.drain().unwrap();
        assert!(assembler.exhausted());
        assembler.pad().unwrap();
        let gaps = ring.gaps();
        let lost: u64 = gaps.iter().map(|gap| gap.length_frames).sum();
        assert_eq!(
            lost,
            counters.lost_frames.load(Ordering::Relaxed),
            "{gaps:?}"
        );
        assert_eq!(gaps.len() as u64, counters.gaps.load(Ordering::Relaxed));
        let received = events
            .try_iter()
            .filter(|event| matches!(event, CaptureEvent::Gap { .. }))
            .count();
        assert_eq!(received, gaps.len());
        // Time is true: everything delivered has its frame in the ring, lost or not.
        let block = u64::from(ring.format().block_frames);
        assert_eq!(ring.written_frames(), clock.next_multiple_of(block));
        for channel in 0..CHANNELS {
            let mut got = vec![0.0f32; ring.written_frames() as usize];
            ring.read(channel, 0, &mut got).unwrap();
            for (frame, value) in (0u64..).zip(got) {
                let in_gap = gaps
                    .iter()
                    .any(|gap| (gap.start_frame..gap.end_frame()).contains(&frame));
                let expected = if in_gap || frame >= clock {
                    0.0
                } else {
                    sample(frame, channel)
                };
                assert_eq!(value, expected, "frame {frame}, channel {channel}");
            }
        }
    }
}

fn sample(frame: u64, channel: u32) -> f32 {
    (frame * u64::from(CHANNELS) + u64::from(channel) + 1) as f32
}

#[test]
fn an_overrun_becomes_a_gap_of_its_length_at_its_place() {
    let mut rig = Rig::new(100, 64);
    rig.deliver(60);
    rig.deliver(90); // 40 fit
    rig.deliver(25); // none fit
    rig.assembler.drain().unwrap();
    rig.deliver(70);
    rig.assembler.drain().unwrap();
    let gaps = rig.ring.gaps();
    assert_eq!(gaps.len(), 1);
    assert_eq!((gaps[0].start_frame, gaps[0].length_frames), (100, 75));
    assert_eq!(gaps[0].reason, GapReason::CaptureOverrun);
    rig.finish_and_check();
}

#[test]
fn a_loss_longer_than_many_blocks() {
    let mut rig = Rig::new(32, 16);
    rig.deliver(5_000);
    rig.assembler.drain().unwrap();
    rig.deliver(20);
    rig.finish_and_check();
}

#[test]
fn a_loss_at_the_very_end_is_recorded() {
    let mut rig = Rig::new(32, 16);
    rig.deliver(50);
    let counters = Arc::clone(&rig.counters);
    rig.finish_and_check();
    assert_eq!(counters.lost_frames.load(Ordering::Relaxed), 18);
}

#[test]
fn a_lost_device_leaves_a_gap_behind_its_last_frame() {
    let mut rig = Rig::new(100, 64);
    rig.deliver(40);
    rig.counters.set_state(SourceState::Lost);
    rig.assembler.drain().unwrap();
    rig.assembler.pad().unwrap();
    let gaps = rig.ring.gaps();
    assert_eq!((gaps[0].start_frame, gaps[0].length_frames), (40, 24));
    assert_eq!(gaps[0].reason, GapReason::DeviceLost);
    assert_eq!(rig.counters.lost_frames.load(Ordering::Relaxed), 24);
}

#[test]
fn a_device_that_falls_silent_and_comes_back() {
    let (mut rig, supervisor) = Rig::of_device(1_000, 64);
    let start = rig.assembler.last_arrival;
    let at = |rig: &mut Rig, millis: u64| {
        rig.assembler
            .note_arrival(start + Duration::from_millis(millis));
        rig.assembler.drain().unwrap();
        while rig.assembler.silence > 0 {
            rig.assembler.drain().unwrap();
        }
        rig.counters.state()
    };
    rig.deliver(128);
    assert_eq!(at(&mut rig, 10), SourceState::Running);
    assert_eq!(at(&mut rig, 1_900), SourceState::Running);
    assert_eq!(at(&mut rig, 2_100), SourceState::Lost);
    assert_eq!(at(&mut rig, 5_000), SourceState::Lost);
    assert_eq!(rig.ring.written_frames(), 128, "the ring stands still");
    // What the lost connection still gives belongs to the gap; so does what it could not give.
    rig.deliver(1_010);
    assert_eq!(rig.counters.lost_frames.load(Ordering::Relaxed), 10);
    assert_eq!(at(&mut rig, 6_000), SourceState::Lost);
    let (producer, consumer) = sample_queue(CHANNELS, 1_000, Arc::clone(&rig.counters));
    drop(std::mem::replace(&mut rig.producer, producer));
    assert_eq!(at(&mut rig, 6_001), SourceState::Lost);
    let device = "Mic".to_owned();
    supervisor.send(Reconnection { consumer, device }).unwrap();
    assert_eq!(at(&mut rig, 6_002), SourceState::Lost);
    assert_eq!(rig.ring.written_frames(), 128, "the ring stands still");
    rig.deliver(64);
    assert_eq!(at(&mut rig, 10_010), SourceState::Running);
    let gaps = rig.ring.gaps();
    assert_eq!(
        (gaps[0].start_frame, gaps[0].length_frames),
        (128, 480_000 - 64)
    );
    assert_eq!(
        rig.counters.lost_frames.load(Ordering::Relaxed),
        480_000 - 64
    );
    let received: Vec<_> = rig.events.try_iter().collect();
    assert!(
        matches!(
            &received[..],
            [
                CaptureEvent::DeviceLost { .. },
                CaptureEvent::Gap { .. },
                CaptureEvent::Reconnected { .. }
            ]
        ),
        "{received:?}"
    );
}

#[test]
fn a_new_connection_goes_on_in_the_same_ring_behind_one_gap() {
    let (mut rig, supervisor) = Rig::of_device(1_000, 64);
    let start = rig.assembler.last_arrival;
    let at = |rig: &mut Rig, millis: u64| {
        rig.assembler
            .note_arrival(start + Duration::from_millis(millis));
        rig.assembler.drain().unwrap();
    };
    rig.deliver(100);
    at(&mut rig, 100);
    // The device goes with frames still in the queue and a loss not yet in the ring.
    rig.deliver(950);
    assert!(
        rig.assembler
            .device
            .as_ref()
            .unwrap()
            .link
            .counters
            .lose_device()
    );
    let counters = Arc::clone(&rig.counters);
    let (producer, consumer) = sample_queue(CHANNELS, 1_000, Arc::clone(&counters));
    drop(std::mem::replace(&mut rig.producer, producer));
    at(&mut rig, 110);
    at(&mut rig, 200);
    assert!(!rig.assembler.exhausted(), "it may come back");
    supervisor
        .send(Reconnection {
            consumer,
            device: "Mic".to_owned(),
        })
        .unwrap();
    at(&mut rig, 1_000);
    at(&mut rig, 1_001);
    assert_eq!(counters.state(), SourceState::Lost);
    // 900 ms after the last sound, 480 frames of which wait.
    rig.clock = 1_050 + 42_720;
    rig.deliver(480);
    at(&mut rig, 1_010);
    assert_eq!(counters.state(), SourceState::Running);
    assert_eq!(counters.reconnects.load(Ordering::Relaxed), 1);
    assert_eq!(counters.device_losses.load(Ordering::Relaxed), 1);
    let gaps = rig.ring.gaps();
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert_eq!(
        (gaps[0].start_frame, gaps[0].length_frames),
        (1_050, 42_720)
    );
    assert_eq!(gaps[0].reason, GapReason::DeviceLost);
    let received: Vec<_> = rig.events.try_iter().collect();
    assert!(received.contains(&CaptureEvent::Reconnected {
        device: "Mic".to_owned()
    }));
    // The check at the end counts them.
    for event in received {
        rig.assembler.send(event);
    }
    // It goes again, and the supervisor gives up: now it is over.
    assert!(counters.lose_device());
    at(&mut rig, 1_019);
    assert!(!rig.assembler.exhausted());
    drop(supervisor);
    drop(std::mem::replace(
        &mut rig.producer,
        sample_queue(CHANNELS, 1, Arc::clone(&counters)).0,
    ));
    at(&mut rig, 1_020);
    at(&mut rig, 1_021);
    assert!(rig.assembler.exhausted());
    rig.finish_and_check();
}

#[test]
fn an_overrun_of_the_device_is_a_gap_where_its_clock_tells_the_length() {
    let mut rig = Rig::new(1_000, 64);
    rig.producer = std::mem::replace(&mut rig.producer, sample_queue(1, 1, Arc::default()).0)
        .with_rate(48_000);
    let samples = vec![0.5f32; 48 * CHANNELS as usize];
    rig.producer.push_timed(&samples, Duration::from_millis(50));
    rig.counters.note_xrun();
    // Two milliseconds late: 96 frames.
    rig.producer.push_timed(&samples, Duration::from_millis(53));
    rig.counters.note_xrun();
    rig.producer.push_timed(&samples, Duration::from_millis(1));
    rig.assembler.drain().unwrap();
    let gaps = rig.ring.gaps();
    assert_eq!((gaps[0].start_frame, gaps[0].length_frames), (48, 96));
    assert_eq!((gaps.len(), gaps[0].reason), (1, GapReason::CaptureOverrun));
    let received: Vec<_> = rig
        .events
        .try_iter()
        .filter(|event| matches!(event, CaptureEvent::Xrun { .. }))
        .collect();
    assert_eq!(
        received,
        [
            CaptureEvent::Xrun {
                at_frame: 48,
                length_frames: Some(96)
            },
            CaptureEvent::Xrun {
                at_frame: 192,
                length_frames: None
            }
        ]
    );
}

#[test]
fn the_thread_drains_pads_and_closes() {
    let mut rig = Rig::new(1_000, 64);
    rig.deliver(500);
    let Rig {
        producer,
        assembler,
        ring,
        counters,
        ..
    } = rig;
    drop(producer);
    let stop = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&stop);
    let thread = thread::spawn(move || assembler.run(&seen));
    while !counters.finished() {
        thread::yield_now();
    }
    assert_eq!(ring.written_frames(), 512);
    assert!(
        matches!(ring.writer_state(), WriterState::Open { heartbeat_unix_ns, .. } if heartbeat_unix_ns > 0)
    );
    stop.store(true, Ordering::Release);
    thread.thread().unpark();
    drop(thread.join().unwrap());
    assert_eq!(ring.writer_state(), WriterState::Closed);
}

/// Frames are counted through all rings of a capture, each ring counts its own.
#[test]
fn a_gap_in_a_ring_that_took_the_place_of_another() {
    const BEFORE: u64 = 6_400;
    let mut rig = Rig::new(100, 64);
    rig.assembler.before = BEFORE;
    let (feeder, feed) = feed(CHANNELS, 1 << 20);
    rig.recordings.send(feeder).unwrap();
    rig.assembler.attach_recordings();
    rig.deliver(125); // 100 fit
    rig.assembler.drain().unwrap();
    rig.deliver(70);
    rig.assembler.drain().unwrap();
    let place = |gap: &Gap| (gap.start_frame, gap.length_frames);
    assert_eq!(
        rig.ring.gaps().iter().map(place).collect::<Vec<_>>(),
        [(100, 25)]
    );
    let begin = feed.begin().unwrap();
    assert_eq!((begin.at_frame, begin.ring_frame), (BEFORE, 0));
    let told = std::iter::from_fn(|| feed.try_next()).find_map(|part| match part {
        Fed::Gap(gap) => Some(place(&gap)),
        _ => None,
    });
    assert_eq!(told, Some((BEFORE + 100, 25)));
    let told = rig.events.try_iter().find_map(|event| match event {
        CaptureEvent::Gap {
            start_frame,
            length_frames,
            ..
        } => Some((start_frame, length_frames)),
        _ => None,
    });
    assert_eq!(told, Some((BEFORE + 100, 25)));
}

/// The ring here stays the same one; what is told to it as a new one are gaps from its beginning on.
#[test]
fn of_a_gap_the_rest_is_told_to_the_ring_that_takes_the_place_of_a_lost_one() {
    let mut rig = Rig::new(1_000, 64);
    // One that ends with a block, and one of which 32 frames are not yet in the ring.
    for (sound, lost) in [(32, 32), (60, 100)] {
        rig.deliver(sound);
        rig.assembler.drain().unwrap();
        rig.assembler.insert_gap(lost, GapReason::DeviceLost);
        rig.assembler.drain().unwrap();
    }
    assert_eq!(rig.ring.written_frames(), 192);
    rig.assembler.take_found(Found::New(()));
    let gaps = rig.ring.gaps();
    let places: Vec<_> = gaps
        .iter()
        .map(|gap| (gap.start_frame, gap.length_frames))
        .collect();
    assert_eq!(places, [(32, 32), (124, 100), (0, 32)]);
}

/// What a recording was handed, as it stands in its file.
fn fed(feed: &Feed) -> Vec<f32> {
    let mut samples = Vec::new();
    while let Some(part) = feed.try_next() {
        match part {
            Fed::Block(block) => samples.extend_from_slice(&block),
            Fed::Silence(frames) => {
                samples.resize(samples.len() + frames as usize * CHANNELS as usize, 0.0);
            }
            Fed::Gap(_) | Fed::Begin(_) => {}
            Fed::Overrun(frames) => panic!("{frames} frames did not fit"),
        }
    }
    samples
}

/// Ten hours away: the ring leaps over them, nothing that came meanwhile is lost, and a recording is told their length
/// instead of their samples.
#[test]
fn a_gap_longer_than_the_ring_costs_one_round_of_it() {
    const HOURS: u64 = 10 * 3_600 * 48_000;
    let mut rig = Rig::new(1_000, 64);
    let (feeder, feed) = feed(CHANNELS, 1 << 20);
    rig.recordings.send(feeder).unwrap();
    rig.assembler.attach_recordings();
    rig.deliver(100);
    rig.assembler.drain().unwrap();
    rig.producer.lose(HOURS, GapReason::DeviceLost);
    rig.clock += HOURS;
    rig.deliver(900);
    rig.assembler.drain().unwrap();
    assert_eq!(rig.assembler.silence, 0, "in a single bounded step");
    drop(rig.producer);
    rig.assembler.drain().unwrap();
    rig.assembler.pad().unwrap();
    let end = (HOURS + 1_000).next_multiple_of(64);
    assert_eq!(rig.ring.written_frames(), end);
    let gaps = rig.ring.gaps();
    assert_eq!(gaps.len(), 1);
    assert_eq!((gaps[0].start_frame, gaps[0].length_frames), (100, HOURS));
    for channel in 0..CHANNELS {
        let mut got = vec![0.5f32; (end - rig.ring.oldest_frame()) as usize];
        rig.ring
            .read(channel, rig.ring.oldest_frame(), &mut got)
            .unwrap();
        for (frame, value) in (rig.ring.oldest_frame()..).zip(got) {
            let sound = (HOURS + 100..HOURS + 1_000).contains(&frame);
            let expected = if sound { sample(frame, channel) } else { 0.0 };
            assert_eq!(value, expected, "frame {frame}");
        }
    }
    let begin = feed.begin().unwrap();
    assert_eq!((begin.at_frame, begin.ring_frame), (0, 0));
    let (mut frames, mut parts) = (0, 0);
    while let Some(part) = feed.try_next() {
        parts += 1;
        match part {
            Fed::Block(block) => frames += block.len() as u64 / u64::from(CHANNELS),
            Fed::Silence(silence) => frames += silence,
            Fed::Gap(gap) => assert_eq!(gap, gaps[0]),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(frames, end);
    assert!(parts < 40, "{parts}");
}

/// Storage that panics once at the fourth block, as a fault of ours would.
struct Faulty(HeapStorage, AtomicBool);

impl ReadStorage for Faulty {
    fn word_count(&self) -> u64 {
        self.0.word_count()
    }

    fn load(&self, first: u64, out: &mut [u64]) -> Result<(), StorageError> {
        self.0.load(first, out)
    }
}

impl WriteStorage for Faulty {
    fn words(&self) -> &[AtomicU64] {
        let words = self.0.words();
        let due = load_word(&words[word(OFFSET_SEQUENCE) as usize]) == 3;
        assert!(!due || self.1.swap(true, Ordering::Relaxed), "the fault");
        words
    }
}

#[test]
fn a_panic_of_the_writer_ends_the_capture_and_is_told() {
    let format = RingFormat::new(48_000, CHANNELS, 100_000, 64).unwrap();
    let storage = HeapStorage::new(format.total_words()).unwrap();
    let faulty = Faulty(storage.clone(), AtomicBool::new(false));
    let writer = RingWriter::create(faulty, &format, &Extension::default()).unwrap();
    let ring = RingReader::new(storage).unwrap();
    let counters = Arc::new(Counters::default());
    let (mut producer, consumer) = sample_queue(CHANNELS, 1_000, Arc::clone(&counters));
    let (sender, events) = crossbeam::channel::unbounded();
    let (recordings, attached) = crossbeam::channel::unbounded();
    let (feeder, feed) = feed(CHANNELS, 1 << 20);
    recordings.send(feeder).unwrap();
    let shared = Arc::clone(&counters);
    let assembler = Assembler::new(Box::new(writer), consumer, shared, sender, None, attached);
    let samples: Vec<f32> = (0..500 * CHANNELS).map(|i| i as f32).collect();
    producer.push(&samples);
    drop(assembler.run(&AtomicBool::new(false)));
    assert!(counters.finished());
    assert_eq!(counters.state(), SourceState::Failed);
    assert_eq!(counters.panics.load(Ordering::Relaxed), 1);
    let told = events.try_iter().any(
        |event| matches!(event, CaptureEvent::Failed { message } if message.contains("the fault")),
    );
    assert!(told);
    // What is in the ring stays, and nobody waits for more; the recording has it and is over.
    assert_eq!(ring.written_frames(), 3 * 64);
    assert_eq!(ring.writer_state(), WriterState::Closed);
    assert!(feed.begin().is_some());
    let recorded = fed(&feed);
    assert!(recorded.len() >= 3 * 64 * CHANNELS as usize);
    assert_eq!(recorded, samples[..recorded.len()]);
    assert!(matches!(
        feed.next(Duration::ZERO),
        Err(crossbeam::channel::RecvTimeoutError::Disconnected)
    ));
    // A source that goes on changes nothing.
    counters.set_state(SourceState::Running);
    assert_eq!(counters.state(), SourceState::Failed);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]
    #[test]
    fn whatever_is_lost_time_stays_true(
        queue_frames in 1usize..300,
        block in 1u32..200,
        steps in prop::collection::vec((0u64..400, any::<bool>()), 1..60),
    ) {
        let mut rig = Rig::new(queue_frames, block);
        for (frames, drain) in steps {
            rig.deliver(frames);
            if drain {
                rig.assembler.drain().unwrap();
            }
        }
        rig.finish_and_check();
    }
}
