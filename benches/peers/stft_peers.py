#!/usr/bin/env python3
"""STFT to decibels beside its peers: soundfall, scipy, librosa and torch on the same recording, in
one run, one thread each. Prints a table with the machine named.

    cargo xtask bench peers [--recording FILE.wav] [--torch] [--size 2048] [--hop 512]

The first run makes a virtual environment of its own (about 400 MB, in $SOUNDFALL_CACHE or
~/.cache/soundfall) from requirements.txt beside this file. PyPI's torch for Linux brings CUDA along
(about 5 GB installed), so it is left out unless --torch is given or --python names an interpreter
that has it: its line then says that it was not measured.

Everybody computes the same: every whole window of the recording, Hann, power to dBFS with a floor,
float32, into memory. The passes are short and taken in turns; of each one's passes the lower decile
counts. Time is the processor time of the one that computes, so that a busy machine does not count
against anybody (on Windows ours is that of the clock on the wall, which is never less).
"""

import argparse
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Before numpy and torch read them.
for variable in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA"):
    os.environ[f"{variable}_NUM_THREADS"] = "1"

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TORCH = "torch==2.15.0"
# GB: what has to be free before PyPI's torch is installed, archives on the way included.
ROOM_FOR_TORCH = 12


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--recording", help="a WAV file; its first channel is analysed (default: 5 s made here)")
    parser.add_argument("--torch", action="store_true", help="install PyPI's torch too (about 5 GB)")
    parser.add_argument("--python", help="an interpreter that has the peers already; installs nothing")
    parser.add_argument("--size", type=int, default=2048, help="window in frames (default 2048)")
    parser.add_argument("--hop", type=int, default=512, help="frames from column to column (default 512)")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long to measure (default 20)")
    return parser.parse_args()


def environment(with_torch):
    """The interpreter of our own environment, made at the first call."""
    wanted = (HERE / "requirements.txt").read_text() + (TORCH if with_torch else "")
    key = hashlib.sha256((wanted + sys.version + sys.prefix).encode()).hexdigest()[:16]
    cache = os.environ.get("SOUNDFALL_CACHE") or Path.home() / ".cache/soundfall"
    folder = Path(cache) / f"peers-{key}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not (folder / "complete").exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder.parent).free / 1e9
        if with_torch and free < ROOM_FOR_TORCH:
            sys.exit(f"{folder.parent}: {free:.0f} GB are free; torch needs {ROOM_FOR_TORCH}: make room, or leave out --torch")
        print(f"Making {folder} …", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        install = [python, "-m", "pip", "install", "--quiet", "--only-binary=:all:"]
        subprocess.run([*install, "-r", HERE / "requirements.txt"], check=True)
        if with_torch:
            subprocess.run([*install, TORCH], check=True)
        (folder / "complete").write_text(wanted)
    return python


def machine():
    """Processor and system, as the table names them."""
    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{name}, {os.cpu_count()} cores, {platform.system()}"


def made_recording(np):
    """5 s at 48 kHz: a chord with a slow beat over noise, in float32."""
    t = np.arange(5 * 48_000) / 48_000
    tones = sum(np.sin(2 * np.pi * f * t) / k for k, f in enumerate((110, 277.2, 440, 1318.5, 5000), 1))
    noise = np.random.default_rng(1).normal(0, 0.01, t.size)
    return (0.2 * tones * (1 + 0.5 * np.sin(2 * np.pi * 0.7 * t)) + noise).astype(np.float32)


def read_recording(path, np):
    from scipy.io import wavfile

    _, samples = wavfile.read(path)
    samples = samples if samples.ndim == 1 else samples[:, 0]
    scale = np.iinfo(samples.dtype).max + 1.0 if samples.dtype.kind == "i" else 1.0
    return np.ascontiguousarray(samples / scale, dtype=np.float32)


class Ours:
    """The Rust bench, kept running: an order a line, an answer a line."""

    name = "soundfall"

    def __init__(self, samples, size, hop):
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "samples.f32"
        samples.astype("<f4").tofile(path)
        cargo = os.environ.get("CARGO", "cargo")
        command = [cargo, "bench", "--quiet", "--package", "soundfall-benches", "--bench", "stft_peers", "--"]
        self.process = subprocess.Popen(
            [*command, str(path), str(size), str(hop)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )

    def ask(self, order):
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit("the bench stft_peers ended early: see what cargo says above")
        return answer.strip()

    def run(self):
        return float(self.ask("run"))

    def levels(self, np, bins):
        path = Path(self.folder.name) / "levels.f32"
        self.ask(f"write {path}")
        return np.fromfile(path, dtype="<f4").reshape(-1, bins)


class Peer:
    """A function of the samples that gives [bins, columns] in dBFS."""

    def __init__(self, name, function):
        self.name, self.function = name, function

    def run(self):
        start = time.process_time()
        self.function()
        return time.process_time() - start


def peers(samples, size, hop, np):
    """The others, each as its documentation uses it, and remarks on those that are missing."""
    import librosa
    import scipy
    from scipy.signal import ShortTimeFFT, get_window

    found, missing = [], []
    window = get_window("hann", size, fftbins=True).astype(np.float32)
    scale = np.float32(2 / window.sum())
    floor = np.float32(1e-20)
    stft = ShortTimeFFT(window, hop, fs=1.0)
    # Slices whose window lies wholly inside: from the one that starts at frame 0.
    columns = (samples.size - size) // hop + 1
    first = size // 2
    inner = samples[: (columns - 1) * hop + size]

    def by_scipy():
        spectrum = stft.stft(inner, p0=0, p1=columns, k_offset=first)
        return 10 * np.log10(np.maximum(np.abs(spectrum * scale) ** 2, floor))

    def by_librosa():
        spectrum = librosa.stft(samples, n_fft=size, hop_length=hop, window="hann", center=False)
        return 10 * np.log10(np.maximum(np.abs(spectrum * scale) ** 2, floor))

    found.append(Peer(f"scipy.signal.ShortTimeFFT {scipy.__version__}", by_scipy))
    found.append(Peer(f"librosa.stft {librosa.__version__}", by_librosa))
    try:
        import torch
    except ImportError:
        missing.append("torch.stft: not measured (--torch installs it, about 5 GB)")
        return found, missing
    torch.set_num_threads(1)
    tensor, torch_window = torch.from_numpy(samples), torch.hann_window(size)

    def by_torch():
        with torch.inference_mode():
            spectrum = torch.stft(tensor, size, hop, window=torch_window, center=False, return_complex=True)
            return torch.log10(torch.clamp_min((spectrum * float(scale)).abs() ** 2, 1e-20)).mul_(10)

    found.append(Peer(f"torch.stft {torch.__version__}", by_torch))
    return found, missing


def worst_difference(np, ours, theirs):
    """Largest difference in dB above −100 dBFS; 0 Hz and half the rate are scaled otherwise here."""
    theirs = np.asarray(theirs).T[: len(ours), 1:-1]
    ours = ours[: len(theirs), 1:-1]
    return float(np.abs(ours - theirs)[theirs > -100].max())


def measure(options):
    import numpy as np

    samples = read_recording(options.recording, np) if options.recording else made_recording(np)
    if samples.size < options.size:
        sys.exit(f"{options.recording}: {samples.size} frames are shorter than a window of {options.size}")
    columns = (samples.size - options.size) // options.hop + 1
    others, missing = peers(samples, options.size, options.hop, np)
    ours = Ours(samples, options.size, options.hop)
    levels = ours.levels(np, options.size // 2 + 1)
    assert len(levels) == columns, (len(levels), columns)
    differences = {peer.name: worst_difference(np, levels, peer.function()) for peer in others}
    times, rounds, end = {}, 0, time.monotonic() + options.seconds
    while rounds < 15 or time.monotonic() < end:
        rounds += 1
        for one in (ours, *others):
            times.setdefault(one.name, []).append(one.run())
    ours.process.stdin.close()
    ours.process.wait()

    print(f"STFT to dBFS, Hann {options.size}, hop {options.hop}: {columns} columns, one thread each, "
          f"processor time, "
          f"lower decile of {rounds} passes in turns.")
    print(f"{time.strftime('%Y-%m-%d')}, {machine()}, Python {platform.python_version()}, numpy {np.__version__}.\n")
    print("| engine | µs a column | soundfall is | differs by |")
    print("|---|---|---|---|")
    base = float(np.percentile(times[ours.name], 10))
    for name, passes in times.items():
        secs = float(np.percentile(passes, 10))
        faster = "" if name == ours.name else f"{secs / base:.1f} × as fast"
        differs = f"{differences[name]:.4f} dB" if name in differences else ""
        print(f"| {name} | {secs / columns * 1e6:.2f} | {faster} | {differs} |")
    for remark in missing:
        print(f"\n{remark}")


def main():
    options = arguments()
    if os.environ.get("SOUNDFALL_PEERS") != "ready":
        try:
            python = options.python or environment(options.torch)
        except (OSError, subprocess.CalledProcessError) as error:
            sys.exit(f"no environment for the peers: {error}")
        os.environ["SOUNDFALL_PEERS"] = "ready"
        sys.exit(subprocess.run([python, "-B", *sys.argv]).returncode)
    measure(options)


if __name__ == "__main__":
    main()
