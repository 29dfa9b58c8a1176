//! Every operation against a naive oracle that keeps all samples ever written: any block size and
//! capacity, straddling blocks, any distance between reader and writer. Never times anything.
#![cfg(not(loom))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use proptest::prelude::*;
use soundfall_ring::{Cursor, Poll, ReadError, RingFormat, RingRead, heap_ring};

/// What to do with the ring.
#[derive(Clone, Debug)]
enum Step {
    Write { blocks: u8 },
    Silence,
    Read { channel: u32, back: u64, len: usize },
    Latest { channel: u32, len: usize },
    Poll { max_frames: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1..6u8).prop_map(|blocks| Step::Write { blocks }),
        1 => Just(Step::Silence),
        6 => (0..12u32, 0..400u64, 0..220usize)
            .prop_map(|(channel, back, len)| Step::Read { channel, back, len }),
        2 => (0..10u32, 0..220usize).prop_map(|(channel, len)| Step::Latest { channel, len }),
        2 => (0..80usize).prop_map(|max_frames| Step::Poll { max_frames }),
    ];
    prop::collection::vec(step, 1..60)
}

/// Keeps everything.
struct Oracle {
    format: RingFormat,
    /// `[channel][frame]`
    samples: Vec<Vec<f32>>,
}

impl Oracle {
    fn written(&self) -> u64 {
        self.samples[0].len() as u64
    }

    /// The rule of the format document, in wide numbers.
    fn verdict(&self, channel: u32, start: u64, len: usize) -> Result<Vec<f32>, ReadError> {
        let (capacity, block) = (
            u128::from(self.format.capacity_frames),
            u128::from(self.format.block_frames),
        );
        if channel >= self.format.channels {
            return Err(ReadError::NoSuchChannel {
                channel,
                channels: self.format.channels,
            });
        }
        if len as u128 > capacity - block {
            return Err(ReadError::TooLong {
                frames: len as u64,
                readable: (capacity - block) as u64,
            });
        }
        let end = u128::from(start) + len as u128;
        if end > u128::from(self.written()) {
            return Err(ReadError::NotYet {
                available: self.written(),
            });
        }
        if u128::from(start) + capacity < u128::from(self.written()) + block {
            return Err(ReadError::Lapped {
                lost_frames: 0,
                resume_at: 0,
            });
        }
        Ok(self.samples[channel as usize][start as usize..][..len].to_vec())
    }
}

fn check_read(ring: &dyn RingRead, oracle: &Oracle, channel: u32, start: u64, len: usize) {
    let mut out = vec![f32::NAN; len];
    let got = ring.read(channel, start, &mut out);
    let mut wide = vec![f64::NAN; len];
    let got_wide = ring.read_f64(channel, start, &mut wide);
    assert_eq!(got, got_wide);
    match (oracle.verdict(channel, start, len), got) {
        (Ok(expected), Ok(())) => {
            assert_eq!(out, expected);
            assert!(wide.iter().zip(&expected).all(|(&w, &e)| w == f64::from(e)));
        }
        (
            Err(ReadError::Lapped { .. }),
            Err(ReadError::Lapped {
                lost_frames,
                resume_at,
            }),
        ) => {
            assert_eq!(start + lost_frames, resume_at);
            assert!(resume_at >= ring.oldest_frame() && resume_at <= ring.written_frames());
        }
        (expected, got) => assert_eq!(expected.err(), got.err()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_ring_agrees_with_the_oracle(
        channels in 1..11u32,
        block in 1..40u32,
        more in 1..160u64,
        steps in steps(),
    ) {
        let format = RingFormat::new(48_000, channels, u64::from(block) + more, block).unwrap();
        let (mut writer, ring) = heap_ring(&format, "oracle").unwrap();
        let mut oracle = Oracle { format, samples: vec![Vec::new(); channels as usize] };
        let mut cursor = Cursor::at(0);
        let mut planar = Vec::new();
        for step in steps {
            match step {
                Step::Write { blocks } => for _ in 0..blocks {
                    let mut interleaved = Vec::new();
                    for _ in 0..block {
                        for (channel, samples) in oracle.samples.iter_mut().enumerate() {
                            let sample = (samples.len() * 16 + channel) as f32;
                            samples.push(sample);
                            interleaved.push(sample);
                        }
                    }
                    writer.write_block(&interleaved).unwrap();
                },
                Step::Silence => {
                    for samples in &mut oracle.samples {
                        samples.extend((0..block).map(|_| 0.0));
                    }
                    writer.write_silence_block().unwrap();
                }
                Step::Read { channel, back, len } => {
                    let start = (oracle.written() + 20).saturating_sub(back);
                    check_read(&*ring, &oracle, channel, start, len);
                }
                Step::Latest { channel, len } => {
                    let mut out = vec![f32::NAN; len];
                    let start = oracle.written().checked_sub(len as u64);
                    match (ring.read_latest(channel, &mut out), start) {
                        (Ok(got), Some(start)) => {
                            prop_assert_eq!(got, start);
                            prop_assert_eq!(Ok(out), oracle.verdict(channel, start, len));
                        }
                        (Err(error), Some(start)) => {
                            prop_assert_eq!(Some(error), oracle.verdict(channel, start, len).err());
                        }
                        (got, None) => {
                            let refused = matches!(got, Err(ReadError::NotYet { .. } | ReadError::TooLong { .. }));
                            prop_assert!(refused, "{:?}", got);
                        }
                    }
                }
                Step::Poll { max_frames } => {
                    let before = cursor.position();
                    match cursor.poll(&*ring, 0..channels, max_frames, &mut planar).unwrap() {
                        Poll::Frames { start, frames } => {
                            prop_assert_eq!(start, before);
                            prop_assert!(frames <= max_frames);
                            for (channel, got) in planar.chunks_exact(frames).enumerate() {
                                prop_assert_eq!(got, &oracle.samples[channel][start as usize..][..frames]);
                            }
                        }
                        Poll::Nothing => prop_assert!(max_frames == 0 || before == oracle.written()),
                        Poll::Lost(lost) => {
                            prop_assert_eq!(lost.start, before);
                            prop_assert_eq!(lost.end, cursor.position());
                            prop_assert!(before < ring.oldest_frame());
                        }
                        other => prop_assert!(false, "{:?}", other),
                    }
                }
            }
            prop_assert_eq!(ring.written_frames(), oracle.written());
            prop_assert_eq!(writer.written_frames(), oracle.written());
        }
    }

    #[test]
    fn copies_of_any_length_are_right(values in prop::collection::vec(any::<f32>(), 0..70), out_len in 0..70usize) {
        use soundfall_ring::copy::{copy_words, copy_words_f32, copy_words_f64};
        use std::sync::atomic::AtomicU64;
        let words: Vec<AtomicU64> = values.iter().map(|&v| AtomicU64::new(f64::from(v).to_bits())).collect();
        let count = out_len.min(values.len());
        let mut narrow = vec![7.0f32; out_len];
        let mut wide = vec![7.0f64; out_len];
        let mut raw = vec![7u64; out_len];
        copy_words_f32(&words, &mut narrow);
        copy_words_f64(&words, &mut wide);
        copy_words(&words, &mut raw);
        for i in 0..out_len {
            let expected = if i < count { values[i] } else { 7.0 };
            prop_assert_eq!(narrow[i].is_nan(), expected.is_nan());
            prop_assert!(expected.is_nan() || narrow[i] == expected);
            if i < count {
                prop_assert_eq!(wide[i].to_bits(), f64::from(values[i]).to_bits());
                prop_assert_eq!(raw[i], f64::from(values[i]).to_bits());
            }
        }
    }
}
