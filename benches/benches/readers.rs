//! What readers cost the writer: blocks are written as fast as it goes while 0, 1, 2, 4 or 8 other
//! processes read the latest 100 ms of every channel, 60 times a second each. Never asserts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark talks and may stop"
)]

use std::hint::black_box;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use soundfall_ring::RingFormat;
use soundfall_ring_file::{CreateOptions, FileRingWriter, create, open};

/// Names the ring to a reader process.
const RING: &str = "SOUNDFALL_BENCH_RING";
const READERS: [usize; 5] = [0, 1, 2, 4, 8];
const CHANNELS: u32 = 8;
const RATE: u32 = 48_000;
const BLOCK: u32 = 480;
/// Each number of readers has a turn in every round, so that whatever disturbs the machine
/// disturbs all of them.
const ROUNDS: usize = 8;
const TURN: Duration = Duration::from_millis(400);
/// Blocks that are timed together: one is about a microsecond.
const BATCH: u32 = 16;

/// A reader process; counts its reads and says so when its input ends.
fn read(path: &Path) {
    let ring = open(path, false).unwrap().ring;
    let (mut reads, mut refused) = (0, 0);
    let mut samples = vec![0.0; RATE as usize / 10];
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _ = std::io::stdin().read(&mut [0]);
            over.store(true, Ordering::Relaxed);
        });
        while !over.load(Ordering::Relaxed) {
            for channel in 0..CHANNELS {
                match ring.read_latest(channel, black_box(&mut samples)) {
                    Ok(_) => reads += 1,
                    Err(_) => refused += 1,
                }
            }
            if reads + refused == CHANNELS {
                println!("reading");
            }
            std::thread::sleep(Duration::from_micros(16_667));
        }
    });
    println!("{reads} {refused}");
}

/// Starts a reader and waits for its first reads.
fn start(path: &Path) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .env(RING, path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut words = BufReader::new(child.stdout.take().unwrap());
    words.read_line(&mut String::new()).unwrap();
    (child, words)
}

/// Nanoseconds a block, of every batch in a turn.
fn write(writer: &mut FileRingWriter, block: &[f32], times: &mut Vec<f64>) {
    let start = Instant::now();
    while start.elapsed() < TURN {
        let batch = Instant::now();
        for _ in 0..BATCH {
            writer.write_block(black_box(block)).unwrap();
        }
        times.push(batch.elapsed().as_secs_f64() * 1e9 / f64::from(BATCH));
        writer.heartbeat_now();
    }
}

fn main() {
    if let Some(path) = std::env::var_os(RING) {
        return read(Path::new(&path));
    }
    let shm = Path::new("/dev/shm");
    let dir = if shm.is_dir() {
        tempfile::tempdir_in(shm)
    } else {
        tempfile::tempdir()
    }
    .unwrap();
    let path = dir.path().join("ring");
    let mut writer = create(&CreateOptions {
        path: path.clone(),
        format: RingFormat::with_seconds(RATE, CHANNELS, 30.0, BLOCK).unwrap(),
        label: "bench".to_owned(),
    })
    .unwrap();
    let block: Vec<f32> = (0..BLOCK * CHANNELS).map(|i| (i as f32).sin()).collect();
    for _ in 0..4000 {
        writer.write_block(&block).unwrap();
    }

    let mut times = READERS.map(|_| Vec::new());
    let mut reads = READERS.map(|_| [0, 0]);
    for _ in 0..ROUNDS {
        for (number, readers) in READERS.into_iter().enumerate() {
            let running: Vec<_> = (0..readers).map(|_| start(&path)).collect();
            write(&mut writer, &block, &mut times[number]);
            for (mut child, mut words) in running {
                child.stdin.take().unwrap().write_all(b"\n").unwrap();
                let mut line = String::new();
                words.read_line(&mut line).unwrap();
                child.wait().unwrap();
                let counts: Vec<u64> = line
                    .split_whitespace()
                    .map(|n| n.parse().unwrap())
                    .collect();
                reads[number][0] += counts[0];
                reads[number][1] += counts[1];
            }
        }
    }
    println!(
        "{CHANNELS} channels at {RATE} Hz, blocks of {BLOCK} frames, ring in {}",
        dir.path().display()
    );
    let mut alone = [0.0; 2];
    for (number, readers) in READERS.into_iter().enumerate() {
        let times = &mut times[number];
        times.sort_by(f64::total_cmp);
        let [low, middle] = [times[times.len() / 10], times[times.len() / 2]];
        if readers == 0 {
            alone = [low, middle];
        }
        println!(
            "{readers} readers: {middle:>5.0} ns a block, {:.3} times alone (lower decile {:.3}); {} reads of 100 ms, {} refused",
            middle / alone[1],
            low / alone[0],
            reads[number][0],
            reads[number][1],
        );
    }
}
