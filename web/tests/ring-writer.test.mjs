// SharedRingWriter against RingBufferReader, in Node: the protocol, gaps, and reading while the
// writer laps. Never opens a browser.

import assert from "node:assert/strict";
import test from "node:test";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { blockFramesFor } from "../public/audio/ring-writer.js";
import { gapsOf, ringOf } from "./lib/reader.mjs";

const ramp = (from, frames, sign = 1) => Float32Array.from({ length: frames }, (_, i) => sign * (from + i));

test("what is written in odd pieces is read in whole blocks, across the end of the ring", async () => {
  const { writer, reader } = await ringOf();
  assert.equal(writer.capacity, 1024);
  assert.deepEqual([reader.sampleRate, reader.channels, reader.blockFrames], [1000, 2, 64]);
  let frame = 0;
  for (const frames of [1, 63, 100, 500, 7, 329, 64, 128, 300, 555]) {
    writer.write([ramp(frame, frames), ramp(frame, frames, -1)], frames);
    frame += frames;
  }
  assert.equal(reader.sequence, Math.floor(frame / 64));
  const end = reader.writtenFrames;
  const start = reader.oldestFrame;
  assert.ok(start > 0, "the ring went round");
  assert.deepEqual(reader.read(0, start, end - start), ramp(start, end - start));
  assert.deepEqual(reader.read(1, start, end - start), ramp(start, end - start, -1));
});

test("planes may be read from an offset, and a missing plane is silence", async () => {
  const { writer, reader } = await ringOf();
  writer.write([ramp(0, 200)], 64, 100);
  assert.deepEqual(reader.read(0, 0, 64), ramp(100, 64));
  assert.deepEqual(reader.read(1, 0, 64), new Float32Array(64));
});

test("a gap is zeros and an entry, at the exact frame", async () => {
  const { buffer, layout, writer, reader } = await ringOf();
  writer.write([ramp(1, 100), ramp(1, 100)], 100);
  writer.gap(150, 2);
  writer.write([ramp(251, 70), ramp(251, 70)], 70);
  assert.deepEqual(gapsOf(buffer, layout), [[100, 150, 2]]);
  assert.equal(reader.writtenFrames, 320);
  const samples = reader.read(0, 0, 320);
  assert.deepEqual(samples.subarray(0, 100), ramp(1, 100));
  assert.deepEqual(samples.subarray(100, 250), new Float32Array(150));
  assert.deepEqual(samples.subarray(250), ramp(251, 70));
});

test("a gap longer than the ring leaps: zeros everywhere, time stays true, little work", async () => {
  const { buffer, layout, writer, reader } = await ringOf();
  writer.write([ramp(1, 1000), ramp(1, 1000)], 1000);
  const gap = 3_000_000_017;
  writer.beginGap(gap, 3);
  let calls = 1;
  while (writer.fillGap() > 0) calls += 1;
  assert.ok(calls < 5, `${calls} calls`);
  const frames = 64 - ((1000 + gap) % 64);
  writer.write([ramp(5, frames), ramp(5, frames)], frames);
  assert.deepEqual(gapsOf(buffer, layout), [[1000, gap, 3]]);
  const end = reader.writtenFrames;
  assert.equal(end, 1000 + gap + frames);
  assert.deepEqual(reader.read(0, end - frames, frames), ramp(5, frames));
  const older = reader.read(1, end - 900, 900 - frames);
  assert.deepEqual(older, new Float32Array(900 - frames));
});

test("counters are right where their low half wraps", async () => {
  const { writer, reader } = await ringOf();
  writer.gap(64 * (2 ** 32 - 2), 1);
  assert.equal(reader.sequence, 2 ** 32 - 2);
  for (let block = 0; block < 5; block += 1) {
    writer.write([ramp(0, 64)], 64);
    assert.equal(reader.sequence, 2 ** 32 - 1 + block);
  }
});

test("closing completes the last block and is told; nothing comes after it", async () => {
  const { buffer, layout, writer, reader } = await ringOf();
  writer.write([ramp(1, 10)], 10);
  writer.close();
  writer.write([ramp(1, 640)], 640);
  assert.equal(reader.writtenFrames, 64);
  assert.deepEqual(reader.read(0, 0, 64).subarray(10), new Float32Array(54));
  assert.equal(new Int32Array(buffer)[layout.state / 4], layout.stateClosed);
});

test("the heartbeat is nanoseconds since 1970, at most every 100 ms", async () => {
  const { buffer, layout, writer } = await ringOf();
  const words = new BigInt64Array(buffer);
  const now = 1_790_000_000_123;
  writer.beat(now);
  assert.ok(Math.abs(Number(words[layout.heartbeat / 8]) - now * 1e6) < 1000);
  writer.beat(now + 50);
  assert.ok(Math.abs(Number(words[layout.heartbeat / 8]) - now * 1e6) < 1000);
  writer.beat(now + 150);
  assert.ok(Number(words[layout.heartbeat / 8]) > (now + 149) * 1e6);
});

test("blocks are about 10 ms, as in the native program", () => {
  assert.deepEqual([8000, 44_100, 48_000, 96_000, 192_000].map(blockFramesFor), [128, 512, 512, 1024, 2048]);
});

test("a lapping writer: no torn sample is ever accepted", async (t) => {
  const { buffer, layout, reader } = await ringOf({ rate: 4096, block: 64 });
  const stop = new SharedArrayBuffer(4);
  const worker = new Worker(new URL("./lib/lapping-writer.mjs", import.meta.url), { workerData: { buffer, layout, stop } });
  const ended = once(worker, "exit");
  while (reader.writtenFrames < 2 * 4096) await new Promise((resolve) => setTimeout(resolve, 1));
  const counts = { accepted: 0, refused: 0, torn: 0 };
  for (let round = 0; round < 30_000; round += 1) {
    const length = 64 * (1 + (round % 48));
    // From the very oldest frame, from a little later, and from the newest.
    const late = [0, 200, 4000][round % 3];
    const channel = round % 2;
    const start = Math.min(reader.oldestFrame + late, reader.writtenFrames - length);
    let samples = null;
    try {
      samples = reader.read(channel, start, length);
    } catch (error) {
      assert.equal(error.name, "RingBufferError");
      counts.refused += 1;
      continue;
    }
    counts.accepted += 1;
    const sign = channel === 0 ? 1 : -1;
    if (samples.some((value, i) => value !== sign * ((start + i) % 16777216))) counts.torn += 1;
  }
  Atomics.store(new Int32Array(stop), 0, 1);
  await ended;
  t.diagnostic(JSON.stringify(counts));
  assert.equal(counts.torn, 0);
  assert.ok(counts.accepted > 1000 && counts.refused > 0, "both kinds were met");
});
