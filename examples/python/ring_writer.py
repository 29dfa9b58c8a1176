#!/usr/bin/env python3
"""Writes a soundfall ring: any program may then read and show it (`soundfall view --ring PATH`).

Needs Python 3.9 and numpy, on Linux, macOS or another Unix. Copy this one file into your program:

    from ring_writer import RingWriter
    with RingWriter("/tmp/my-ring", rate=48000, channels=2, capacity=48000 * 30, block=480) as ring:
        ring.write_block(samples)         # float [480, 2], frame by frame; 100 times a second

The format is described in crates/ring/README.md. What Python can and cannot promise:

- Everything a writer owes its readers is here: one writer (a lock), a file that is never reused or
  truncated, all its room from the start, the claim before a block, the sequence after it, and a
  sign of life with every block. Call `heartbeat()` at least every 250 ms when there is no sound.
- Python has no memory fences. On x86 stores stay in order, and CPython and numpy store in the order
  of the program, so the protocol holds. On other processors (ARM) a reader may see a block's
  samples before its claim. Readers keep one block of guard for that, careful ones two; take it as
  best effort there, or write from Rust or C.
- If somebody truncates the file, the next store ends this process (SIGBUS).
"""
import argparse
import fcntl
import mmap
import os
import platform
import secrets
import stat
import sys
import time

import numpy as np

MAGIC = 0x4155444954414221  # "AUDITAB!"
EXT_MAGIC = 0x534F554E4446414C  # "SOUNDFAL"
HEADER_BYTES = 4096
GAP_ENTRIES = 112
LABEL_BYTES = 256
# Indices of the header's 64-bit words.
W_MAGIC, W_VERSION, W_RATE, W_CHANNELS, W_CAPACITY, W_SEQUENCE, W_BLOCK = range(7)
W_EXT, W_EXT_VERSION, W_CLAIM, W_EPOCH, W_START_NS, W_HEARTBEAT, W_PID, W_STATE, W_GAPS = range(7, 16)
W_LABEL, W_GAP_TABLE = 32, 64
OPEN, CLOSED = 1, 2
OVERRUN, DEVICE_LOST, DISCONTINUITY = 1, 2, 3


class RingWriter:
    """The one writer of a new ring at `path`. A ring that lies there is replaced by a new file."""

    def __init__(self, path, rate, channels, capacity, block, label="", extended=True):
        """`capacity` frames of history a channel, written in blocks of `block` frames. Without
        `extended` the ring has the base format alone."""
        if not (1 <= rate <= 50_000_000 and 1 <= channels <= 4096 and 1 <= block < capacity):
            raise ValueError("rate, channels, block or capacity out of range; block < capacity")
        self.path = os.path.abspath(path)
        self.rate, self.channels, self.capacity, self.block = rate, channels, capacity, block
        self.extended = extended
        self.sequence = 0
        self.gap_total = 0
        folder, name = os.path.split(self.path)
        os.makedirs(folder, mode=0o700, exist_ok=True)
        self._refuse_others()
        self._take_lock()
        temporary = os.path.join(folder, f".{name}.{secrets.token_hex(8)}.new")
        try:
            self._make(temporary, label)
            # Only now the ring has its name: a path leads to a whole ring or to none.
            os.rename(temporary, self.path)
        except BaseException:
            if os.path.exists(temporary):
                os.unlink(temporary)
            self._release_lock()
            raise

    def _refuse_others(self):
        """Whatever lies at the path and is no ring stays as it is."""
        try:
            meta = os.lstat(self.path)
        except FileNotFoundError:
            return
        magic = b""
        if stat.S_ISREG(meta.st_mode):
            fd = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            magic = os.pread(fd, 8, 0)
            os.close(fd)
        if magic != MAGIC.to_bytes(8, "little"):
            raise FileExistsError(f"{self.path} exists and is no ring; choose another path")

    def _take_lock(self):
        """One writer a ring. The lock ends with the process; a leftover file locks nothing."""
        self._lock_path = self.path + ".lock"
        for _ in range(16):
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            self._lock = os.open(self._lock_path, flags, 0o600)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pid = os.pread(self._lock, 16, 0).decode("ascii", "replace").strip()
                os.close(self._lock)
                raise BlockingIOError(f"{self.path} is already written by process {pid}") from None
            # Its holder may have removed the file between our opening and locking it.
            if self._owns_lock_file():
                os.ftruncate(self._lock, 0)
                os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)
                return
            os.close(self._lock)
        raise BlockingIOError(f"{self._lock_path} cannot be locked; try again")

    def _owns_lock_file(self):
        try:
            return os.path.samestat(os.fstat(self._lock), os.lstat(self._lock_path))
        except FileNotFoundError:
            return False

    def _release_lock(self):
        if self._owns_lock_file():
            os.unlink(self._lock_path)
        os.close(self._lock)

    def _make(self, temporary, label):
        size = HEADER_BYTES + self.channels * self.capacity * 8
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = os.open(temporary, flags, 0o600)
        try:
            # All blocks now: on a sparse file a full disk would end the writer with SIGBUS.
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(fd, 0, size)
            else:
                for at in range(0, size, 1 << 20):
                    os.pwrite(fd, bytes(min(1 << 20, size - at)), at)
            self._map = mmap.mmap(fd, size)
        finally:
            os.close(fd)
        self._words = np.frombuffer(self._map, "<u8")
        self._samples = np.frombuffer(self._map, "<f8", offset=HEADER_BYTES)
        self._samples = self._samples.reshape(self.channels, self.capacity)
        # Every page into memory, so that no block waits for one.
        self._words[:: mmap.PAGESIZE // 8] = 0
        now = time.time_ns()
        words = self._words
        words[W_VERSION] = 1
        words[W_RATE], words[W_CHANNELS] = self.rate, self.channels
        words[W_CAPACITY], words[W_BLOCK] = self.capacity, self.block
        if self.extended:
            words[W_EPOCH] = secrets.randbelow((1 << 64) - 1) + 1
            words[W_START_NS], words[W_HEARTBEAT] = now, now
            words[W_PID], words[W_STATE] = os.getpid(), OPEN
            text = label.encode()[:LABEL_BYTES].decode(errors="ignore").encode()
            words[W_LABEL : W_LABEL + LABEL_BYTES // 8] = np.frombuffer(
                text.ljust(LABEL_BYTES, b"\0"), "<u8"
            )
            words[W_EXT_VERSION] = 1
            words[W_EXT] = EXT_MAGIC
        words[W_MAGIC] = MAGIC  # last

    @property
    def written(self):
        """Frames written so far; always whole blocks."""
        return self.sequence * self.block

    def write_block(self, frames):
        """Writes one block: numbers [block, channels], or [block] for one channel."""
        frames = np.asarray(frames, "<f8").reshape(self.block, -1)
        if frames.shape[1] != self.channels:
            raise ValueError(f"a block is [{self.block}, {self.channels}]")
        first = self.written % self.capacity
        span = min(self.block, self.capacity - first)
        planar = frames.T
        if self.extended:
            self._words[W_CLAIM] = self.sequence + 1  # before any sample
        self._samples[:, first : first + span] = planar[:, :span]
        if span < self.block:
            self._samples[:, : self.block - span] = planar[:, span:]
        self.sequence += 1
        self._words[W_SEQUENCE] = self.sequence  # after every sample
        self.heartbeat()

    def record_gap(self, start, length, reason=DISCONTINUITY):
        """Says that `length` frames from `start` on were lost before the ring. Write zeros for
        them, so that time stays true."""
        if not self.extended or length <= 0:
            return
        at = W_GAP_TABLE + self.gap_total % GAP_ENTRIES * 4
        self._words[at : at + 4] = [start, length, reason, 0]
        self.gap_total += 1
        self._words[W_GAPS] = self.gap_total  # after its entry

    def heartbeat(self):
        """A sign of life; at least every 250 ms."""
        if self.extended:
            self._words[W_HEARTBEAT] = time.time_ns()

    def close(self):
        """Ends the ring as it should be; the file and its history stay."""
        if self._words is None:
            return
        if self.extended:
            self._words[W_STATE] = CLOSED
        self._words = self._samples = None
        self._map.close()
        self._release_lock()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        # After an error readers shall find the writer dead, not the ring closed.
        if kind is None:
            self.close()


def sine(first, frames, args):
    """Channel c has a sine of (c + 1) * HZ at a quarter of full scale."""
    at = np.arange(first, first + frames)[:, None] / args.rate
    return 0.25 * np.sin(2 * np.pi * args.hz * np.arange(1, args.channels + 1) * at)


def noise(first, frames, args):
    """White noise, every channel its own."""
    return np.random.default_rng(first).uniform(-0.25, 0.25, (frames, args.channels))


def count(first, frames, args):
    """For tests: (frame * channels + channel) modulo 2^24, far beyond full scale."""
    at = np.arange(first, first + frames)[:, None] * args.channels
    return (at + np.arange(args.channels)) % (1 << 24)


SIGNALS = {signal.__name__: signal for signal in (sine, noise, count)}


def main():
    parser = argparse.ArgumentParser(
        description="Writes a test signal to a soundfall ring.",
        epilog="Signals: " + " ".join(f"{n}: {f.__doc__}" for n, f in SIGNALS.items()),
    )
    parser.add_argument("ring", help="path of the ring; a ring that is there is replaced")
    parser.add_argument("--rate", type=int, default=48000, help="Hz (48000)")
    parser.add_argument("--channels", type=int, default=2, help="(2)")
    parser.add_argument("--history", type=float, default=30.0, help="seconds the ring holds (30)")
    parser.add_argument("--block", type=int, default=480, help="frames a block (480)")
    parser.add_argument("--signal", choices=SIGNALS, default="sine")
    parser.add_argument("--hz", type=float, default=440.0, help="of the sine (440)")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="how long (for ever)")
    parser.add_argument("--label", default="ring_writer.py", help="name of the source")
    parser.add_argument("--base", action="store_true", help="the base format, without extension")
    parser.add_argument("--fast", action="store_true", help="as fast as it goes, not in real time")
    parser.add_argument("--gap", type=float, nargs=2, action="append", default=[], metavar=("AT", "SECONDS"), help="a span that counts as lost; can be given again")
    args = parser.parse_args()
    if platform.machine().lower() not in ("x86_64", "amd64"):
        print("note: on this processor the order of stores is best effort", file=sys.stderr)
    capacity = round(args.history * args.rate)
    gaps = [(round(at * args.rate), round(length * args.rate)) for at, length in args.gap]
    try:
        ring = RingWriter(args.ring, args.rate, args.channels, capacity, args.block, args.label, not args.base)
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")
    began = time.monotonic()
    try:
        while ring.written < args.seconds * args.rate:
            first = ring.written
            samples = SIGNALS[args.signal](first, args.block, args)
            for start, length in gaps:
                samples[max(0, start - first) : max(0, start + length - first)] = 0
                if first <= start < first + args.block:
                    ring.record_gap(start, length)
            ring.write_block(samples)
            while not args.fast and (ahead := began + ring.written / args.rate - time.monotonic()) > 0:
                time.sleep(min(ahead, 0.2))
                ring.heartbeat()
    except KeyboardInterrupt:
        pass
    ring.close()


if __name__ == "__main__":
    main()
