//! Our side of `peers/stft_peers.py`: analyses a recording as often as it is asked to and says how
//! long that took. Never compares anything itself, uses one thread only.
//!
//! Arguments: FILE (little-endian `f32` samples of one channel), window size, hop. Every line on
//! stdin is an order, answered by one line on stdout:
//! `run` → seconds this thread computed for one pass over the recording, `write PATH` → the number of columns written to
//! PATH as little-endian `f32` dBFS, `[columns][bins]`. The end of stdin ends it.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark talks and may stop"
)]

use std::hint::black_box;
use std::io::{BufRead, Write};

use soundfall_benches::thread_time;
use soundfall_dsp::stft::{Stft, StftParams};
use soundfall_dsp::window::Window;

fn main() {
    // Cargo puts `--bench` among the arguments.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    let [file, size, hop] = arguments.as_slice() else {
        println!("stft_peers: run by peers/stft_peers.py, does nothing by itself");
        return;
    };
    let bytes = std::fs::read(file).unwrap();
    let samples: Vec<f32> = bytes
        .as_chunks()
        .0
        .iter()
        .map(|&bytes| f32::from_le_bytes(bytes))
        .collect();
    let params =
        StftParams::new(Window::Hann, size.parse().unwrap(), hop.parse().unwrap()).unwrap();
    let mut stft = Stft::new(&params).unwrap();
    let columns = params.columns_in(samples.len());
    let mut out = vec![0.0f32; columns * params.bins()];
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        match line.split_once(' ') {
            Some(("write", path)) => {
                stft.columns(&samples, &mut out);
                let bytes: Vec<u8> = out.iter().flat_map(|x| x.to_le_bytes()).collect();
                std::fs::write(path, bytes).unwrap();
                println!("{columns}");
            }
            _ => {
                let start = thread_time();
                stft.columns(black_box(&samples), black_box(&mut out));
                println!("{:.9}", (thread_time() - start).as_secs_f64());
            }
        }
        std::io::stdout().flush().unwrap();
    }
}
