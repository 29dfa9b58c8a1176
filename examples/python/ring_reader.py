#!/usr/bin/env python3
"""Reads a soundfall ring: the sound of the last seconds, while another program writes it.

Needs Python 3.9 and numpy, on Linux, macOS or another Unix. Copy this one file into your program:

    from ring_reader import Ring, Lapped
    ring = Ring("/run/user/1000/soundfall/audiotab_ringbuf")
    samples = ring.latest(ring.rate // 10)        # float64 [channels, frames], the newest 100 ms
    for event in ring.follow():                   # every frame, as it comes
        ...

The format is described in crates/ring/README.md. What Python can and cannot promise:

- A read is accepted only if the writer cannot have touched it meanwhile, exactly as in the Rust
  reader: the check after the copy decides.
- Python has no memory fences. The ring is read with pread, call by call; on x86 loads stay in
  order, so the protocol holds. On other processors (ARM) the order rests on what the system does
  inside pread, which is strong in practice and promised by nobody: there two blocks of distance
  are kept from the oldest frame instead of one. Take it as best effort.
- The system does not promise to copy 8 bytes at once. Counters are therefore read until two
  readings agree; samples need no such care, because a torn one is in a refused read.
- Nothing is mapped, so a ring that is truncated or replaced is an error here and never a crash.
"""
import argparse
import json
import os
import platform
import stat
import sys
import time

import numpy as np

MAGIC = 0x4155444954414221  # "AUDITAB!"
EXT_MAGIC = 0x534F554E4446414C  # "SOUNDFAL"
HEADER_BYTES = 4096
GAP_ENTRIES = 112
GAP_TABLE, GAP_BYTES = 512, 32
LABEL, LABEL_BYTES = 256, 256
MAX_FRAME = 1 << 62
# Byte offsets of the header's words.
VERSION, RATE, CHANNELS, CAPACITY, SEQUENCE, BLOCK = 8, 16, 24, 32, 40, 48
EXT, EXT_VERSION, CLAIM, EPOCH, START_NS, HEARTBEAT, PID, STATE, GAP_TOTAL = range(56, 128, 8)
REASONS = {1: "capture overrun", 2: "device lost", 3: "source discontinuity"}
# Blocks kept back at the oldest end.
GUARD = 1 if platform.machine().lower() in ("x86_64", "amd64", "i386", "i686") else 2


class RingError(Exception):
    """The file is no ring, or not any more; the message says why and what to do."""


class NotYet(Exception):
    """Some of the frames are not written yet; `available` is the end of those that are."""

    def __init__(self, available):
        super().__init__(f"frames up to {available} are written so far; ask again later")
        self.available = available


class Lapped(Exception):
    """The writer overwrote some of the frames; go on at `resume_at`, which leaves some room."""

    def __init__(self, start, resume_at):
        super().__init__(
            f"Data loss detected (buffer overrun): {resume_at - start} frames from {start} on"
        )
        self.start, self.resume_at = start, resume_at


class Ring:
    """A ring that is open for reading. Frames are absolute numbers, from 0 at the ring's start."""

    def __init__(self, path):
        """Opens the ring at `path`; RingError or OSError if there is none."""
        self.path = os.fspath(path)
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        self._fd = os.open(self.path, flags)
        try:
            self._open()
        except BaseException:
            os.close(self._fd)
            raise

    def _open(self):
        meta = os.fstat(self._fd)
        if not stat.S_ISREG(meta.st_mode):
            raise RingError(f"{self.path} is not a file; give the path of a ring")
        self._identity = (meta.st_dev, meta.st_ino)
        if meta.st_size < HEADER_BYTES:
            raise RingError(f"{self.path} has {meta.st_size} bytes and is no ring")
        head = self._words(0, 16)
        magic = int(head[0])
        if magic == int.from_bytes(MAGIC.to_bytes(8, "little"), "big"):
            raise RingError(f"{self.path} was written big-endian; write it little-endian")
        if magic != MAGIC:
            raise RingError(f"{self.path} is no ring: it starts with {magic:#018x}")
        if head[VERSION // 8] != 1:
            raise RingError(f"{self.path} has version {head[1]}; only 1 is known here")
        # Python's integers do not wrap, so the checks can be written as they are meant.
        self.rate, self.channels, self.capacity, self.block = (
            int(head[offset // 8]) for offset in (RATE, CHANNELS, CAPACITY, BLOCK)
        )
        need = HEADER_BYTES + self.channels * self.capacity * 8
        good = (
            1 <= self.rate <= 50_000_000
            and 1 <= self.channels <= 4096
            and 1 <= self.block < self.capacity
            and need <= meta.st_size
            and int(head[SEQUENCE // 8]) * self.block < MAX_FRAME
        )
        if not good:
            raise RingError(f"{self.path} is damaged or cut off; start its writer again")
        #: Whether the soundfall extension is there: claim, epoch, label, heartbeat, gaps.
        self.extended = int(head[EXT // 8]) == EXT_MAGIC and int(head[EXT_VERSION // 8]) == 1
        self.epoch = int(head[EPOCH // 8]) if self.extended else 0
        self.start_unix_ns = int(head[START_NS // 8]) if self.extended else None
        self.writer_pid = int(head[PID // 8]) if self.extended else None
        label = self._words(LABEL, LABEL_BYTES // 8).tobytes().split(b"\0")[0]
        self.label = label.decode("utf-8", "replace") if self.extended else None
        # Where the guard leaves nothing, one block has to do.
        self._guard = min(GUARD, (self.capacity - 1) // self.block)

    def close(self):
        """Closes the file; the ring cannot be read any more."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _pread(self, out, offset):
        """Fills the array `out` from byte `offset` on."""
        view = memoryview(out).cast("B")
        done = 0
        while done < len(view):
            got = os.preadv(self._fd, [view[done:]], offset + done)
            if got == 0:
                raise RingError(f"{self.path} shrank; its writer is gone: open it again")
            done += got

    def _words(self, offset, count):
        """Header words, read until two readings agree."""
        words, again = np.empty(count, "<u8"), np.empty(count, "<u8")
        self._pread(words, offset)
        for _ in range(8):
            self._pread(again, offset)
            if np.array_equal(words, again):
                break
            words, again = again, words
        return words

    def _live(self):
        """Sequence and claim of now; RingError if another ring lies here."""
        words = self._words(0, 16)
        same = int(words[0]) == MAGIC and [
            int(words[at // 8]) for at in (RATE, CHANNELS, CAPACITY, BLOCK)
        ] == [self.rate, self.channels, self.capacity, self.block]
        if self.extended:
            same = same and int(words[EXT // 8]) == EXT_MAGIC and int(words[EPOCH // 8]) == self.epoch
        if not same:
            raise RingError(f"{self.path}: another ring lies here now; open it again")
        return int(words[SEQUENCE // 8]), int(words[CLAIM // 8]) if self.extended else 0

    def _sequence(self):
        return int(self._words(SEQUENCE, 1)[0])

    @property
    def written(self):
        """End of the frames that are written."""
        return self._sequence() * self.block

    @property
    def readable(self):
        """Most frames that one read can give."""
        return self.capacity - self._guard * self.block

    @property
    def oldest(self):
        """Oldest frame that can be read."""
        return max(0, self.written + self._guard * self.block - self.capacity)

    def read(self, start, frames, channels=None):
        """Frames start .. start + frames of all channels (or of those named), as float64
        [channels, frames]. All of it is consistent, or it raises Lapped, NotYet or RingError."""
        channels = range(self.channels) if channels is None else channels
        if start < 0 or frames < 0 or any(not 0 <= c < self.channels for c in channels):
            raise ValueError("no such frames or channels")
        if frames > self.readable:
            raise ValueError(f"at most {self.readable} frames can be read at once")
        before = self._sequence()
        if start + frames > before * self.block:
            raise NotYet(before * self.block)

        # Block number `next_block` may be in the making: it overwrites the frames one capacity
        # below it. One more block is kept back on processors that reorder loads.
        def intact(next_block):
            blocks = next_block + self._guard - 1
            return blocks * self.block <= start + self.capacity

        if not intact(before + 1):
            raise self._lapped(start, before, 0)
        out = np.empty((len(channels), frames), "<f8")
        first = start % self.capacity
        span = min(frames, self.capacity - first)
        for row, channel in zip(out, channels):
            base = HEADER_BYTES + channel * self.capacity * 8
            self._pread(row[:span], base + first * 8)
            if span < frames:
                self._pread(row[span:], base)
        after, claim = self._live()
        if after < before:
            raise RingError(f"{self.path}: the ring began anew; open it again")
        if not intact(max(claim, after + 1)):
            raise self._lapped(start, after, after - before)
        return out

    def _lapped(self, start, sequence, passed):
        written = sequence * self.block
        oldest = max(0, written + self._guard * self.block - self.capacity)
        margin = max(2 * passed * self.block, self.readable // 8)
        return Lapped(start, max(min(oldest + margin, written), start))

    def latest(self, frames):
        """The newest frames of all channels, float64 [channels, frames]."""
        for _ in range(3):
            written = self.written
            if written < frames:
                raise NotYet(written)
            try:
                return self.read(written - frames, frames)
            except Lapped as error:
                lapped = error
        raise lapped

    def follow(self, start=None, poll_secs=0.01, max_frames=65536):
        """Yields for ever, from frame `start` on (without it: from the live edge):
        ("frames", first frame, float64 [channels, frames]), ("lost", first, end) when this reader
        was too slow, and ("idle", next frame, None) when nothing new is there; it sleeps
        `poll_secs` after that."""
        at = self.written if start is None else start
        while True:
            frames = min(self.written - at, max_frames, self.readable)
            if frames <= 0:
                yield "idle", at, None
                time.sleep(poll_secs)
                continue
            try:
                samples = self.read(at, frames)
            except Lapped as error:
                yield "lost", at, error.resume_at
                at = error.resume_at
                continue
            yield "frames", at, samples
            at += frames

    def gaps(self):
        """(gaps ever recorded, the newest of them as dictionaries, oldest first). A gap was lost
        before it reached the ring, which holds zeros there."""
        if not self.extended:
            return 0, []
        before = int(self._words(GAP_TOTAL, 1)[0])
        table = np.empty((GAP_ENTRIES, 4), "<u8")
        self._pread(table, GAP_TABLE)
        after = int(self._words(GAP_TOTAL, 1)[0])
        found = []
        for gap in range(max(0, before - GAP_ENTRIES), before):
            start, length, reason, _ = (int(word) for word in table[gap % GAP_ENTRIES])
            # The writer may be at entry `after` now.
            if after < gap + GAP_ENTRIES and 0 < length and start + length <= MAX_FRAME:
                reason = REASONS.get(reason, f"unknown reason {reason}")
                found.append({"start_frame": start, "length_frames": length, "reason": reason})
        return before, found

    def writer(self):
        """"alive", "silent", "dead", "closed" or, for base rings, "unknown"."""
        if not self.extended:
            return "unknown"
        heartbeat, state = (int(self._words(at, 1)[0]) for at in (HEARTBEAT, STATE))
        if state == 2:
            return "closed"
        if state != 1:
            return "unknown"
        if abs(time.time_ns() - heartbeat) <= 1_000_000_000:
            return "alive"
        try:
            if not 0 < self.writer_pid < 1 << 31:
                return "dead"
            os.kill(self.writer_pid, 0)
        except ProcessLookupError:
            return "dead"
        except PermissionError:
            pass
        return "silent"

    def is_replaced(self):
        """Whether the path leads to another file now: a writer was started again, open it anew."""
        try:
            meta = os.lstat(self.path)
        except OSError:
            return False
        return (meta.st_dev, meta.st_ino) != self._identity


def level(samples):
    """RMS and peak in dBFS, a channel each."""
    with np.errstate(divide="ignore"):
        rms = 20 * np.log10(np.sqrt(np.mean(samples**2, axis=1)))
        peak = 20 * np.log10(np.max(np.abs(samples), axis=1))
    return " ".join(f"{r:6.1f}/{p:6.1f}" for r, p in zip(rms, peak))


def info(ring, _):
    """Header, writer and gaps as JSON."""
    total, gaps = ring.gaps()
    names = "path rate channels capacity block written oldest extended label epoch".split()
    facts = {name: getattr(ring, name) for name in names}
    facts.update(writer=ring.writer(), gap_total=total, gaps=gaps)
    print(json.dumps(facts, indent=2))


def latest(ring, args):
    """The newest SECONDS to a .npy file, float64 [channels, frames]."""
    samples = ring.latest(round(args.seconds * ring.rate))
    np.save(args.output, samples)
    print(f"{samples.shape[1]} frames of {samples.shape[0]} channels to {args.output}", file=sys.stderr)


def record(ring, args):
    """Every frame for SECONDS to a .npy file; what was lost is zeros there and listed as JSON."""
    frames = round(args.seconds * ring.rate)
    start = ring.oldest if args.oldest else ring.written
    out = np.zeros((ring.channels, frames))
    lost, end = [], start
    for kind, first, what in ring.follow(start, max_frames=args.step):
        if kind == "frames":
            part = what[:, : start + frames - first]
            out[:, first - start : first - start + part.shape[1]] = part
            end = first + part.shape[1]
            time.sleep(args.slow)
        elif kind == "lost":
            lost.append([first, min(what, start + frames)])
            end = min(what, start + frames)
        elif ring.writer() in ("dead", "closed") and ring.written <= first:
            break
        if end >= start + frames:
            break
    np.save(args.output, out[:, : end - start])
    total, gaps = ring.gaps()
    print(json.dumps({"start": start, "end": end, "lost": lost, "gap_total": total, "gaps": gaps}))


def watch(ring, args):
    """RMS/peak of every channel in dBFS, once a second, for SECONDS."""
    until = time.monotonic() + args.seconds
    due, parts = time.monotonic() + 1, []
    for kind, first, what in ring.follow():
        if kind == "frames":
            parts.append(what)
        elif kind == "lost":
            print(f"lost frames {first} to {what}: this program was too slow", file=sys.stderr)
        if time.monotonic() >= due:
            words = level(np.concatenate(parts, axis=1)) if parts else "nothing new"
            print(f"{ring.written / ring.rate:10.3f} s  {words}  ({ring.writer()})", flush=True)
            due, parts = due + 1, []
        if time.monotonic() >= until:
            break


def main():
    parser = argparse.ArgumentParser(description="Reads a soundfall ring.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for run in (info, latest, record, watch):
        command = commands.add_parser(run.__name__, help=run.__doc__, description=run.__doc__)
        command.add_argument("ring", help="path of the ring")
        command.set_defaults(run=run)
        if run is not info:
            command.add_argument("--seconds", type=float, default=1.0, help="how long (1)")
        if run in (latest, record):
            command.add_argument("-o", "--output", required=True, help="the .npy file to write")
        if run is record:
            command.add_argument("--oldest", action="store_true", help="begin with the oldest frame")
            command.add_argument("--step", type=int, default=65536, help="frames a read (65536)")
            command.add_argument("--slow", type=float, default=0.0, help="seconds of sleep after each read, to try out being lapped")
    args = parser.parse_args()
    try:
        with Ring(args.ring) as ring:
            args.run(ring, args)
    except (RingError, NotYet, Lapped, OSError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
