//! The copies of `copy` two words at a time, for x86-64. Never does the odd ends: each function
//! returns how many frames it has done, from the first on, and the plain loops do the rest.
//!
//! Why this is still the access that the protocol asks for: Intel and AMD guarantee for processors
//! with AVX that an aligned 16-byte load or store by MOVAPD is atomic. Each instruction below is
//! therefore, for all that another processor can see, two neighbouring relaxed 64-bit atomic
//! accesses at once. They are inline assembly because the language has no name for them and must
//! not take them for ordinary accesses, which would race.

use std::arch::asm;
use std::arch::x86_64::{
    __m128, __m128d, _MM_HINT_ET0, _MM_TRANSPOSE4_PS, _mm_cvtpd_ps, _mm_cvtps_pd, _mm_loadu_ps,
    _mm_movehl_ps, _mm_movelh_ps, _mm_prefetch, _mm_set_ps, _mm_storeu_pd, _mm_storeu_ps,
};
use std::sync::atomic::AtomicU64;

use super::words_to_boundary;

/// Words that the reading loops do at once: a cache line.
const STEP: usize = 8;

/// Whether the guarantee above holds; the answer is cached by the standard library.
fn is_guaranteed() -> bool {
    is_x86_feature_detected!("avx")
}

/// Loads eight words.
///
/// # Safety
/// `from` is aligned to 16 bytes, eight words from there on may be read, and the processor has AVX.
#[inline(always)]
unsafe fn load8(from: *const AtomicU64) -> [__m128d; 4] {
    let (a, b, c, d): (__m128d, __m128d, __m128d, __m128d);
    // SAFETY: reads the 64 bytes that the caller vouches for and touches nothing else; as atomics
    // they may change meanwhile (see the head of this file).
    unsafe {
        asm!(
            "movapd {a}, [{from}]",
            "movapd {b}, [{from} + 16]",
            "movapd {c}, [{from} + 32]",
            "movapd {d}, [{from} + 48]",
            from = in(reg) from,
            a = out(xmm_reg) a, b = out(xmm_reg) b, c = out(xmm_reg) c, d = out(xmm_reg) d,
            options(nostack, preserves_flags, readonly),
        );
    }
    [a, b, c, d]
}

/// Stores four samples as four words.
///
/// # Safety
/// `to` is aligned to 16 bytes, four words from there on are atomics that may be stored to, and the
/// processor has AVX.
#[inline(always)]
unsafe fn store4(to: *const AtomicU64, samples: __m128) {
    // SAFETY: SSE2 is part of x86-64; the assembly writes the 32 bytes that the caller vouches for
    // and touches nothing else (`AtomicU64` may be written through a shared reference).
    unsafe {
        let low = _mm_cvtps_pd(samples);
        let high = _mm_cvtps_pd(_mm_movehl_ps(samples, samples));
        asm!(
            "movapd [{to}], {low}",
            "movapd [{to} + 16], {high}",
            to = in(reg) to,
            low = in(xmm_reg) low, high = in(xmm_reg) high,
            options(nostack, preserves_flags),
        );
    }
}

/// Calls `step(first word, index)` for every whole step; returns the words done.
#[inline(always)]
fn steps(words: &[AtomicU64], len: usize, mut step: impl FnMut(*const AtomicU64, usize)) -> usize {
    let len = len.min(words.len());
    if words_to_boundary(words) > 0 || len < STEP || !is_guaranteed() {
        return 0;
    }
    let mut done = 0;
    while done + STEP <= len {
        step(words[done..].as_ptr(), done);
        done += STEP;
    }
    done
}

/// Copies from the start of `words` as f32.
pub(super) fn copy_f32(words: &[AtomicU64], out: &mut [f32]) -> usize {
    let len = out.len();
    let out = out.as_mut_ptr();
    steps(words, len, |from, at| {
        // SAFETY: `steps` gives aligned words with eight of them within both slices.
        unsafe {
            let [a, b, c, d] = load8(from);
            let low = _mm_movelh_ps(_mm_cvtpd_ps(a), _mm_cvtpd_ps(b));
            let high = _mm_movelh_ps(_mm_cvtpd_ps(c), _mm_cvtpd_ps(d));
            _mm_storeu_ps(out.add(at), low);
            _mm_storeu_ps(out.add(at + 4), high);
        }
    })
}

/// Copies from the start of `words` as f64.
pub(super) fn copy_f64(words: &[AtomicU64], out: &mut [f64]) -> usize {
    let len = out.len();
    let out = out.as_mut_ptr();
    steps(words, len, |from, at| {
        // SAFETY: as in `copy_f32`.
        unsafe {
            let [a, b, c, d] = load8(from);
            _mm_storeu_pd(out.add(at), a);
            _mm_storeu_pd(out.add(at + 2), b);
            _mm_storeu_pd(out.add(at + 4), c);
            _mm_storeu_pd(out.add(at + 6), d);
        }
    })
}

/// Stores interleaved samples to the lines of up to four neighbouring channels, of which the first
/// is at the start of `interleaved`. Returns the frames done. The cache lines of `next` are asked
/// for meanwhile.
pub(super) fn spread(
    interleaved: &[f32],
    channels: usize,
    lines: &[&[AtomicU64]],
    next: &[&[AtomicU64]],
) -> usize {
    let Some(frames) = lines.first().map(|line| line.len()) else {
        return 0;
    };
    let aligned = lines
        .iter()
        .all(|line| line.len() == frames && words_to_boundary(line) == 0);
    // The last frame's samples of these channels end at or before this.
    let inside = frames > 0 && (frames - 1) * channels + lines.len() <= interleaved.len();
    if !aligned || !inside || !is_guaranteed() {
        return 0;
    }
    let whole = frames - frames % 4;
    let input = interleaved.as_ptr();
    // SAFETY: `inside` was checked for the last frame, so the samples of these channels are within
    // `interleaved` for every frame; every line has `frames` words from a 16-byte boundary on.
    unsafe {
        if let [a, b, c, d] = lines {
            let lines = [a.as_ptr(), b.as_ptr(), c.as_ptr(), d.as_ptr()];
            spread_four(input, channels, lines, next, whole);
        } else {
            for (channel, line) in lines.iter().enumerate() {
                spread_one(input.add(channel), channels, line.as_ptr(), whole);
            }
        }
    }
    whole
}

/// Four channels, four frames at a time: a transposition.
///
/// # Safety
/// `frames` is a multiple of 4; four samples at `input + channels · f` may be read for every frame
/// f; each line is as [`store4`] wants it for `frames` words.
#[inline(always)]
unsafe fn spread_four(
    input: *const f32,
    channels: usize,
    lines: [*const AtomicU64; 4],
    next: &[&[AtomicU64]],
    frames: usize,
) {
    let mut done = 0;
    while done < frames {
        if done % STEP == 0 {
            for line in next {
                // SAFETY: a hint (PREFETCHW): it reads and writes nothing that the program can
                // see, and no address makes it fail.
                unsafe { _mm_prefetch::<_MM_HINT_ET0>(line.as_ptr().wrapping_add(done).cast()) }
            }
        }
        // SAFETY: `done + 3` is below `frames`; the rest is the caller's promise.
        unsafe {
            let from = input.add(done * channels);
            let mut a = _mm_loadu_ps(from);
            let mut b = _mm_loadu_ps(from.add(channels));
            let mut c = _mm_loadu_ps(from.add(2 * channels));
            let mut d = _mm_loadu_ps(from.add(3 * channels));
            _MM_TRANSPOSE4_PS(&mut a, &mut b, &mut c, &mut d);
            store4(lines[0].add(done), a);
            store4(lines[1].add(done), b);
            store4(lines[2].add(done), c);
            store4(lines[3].add(done), d);
        }
        done += 4;
    }
}

/// One channel, four frames at a time.
///
/// # Safety
/// As for [`spread_four`] with one sample and one line.
#[inline(always)]
unsafe fn spread_one(input: *const f32, channels: usize, line: *const AtomicU64, frames: usize) {
    let mut done = 0;
    while done < frames {
        // SAFETY: `done + 3` is below `frames`; the rest is the caller's promise.
        unsafe {
            let from = input.add(done * channels);
            let (a, b) = (*from, *from.add(channels));
            let (c, d) = (*from.add(2 * channels), *from.add(3 * channels));
            store4(line.add(done), _mm_set_ps(d, c, b, a));
        }
        done += 4;
    }
}
