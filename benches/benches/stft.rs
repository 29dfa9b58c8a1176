//! What a column costs against the bare real transform of the same length, on one thread.
//! Never compares across runs: prints the ratio of two measurements taken turn by turn.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark talks and may stop"
)]

use std::hint::black_box;

use realfft::RealFftPlanner;
use soundfall_benches::turn_by_turn;
use soundfall_dsp::stft::{Stft, StftF64, StftParams};
use soundfall_dsp::window::Window;

const SIZES: [usize; 7] = [512, 1024, 2048, 4096, 8192, 16384, 32768];

/// Noise of a simple congruential generator: no value is special.
fn noise(len: usize) -> Vec<f32> {
    let mut state = 1u32;
    (0..len)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state as i32 as f32 / 2_147_483_648.0
        })
        .collect()
}

/// A transform with nothing around it, in buffers that are never refilled.
fn bare(size: usize) -> impl FnMut() {
    let plan = RealFftPlanner::<f32>::new().plan_fft_forward(size);
    // Zeros stay zeros, whatever the transform leaves in its input; its time is the same.
    let mut input = plan.make_input_vec();
    let mut output = plan.make_output_vec();
    let mut scratch = plan.make_scratch_vec();
    move || {
        plan.process_with_scratch(black_box(&mut input), &mut output, &mut scratch)
            .unwrap();
        black_box(&mut output);
    }
}

fn column(size: usize) -> impl FnMut() {
    let params = StftParams::new(Window::Hann, size, size / 4).unwrap();
    let mut stft = Stft::new(&params).unwrap();
    let samples = noise(size);
    let mut out = vec![0.0; stft.bins()];
    move || stft.column(black_box(&samples), black_box(&mut out))
}

fn main() {
    println!("STFT column (window + real FFT + dB) against the bare real FFT:");
    for size in SIZES {
        let result = turn_by_turn(bare(size), column(size));
        println!("{size:>6}: {result}");
    }
    let mut reference = StftF64::new(&StftParams::default()).unwrap();
    let samples = noise(2048);
    let mut out = vec![0.0; reference.bins()];
    let result = turn_by_turn(bare(2048), || {
        reference.column(black_box(&samples), black_box(&mut out));
    });
    println!("f64 reference, 2048: {result}");
}
