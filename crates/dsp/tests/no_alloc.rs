//! Nothing that runs per column or per block allocates once it has been made: the first call
//! already runs under an allocator that ends the test when it is asked.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use common::signal;
use soundfall_dsp::coherence::CoherenceMeter;
use soundfall_dsp::envelope::{MinMaxRms, points};
use soundfall_dsp::meter::LevelMeter;
use soundfall_dsp::peaks::{Peak, PeakFinder, PeakParams};
use soundfall_dsp::scale::{BinMap, FrequencyAxis, Scale};
use soundfall_dsp::stft::{Stft, StftF64, StftParams};
use soundfall_dsp::window::Window;

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

/// Powers of two, other even lengths, odd ones and padded ones take different ways.
fn transforms() -> impl Iterator<Item = StftParams> {
    let lengths = [
        (64, 64),
        (1000, 1000),
        (1023, 1023),
        (2048, 2048),
        (2048, 8192),
        (32768, 32768),
    ];
    lengths.into_iter().map(|(size, fft)| {
        let params = StftParams::new(Window::Hann, size, size / 4 + 1).unwrap();
        params.padded_to(fft).unwrap()
    })
}

#[test]
fn columns_and_batches_of_channels() {
    let (left, right) = (signal(70_000), signal(66_000));
    for params in transforms() {
        let columns = params.columns_in(right.len());
        let mut out = vec![0.0; 2 * columns * params.bins()];
        let mut exact = vec![0.0; params.bins()];
        let mut fast = Stft::new(&params).unwrap();
        let mut reference = StftF64::new(&params).unwrap();
        let (column, few) = (params.bins(), params.bins() / 2);
        let (a, b) = assert_no_alloc(|| {
            fast.column(&left, &mut out[..column]);
            fast.column(&left[..40], &mut out[..few]);
            reference.column(&left, &mut exact);
            fast.columns(&left, &mut out);
            let a = fast.batch(&[&left, &right], &mut out);
            let b = reference.batch(&[&left[..params.window_size]], &mut out);
            (a, b)
        });
        assert_eq!((a, b), (columns, 1));
    }
}

#[test]
fn what_is_made_of_columns_and_samples() {
    let samples = signal(4096);
    let params = StftParams::default();
    let mut stft = Stft::new(&params).unwrap();
    let mut column = vec![0.0; params.bins()];
    stft.column(&samples, &mut column);
    let axis = FrequencyAxis::whole(Scale::Bark, 48_000.0, 500).unwrap();
    let map = BinMap::new(&axis, 48_000.0, params.fft_size);
    let mut picture = vec![0.0; axis.bins()];
    let mut finder = PeakFinder::new(&params, 48_000.0, PeakParams::default()).unwrap();
    let mut peaks: Vec<Peak> = Vec::new();
    finder.find(&column, &mut peaks);
    let mut coherence = CoherenceMeter::new(&params, 48_000.0, 2, 0, 1.0).unwrap();
    let mut shared = vec![0.0; params.bins()];
    let mut level = LevelMeter::new(48_000.0, 0.3);
    let mut lane = vec![MinMaxRms::EMPTY; 300];
    assert_no_alloc(|| {
        map.apply(&column, &mut picture);
        finder.find(&column, &mut peaks);
        coherence.push(&[&samples, &samples]);
        coherence.coherence(1, &mut shared);
        level.push(&samples);
        points(&samples, &mut lane);
    });
    assert!(!peaks.is_empty());
}
