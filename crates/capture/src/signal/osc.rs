//! Sine oscillators for one block: exact at the block's start, linear in amplitude and frequency within it.
//!
//! Never allocates; phases are kept in turns as `f64`, so that they stay exact over hours.

use std::f64::consts::TAU;

const LANES: usize = 8;

/// sin(2π·`turns`) to about 1e-6, for |turns| below 2²⁰; written so that the compiler can vectorise it.
#[inline]
pub(super) fn sin_turns(turns: f32) -> f32 {
    // Nearest integer by adding and subtracting 1.5·2²³.
    const ROUND: f32 = 12_582_912.0;
    let whole = (turns + ROUND) - ROUND;
    let x = turns - whole; // −0.5 ..= 0.5
    // Fold to −0.25 ..= 0.25, where a short odd polynomial suffices.
    let folded = 0.5f32.copysign(x) - x;
    let x = if x.abs() > 0.25 { folded } else { x };
    let x2 = x * x;
    // Taylor of sin(2πx); the first term left out is below 6e-8 at x = 0.25.
    let p = -15.094_643 + x2 * 3.819_952_5;
    let p = 42.058_693 + x2 * p;
    let p = -76.705_86 + x2 * p;
    let p = 81.605_25 + x2 * p;
    let p = -41.341_7 + x2 * p;
    let p = 6.283_185_5 + x2 * p;
    x * p
}

/// Adds `amplitude·sin(2π·phase)` to `out` and returns the phase (in turns, 0..1) after it.
///
/// Amplitude and frequency (in turns a frame) go linearly from their first to their second value. Above 0.45
/// turns a frame nothing sounds (band limit), but the phase goes on.
pub(super) fn add_sine(out: &mut [f32], phase: f64, freq: (f64, f64), amp: (f32, f32)) -> f64 {
    let n = out.len();
    if n == 0 {
        return phase;
    }
    let count = n as f64;
    let slope = (freq.1 - freq.0) / count;
    let end = (phase + freq.0 * count + slope * count * count / 2.0).rem_euclid(1.0);
    if freq.0.max(freq.1) >= 0.45 || (amp.0 == 0.0 && amp.1 == 0.0) {
        return end;
    }
    let amp_slope = (amp.1 - amp.0) / n as f32;
    if slope == 0.0 {
        add_steady(out, phase, freq.0, amp.0, amp_slope);
    } else {
        let (p0, f0, half) = (phase as f32, freq.0 as f32, (slope / 2.0) as f32);
        for (index, sample) in out.iter_mut().enumerate() {
            let i = index as f32;
            *sample += (amp.0 + amp_slope * i) * sin_turns(p0 + i * (f0 + i * half));
        }
    }
    end
}

/// A steady frequency by rotating eight neighbouring frames at once; exact at the start of the block.
fn add_steady(out: &mut [f32], phase: f64, freq: f64, amp: f32, amp_slope: f32) {
    let mut re = [0.0f32; LANES];
    let mut im = [0.0f32; LANES];
    for lane in 0..LANES {
        let angle = TAU * (phase + freq * lane as f64);
        re[lane] = angle.cos() as f32;
        im[lane] = angle.sin() as f32;
    }
    let step = TAU * freq * LANES as f64;
    let (c, s) = (step.cos() as f32, step.sin() as f32);
    let mut gain = [0.0f32; LANES];
    for (lane, gain) in gain.iter_mut().enumerate() {
        *gain = amp + amp_slope * lane as f32;
    }
    let gain_step = amp_slope * LANES as f32;
    let (chunks, tail) = out.as_chunks_mut::<LANES>();
    for chunk in chunks {
        // One short loop a line: each becomes a few vector instructions.
        let turned: [f32; LANES] = std::array::from_fn(|lane| re[lane] * c - im[lane] * s);
        *chunk = std::array::from_fn(|lane| chunk[lane] + gain[lane] * im[lane]);
        im = std::array::from_fn(|lane| re[lane] * s + im[lane] * c);
        gain = gain.map(|gain| gain + gain_step);
        re = turned;
    }
    for (lane, sample) in tail.iter_mut().enumerate() {
        *sample += gain[lane] * im[lane];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sine_is_exact_enough() {
        let mut worst = 0.0f64;
        for i in -20_000..20_000 {
            let turns = i as f32 / 3_000.0;
            let expected = (TAU * f64::from(turns)).sin();
            worst = worst.max((f64::from(sin_turns(turns)) - expected).abs());
        }
        assert!(worst < 3e-6, "{worst}");
    }

    #[test]
    fn steady_and_gliding_agree() {
        let (mut a, mut b) = (vec![0.0f32; 241], vec![0.0f32; 241]);
        let end_a = add_sine(&mut a, 0.3, (0.031, 0.031), (0.5, 0.25));
        let end_b = add_sine(&mut b, 0.3, (0.031, 0.031 + 1e-15), (0.5, 0.25));
        assert!((end_a - end_b).abs() < 1e-9);
        for (a, b) in a.iter().zip(&b) {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
    }
}
