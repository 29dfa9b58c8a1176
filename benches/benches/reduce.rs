//! What the reductions behind a picture cost: bins to columns against the transform that made the
//! bins, envelopes and pyramids against copying the samples. Never measures drawing.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark talks and may stop"
)]

use std::hint::black_box;

use soundfall_benches::turn_by_turn;
use soundfall_dsp::envelope::{MinMaxRms, points, reduce};
use soundfall_dsp::pyramid::{EnvelopePyramid, MaxRows};
use soundfall_dsp::scale::{BinMap, FrequencyAxis, Scale};
use soundfall_dsp::stft::{Stft, StftParams};

const RATE: f64 = 48_000.0;

fn main() {
    let samples: Vec<f32> = (0..1 << 20).map(|i| (i as f32 * 0.1).sin()).collect();
    let params = StftParams::default();
    let mut stft = Stft::new(&params).unwrap();
    let mut column = vec![0.0; stft.bins()];
    stft.column(&samples, &mut column);
    let bins = column.clone();

    println!("Against one STFT column of 2048:");
    for scale in Scale::ALL {
        for columns in [256, 1024] {
            let axis = FrequencyAxis::whole(scale, RATE, columns).unwrap();
            let map = BinMap::new(&axis, RATE, params.fft_size);
            let mut out = vec![0.0; columns];
            let result = turn_by_turn(
                || stft.column(black_box(&samples), &mut column),
                || map.apply(black_box(&bins), black_box(&mut out)),
            );
            println!("{columns:>5} columns {:<8} {result}", scale.to_string());
        }
    }
    let mut rows = MaxRows::new(bins.len(), 12, 0);
    let result = turn_by_turn(
        || stft.column(black_box(&samples), &mut column),
        || rows.push(black_box(&bins), |row| _ = black_box(row)),
    );
    println!("  12 levels of maxima   {result}");

    println!("Against copying a million samples:");
    let mut copy = vec![0.0f32; samples.len()];
    let mut copying = || black_box(&mut copy).copy_from_slice(black_box(&samples));
    let result = turn_by_turn(&mut copying, || {
        black_box(reduce(black_box(&samples)));
    });
    println!("  envelope, 1 point     {result}");
    let mut out = vec![MinMaxRms::EMPTY; 2000];
    let result = turn_by_turn(&mut copying, || points(black_box(&samples), &mut out));
    println!("  envelope, 2000 points {result}");
    let mut pyramid = EnvelopePyramid::new(48_000 * 30, 0);
    let result = turn_by_turn(&mut copying, || pyramid.push(black_box(&samples)));
    println!("  pyramid of 30 s       {result}");

    println!("A view of 2000 points, 30 s of history against 30 ms:");
    let end = pyramid.next_frame();
    let view = |frames: u64| {
        let pyramid = &pyramid;
        let mut out = vec![MinMaxRms::EMPTY; 2000];
        move || pyramid.summarise(black_box(end - frames..end), black_box(&mut out))
    };
    println!(
        "  summarise             {}",
        turn_by_turn(view(1440), view(1_440_000))
    );
}
