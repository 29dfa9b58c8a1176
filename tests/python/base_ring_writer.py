"""Writes a ring in the base format (no extension), as another program of the family would.

usage: base_ring_writer.py PATH RATE CHANNELS CAPACITY BLOCK HZ SECONDS

Channel c carries a sine of (c + 1) * HZ at a quarter of full scale, written block by block by
numpy.memmap: first, at once, a little more than the ring holds, so that it has gone round; then
`ready` is printed; then SECONDS more in real time.
"""
import sys
import time

import numpy as np

MAGIC = 0x4155444954414221
HEADER_BYTES = 4096
MAGIC_WORD, VERSION, RATE, CHANNELS, CAPACITY, SEQUENCE, BLOCK = range(7)


def main():
    path = sys.argv[1]
    rate, channels, capacity, block = map(int, sys.argv[2:6])
    hertz, seconds = map(float, sys.argv[6:8])

    words = HEADER_BYTES // 8 + channels * capacity
    ring = np.memmap(path, dtype="<u8", mode="w+", shape=(words,))
    ring[[VERSION, RATE, CHANNELS, CAPACITY, SEQUENCE, BLOCK]] = [1, rate, channels, capacity, 0, block]
    ring[MAGIC_WORD] = MAGIC
    samples = ring[HEADER_BYTES // 8:].view("<f8").reshape(channels, capacity)
    factors = np.arange(1, channels + 1)[:, None]

    ahead = capacity // block + 40
    for k in range(ahead + int(seconds * rate / block)):
        if k == ahead:
            print("ready", flush=True)
            start = time.monotonic()
        if k > ahead:
            time.sleep(max(0.0, start + (k - ahead) * block / rate - time.monotonic()))
        frames = np.arange(k * block, (k + 1) * block)
        samples[:, frames % capacity] = 0.25 * np.sin(2 * np.pi * hertz * factors * frames / rate)
        ring[SEQUENCE] = k + 1


main()
