//! One block of a FLAC stream (RFC 9639, 9): its header, a subframe for each channel, its checksum.
//!
//! Pure: samples in, bytes out.

use super::BITS;
use super::bits::BitWriter;

/// Highest order of the fixed predictors.
const MAX_ORDER: usize = 4;
/// Partitions of the residual of a whole block, as a power of two.
const PARTITIONS: u32 = 4;
/// Highest parameter of the Rice code with 5-bit parameters.
const MAX_RICE: u32 = 30;

/// A block of 1 to 65 536 frames of 24-bit samples.
pub(super) fn encode(interleaved: &[i32], channels: usize, number: u64) -> Vec<u8> {
    let frames = interleaved.len() / channels;
    let bytes = header(frames, channels, number, interleaved.len() * 3 + channels);
    let mut bits = BitWriter::new(bytes);
    for channel in 0..channels {
        let samples: Vec<i32> = interleaved
            .iter()
            .skip(channel)
            .step_by(channels)
            .copied()
            .collect();
        subframe(&samples, &mut bits);
    }
    with_checksum(bits.finish())
}

/// A block of zeros, as [`encode`] gives it, at no cost.
pub(super) fn silent(frames: usize, channels: usize, number: u64) -> Vec<u8> {
    // Each subframe: its kind, one value, and that value.
    let room = channels * (1 + BITS as usize / 8);
    let mut bytes = header(frames, channels, number, room);
    bytes.resize(bytes.len() + room, 0);
    with_checksum(bytes)
}

/// The header of a block, with room for so many bytes more.
fn header(frames: usize, channels: usize, number: u64, room: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(32 + room);
    // Sync, fixed blocks; length in 16 bits, rate as in the stream header; channels, 24 bits.
    bytes.extend([0xff, 0xf8, 0x70, ((channels as u8 - 1) << 4) | 0b1100]);
    coded_number(number, &mut bytes);
    bytes.extend((frames.saturating_sub(1) as u16).to_be_bytes());
    bytes.push(bytes.iter().fold(0, |crc, byte| crc8(crc, *byte)));
    bytes
}

fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    let crc = bytes.iter().fold(0, |crc, byte| crc16(crc, *byte));
    bytes.extend(crc.to_be_bytes());
    bytes
}

/// The cheapest of: one value, a predictor with its residual, the samples as they are.
fn subframe(samples: &[i32], bits: &mut BitWriter) {
    if samples.iter().all(|sample| *sample == samples[0]) {
        bits.put(0, 8);
        return bits.put_signed(samples[0], BITS);
    }
    let (order, residual) = best_predictor(samples);
    let length = samples.len();
    let divides = length.is_multiple_of(1 << PARTITIONS) && length >> PARTITIONS > order;
    let partitions = if divides { PARTITIONS } else { 0 };
    let plan = rice_plan(&residual, order, length >> partitions);
    let cost: u64 = plan.iter().map(|part| part.cost).sum();
    let room = u64::from(BITS) * (length - order) as u64;
    if cost + 6 >= room {
        bits.put(0b10, 8);
        for sample in samples {
            bits.put_signed(*sample, BITS);
        }
        return;
    }
    bits.put(((0b00_1000 | order) << 1) as u32, 8);
    for sample in &samples[..order] {
        bits.put_signed(*sample, BITS);
    }
    // Rice codes with 5-bit parameters.
    bits.put(0b01, 2);
    bits.put(partitions, 4);
    let mut rest = &residual[..];
    for part in plan {
        bits.put(part.parameter, 5);
        let (now, later) = rest.split_at(part.length);
        for value in now {
            bits.put_rice(zigzag(*value), part.parameter);
        }
        rest = later;
    }
}

/// The fixed predictor with the smallest residual (RFC 9639, 9.2.5), and that residual without the first samples.
fn best_predictor(samples: &[i32]) -> (usize, Vec<i32>) {
    let mut residual = samples.to_vec();
    let mut best = (0, residual.clone(), total(&residual));
    for order in 1..=MAX_ORDER.min(samples.len() - 1) {
        // Each order is the difference of the one before: 24 bits grow by one at each step.
        residual = residual.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let size = total(&residual);
        if size < best.2 {
            best = (order, residual.clone(), size);
        }
    }
    (best.0, best.1)
}

fn total(values: &[i32]) -> u64 {
    values
        .iter()
        .map(|value| u64::from(value.unsigned_abs()))
        .sum()
}

/// A part of the residual and how it is coded.
struct Part {
    length: usize,
    parameter: u32,
    /// Bits, the parameter included.
    cost: u64,
}

/// The best Rice parameter for each partition; the first one is shorter by the order.
fn rice_plan(residual: &[i32], order: usize, partition: usize) -> Vec<Part> {
    let mut plan = Vec::new();
    let mut rest = residual;
    while !rest.is_empty() {
        let length = if plan.is_empty() {
            partition - order
        } else {
            partition
        };
        let (now, later) = rest.split_at(length.min(rest.len()));
        rest = later;
        let cost = |parameter: u32| -> u64 {
            let codes = now
                .iter()
                .map(|value| u64::from(zigzag(*value) >> parameter));
            5 + codes.sum::<u64>() + now.len() as u64 * u64::from(parameter + 1)
        };
        // Near the logarithm of the mean, where the optimum of a geometric distribution is.
        let sum: u64 = now.iter().map(|value| u64::from(zigzag(*value))).sum();
        let near = (sum / now.len() as u64).max(1).ilog2();
        let candidates = near.saturating_sub(1)..=(near + 2).min(MAX_RICE);
        let best = candidates
            .map(|parameter| (cost(parameter), parameter))
            .min();
        let (cost, parameter) = best.unwrap_or((u64::MAX / 2, MAX_RICE));
        plan.push(Part {
            length: now.len(),
            parameter,
            cost,
        });
    }
    plan
}

/// 0, −1, 1, −2 … as 0, 1, 2, 3 …
fn zigzag(value: i32) -> u32 {
    ((value << 1) ^ (value >> 31)) as u32
}

/// A number as UTF-8 codes it, up to 36 bits (RFC 9639, 9.1.5).
fn coded_number(number: u64, bytes: &mut Vec<u8>) {
    if number < 0x80 {
        return bytes.push(number as u8);
    }
    // With n bytes behind the first one, it keeps 6 - n bits.
    let more = (1..=5).find(|n| number < 1 << (6 * n + 6 - n)).unwrap_or(6);
    let first = (0xff00u32 >> (more + 1)) as u8;
    bytes.push(first | (number >> (6 * more)) as u8);
    for shift in (0..more).rev() {
        bytes.push(0x80 | (number >> (6 * shift)) as u8 & 0x3f);
    }
}

fn crc8(crc: u8, byte: u8) -> u8 {
    (0..8).fold(crc ^ byte, |crc, _| {
        (crc << 1) ^ if crc & 0x80 != 0 { 0x07 } else { 0 }
    })
}

fn crc16(crc: u16, byte: u8) -> u16 {
    (0..8).fold(crc ^ (u16::from(byte) << 8), |crc, _| {
        (crc << 1) ^ if crc & 0x8000 != 0 { 0x8005 } else { 0 }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    #[test]
    fn numbers_are_coded_as_utf_8() {
        for (number, expected) in [
            (0x7f, "\u{7f}"),
            (0x80, "\u{80}"),
            (0x7ff, "\u{7ff}"),
            (0x800, "\u{800}"),
            (0xffff, "\u{ffff}"),
            (0x1_0000, "\u{10000}"),
        ] {
            let mut bytes = Vec::new();
            coded_number(number, &mut bytes);
            assert_eq!(bytes, expected.as_bytes(), "{number:x}");
        }
        let mut longest = Vec::new();
        coded_number((1 << 36) - 1, &mut longest);
        assert_eq!(longest, [0xfe, 0xbf, 0xbf, 0xbf, 0xbf, 0xbf, 0xbf]);
    }

    #[test]
    fn silence_is_encoded_as_ever() {
        for (frames, channels, number) in [(4_096, 1, 0), (4_096, 8, 1 << 20), (17, 3, 200)] {
            let zeros = vec![0; frames * channels];
            assert_eq!(
                silent(frames, channels, number),
                encode(&zeros, channels, number)
            );
        }
    }

    #[test]
    fn a_block_is_never_larger_than_its_samples() {
        let mut seed = 1u64;
        for kind in 0..4 {
            let samples: Vec<i32> = (0..2 * 4_096)
                .map(|i| {
                    seed = seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                    let noise = (seed >> 40) as i32 - (1 << 23);
                    match kind {
                        0 => noise,
                        1 if i == 5_000 => noise,
                        1 => 0,
                        2 if i % 2_500 < 1_000 => noise,
                        2 => i % 7,
                        _ => {
                            if i % 2 == 0 {
                                8_388_607
                            } else {
                                -8_388_608
                            }
                        }
                    }
                })
                .collect();
            let size = encode(&samples, 2, 0).len();
            assert!(size <= samples.len() * 3 + 20, "{kind}: {size}");
        }
    }
}
