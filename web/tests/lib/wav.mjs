// Writes WAV files for the tests. Never reads one.

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** 16-bit WAV bytes of `secs` seconds; `sample(frame, channel)` gives −1 to 1. */
export function wav({ rate = 48_000, channels = 1, secs = 2, sample }) {
  const frames = Math.round(rate * secs);
  const data = Buffer.alloc(frames * channels * 2);
  for (let frame = 0; frame < frames; frame += 1) {
    for (let channel = 0; channel < channels; channel += 1) {
      const value = Math.round(sample(frame, channel) * 32767);
      data.writeInt16LE(value, (frame * channels + channel) * 2);
    }
  }
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + data.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(channels, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * channels * 2, 28);
  head.writeUInt16LE(channels * 2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(data.length, 40);
  return Buffer.concat([head, data]);
}

/** A tone of `hz` (channel c: (c + 1) times that) at half of full scale. */
export const tone = (hz, rate = 48_000) => (frame, channel) =>
  0.5 * Math.sin((2 * Math.PI * hz * (channel + 1) * frame) / rate);

/** Writes bytes to a new temporary file and gives its path. */
export function temporary(name, bytes) {
  const path = join(mkdtempSync(join(tmpdir(), "soundfall-")), name);
  writeFileSync(path, bytes);
  return path;
}
