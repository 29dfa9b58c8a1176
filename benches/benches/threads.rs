//! How many columns a second more threads make: engines of one plan, each thread with its own.
//! Never asserts on time; the threads are started and ended outside what is measured.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark talks and may stop"
)]

use std::hint::black_box;
use std::sync::Barrier;
use std::time::Instant;

use soundfall_benches::thread_time;
use soundfall_dsp::stft::{Stft, StftParams};
use soundfall_dsp::window::Window;

/// Columns of one thread in one round.
const COLUMNS: usize = 20_000;
const ROUNDS: usize = 10;

/// Columns a second of `threads` together: by the clock on the wall, and by the time each thread
/// computed, which a busy machine does not lessen. The best rounds.
fn rate(engine: &Stft, threads: usize) -> [f64; 2] {
    let size = engine.params().window_size;
    let samples: Vec<f32> = (0..size).map(|i| (i as f32 * 0.37).sin()).collect();
    let barrier = Barrier::new(threads + 1);
    std::thread::scope(|scope| {
        let tasks: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let mut engine = engine.clone();
                    let mut out = vec![0.0; engine.bins()];
                    let mut rates = [0.0; ROUNDS];
                    for rate in &mut rates {
                        barrier.wait();
                        let start = thread_time();
                        for _ in 0..COLUMNS {
                            engine.column(black_box(&samples), black_box(&mut out));
                        }
                        *rate = COLUMNS as f64 / (thread_time() - start).as_secs_f64();
                        barrier.wait();
                    }
                    rates
                })
            })
            .collect();
        let mut on_the_wall = 0.0f64;
        for _ in 0..ROUNDS {
            barrier.wait();
            let start = Instant::now();
            barrier.wait();
            let columns = (threads * COLUMNS) as f64;
            on_the_wall = on_the_wall.max(columns / start.elapsed().as_secs_f64());
        }
        let rates: Vec<_> = tasks.into_iter().map(|task| task.join().unwrap()).collect();
        let computed = (0..ROUNDS)
            .map(|round| rates.iter().map(|rates| rates[round]).sum())
            .fold(0.0, f64::max);
        [on_the_wall, computed]
    })
}

fn main() {
    let most = std::thread::available_parallelism().map_or(1, usize::from);
    println!("STFT columns of 2048 a second, by threads (this machine has {most}):");
    let params = StftParams::new(Window::Hann, 2048, 512).unwrap();
    let engine = Stft::new(&params).unwrap();
    let one = rate(&engine, 1);
    let mut threads = 1;
    while threads <= most {
        let rate = if threads == 1 {
            one
        } else {
            rate(&engine, threads)
        };
        println!(
            "{threads:>4} threads: {:>10.0} columns/s, {:.2} times one; {:>10.0} by processor time, {:.2} times one",
            rate[0],
            rate[0] / one[0],
            rate[1],
            rate[1] / one[1],
        );
        threads = if threads == most {
            most + 1
        } else {
            (threads * 2).min(most)
        };
    }
}
