//! Overruns by hand: the callback object is driven directly, so nothing depends on timing.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use crossbeam::channel::Receiver;
use proptest::prelude::*;
use soundfall_ring::{HeapStorage, RingFormat, SharedRing, WriterState, heap_ring};

use super::*;
use crate::sample_queue::{SampleProducer, sample_queue};

const CHANNELS: u32 = 3;

type MakeDevice = Box<dyn FnOnce(Arc<Counters>, Sender<CaptureEvent>) -> Device>;

struct Rig {
    producer: SampleProducer,
    assembler: Assembler<Box<RingWriter<HeapStorage>>>,
    ring: SharedRing,
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
        let assembler = Assembler::new(Box::new(writer), consumer, shared, sender, device);
        Self {
            producer,
            assembler,
            ring,
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
