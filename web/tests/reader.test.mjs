// RingBufferReader in Node: the memory it takes, the gaps it gives, what it counts when the writer
// laps it, how often it tries, and its types. Never opens a browser.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { Worker } from "node:worker_threads";
import { dist, root } from "./lib/place.mjs";
import { gapsOf, loadReader, ringOf } from "./lib/reader.mjs";

const ramp = (from, frames, sign = 1) => Float32Array.from({ length: frames }, (_, i) => sign * (from + i));
/** Writes frames whose samples are their numbers, in blocks of the ring. */
const feed = (writer, from, frames) => writer.write([ramp(from, frames), ramp(from, frames, -1)], frames);
const refusal = (pattern) => (error) => error.name === "RingBufferError" && pattern.test(error.message);

test("a ring is read from every kind of memory, wherever it begins in it", async () => {
  const { buffer, writer } = await ringOf();
  const { RingBufferReader } = await loadReader();
  feed(writer, 0, 640);
  writer.gap(64, 2);
  const bytes = new Uint8Array(buffer);
  const inside = (offset, Memory = ArrayBuffer) => {
    const place = new Uint8Array(new Memory(bytes.length + 64), offset, bytes.length);
    place.set(bytes);
    return place;
  };
  const kinds = {
    SharedArrayBuffer: buffer,
    ArrayBuffer: bytes.slice().buffer,
    Uint8Array: bytes.slice(),
    "Uint8Array of shared memory": bytes,
    "Uint8Array at a word": inside(24),
    "Uint8Array at a word of shared memory": inside(24, SharedArrayBuffer),
    "Uint8Array at half a word": inside(4),
    "Uint8Array at an odd byte": inside(13),
    Buffer: Buffer.from(bytes),
    DataView: new DataView(bytes.slice().buffer),
    Float64Array: new Float64Array(bytes.slice().buffer),
  };
  for (const [kind, memory] of Object.entries(kinds)) {
    const reader = new RingBufferReader(memory);
    assert.deepEqual([reader.channels, reader.writtenFrames, reader.label], [2, 704, "test"], kind);
    assert.deepEqual(reader.read(0, 0, 640), ramp(0, 640), kind);
    assert.deepEqual(reader.read(1, 300, 340), ramp(300, 340, -1), kind);
    assert.deepEqual(reader.gaps(), [{ start: 640, length: 64, reason: "device lost" }], kind);
    reader.free();
  }
});

test("a view is not copied: what is written later is read", async () => {
  const { buffer, writer } = await ringOf();
  const { RingBufferReader } = await loadReader();
  const bytes = new Uint8Array(buffer);
  for (const offset of [0, 8, 3]) {
    const memory = new Uint8Array(new ArrayBuffer(bytes.length + 8), offset, bytes.length);
    memory.set(bytes);
    const reader = new RingBufferReader(memory);
    const before = reader.writtenFrames;
    feed(writer, before, 64);
    memory.set(bytes);
    assert.equal(reader.writtenFrames, before + 64, `at byte ${offset}`);
    assert.deepEqual(reader.readLatest(0, 64), { start: before, samples: ramp(before, 64) }, `at byte ${offset}`);
    assert.deepEqual(reader.poll(), { start: before, end: before + 64, lost: 0 }, `at byte ${offset}`);
  }
});

test("what holds no ring is refused by name", async () => {
  const { RingBufferReader } = await loadReader();
  const { buffer } = await ringOf();
  const bytes = new Uint8Array(buffer);
  const transferred = new ArrayBuffer(8192);
  structuredClone(transferred, { transfer: [transferred] });
  const odd = new SharedArrayBuffer(bytes.length + 8);
  new Uint8Array(odd, 4).set(bytes);
  for (const [memory, words] of [
    [null, /an ArrayBuffer, or a view of one/],
    [undefined, /an ArrayBuffer/],
    [{ byteLength: 8192, byteOffset: 0, buffer: {} }, /an ArrayBuffer/],
    ["text", /an ArrayBuffer/],
    [new Uint8Array(0), /only 0 bytes/],
    [transferred, /only 0 bytes/],
    [bytes.slice(0, 4095), /only 4088 bytes/],
    [new Uint8Array(8192), /not a ring/],
    [bytes.slice(0, -8), /cut off/],
    [new Uint8Array(odd, 4, bytes.length), /begins 4 bytes into shared memory/],
  ]) {
    assert.throws(() => new RingBufferReader(memory), refusal(words), String(words));
  }
});

test("memory that goes away is told, never read", async () => {
  const { buffer } = await ringOf();
  const { RingBufferReader } = await loadReader();
  for (const offset of [0, 3]) {
    const memory = new Uint8Array(new ArrayBuffer(buffer.byteLength + 8), offset, buffer.byteLength);
    memory.set(new Uint8Array(buffer));
    const reader = new RingBufferReader(memory);
    structuredClone(memory.buffer, { transfer: [memory.buffer] });
    assert.throws(() => reader.read(0, 0, 1), refusal(/shrank to 0 of/));
    assert.throws(() => reader.readLatest(0, 1), refusal(/\w/));
    assert.deepEqual(reader.gaps(), []);
  }
});

test("numbers that are no frames are refused", async () => {
  const { writer, reader } = await ringOf();
  feed(writer, 0, 640);
  for (const start of [-1, NaN, Infinity, 2 ** 63]) {
    assert.throws(() => reader.read(0, start, 1), refusal(/frames are numbers from 0 on/), String(start));
    assert.throws(() => reader.get_waveform_span(0, start, 640, 4), refusal(/frames are numbers/), String(start));
  }
  assert.throws(() => reader.read(0, 600, 64), refusal(/640 are written so far/));
  assert.throws(() => reader.read(2, 0, 1), refusal(/no channel 2/));
  assert.throws(() => reader.readLatest(0, 1e6), refusal(/more|at most/));
});

test("gaps are given as the writer recorded them, the newest 111 of any number", async () => {
  const { buffer, layout, writer, reader } = await ringOf();
  assert.deepEqual([reader.gaps(), reader.gapTotal], [[], 0]);
  const reasons = ["capture overrun", "device lost", "source discontinuity", "unknown reason 9"];
  const expected = [];
  for (let gap = 0; gap < 300; gap += 1) {
    feed(writer, 0, 3);
    const [start, length] = [gap * 8 + 3, 5];
    writer.gap(length, [1, 2, 3, 9][gap % 4]);
    expected.push({ start, length, reason: reasons[gap % 4] });
  }
  assert.equal(reader.gapTotal, 300);
  assert.deepEqual(reader.gaps(), expected.slice(-111));
  assert.deepEqual(gapsOf(buffer, layout).at(-1).slice(0, 2), [expected.at(-1).start, 5]);
});

test("a lap is counted, frame for frame, and the rest is read", async () => {
  const { writer, reader } = await ringOf();
  feed(writer, 0, 512);
  assert.deepEqual(reader.poll(), { start: 0, end: 512, lost: 0 });
  assert.deepEqual([reader.laps, reader.lostFrames], [0, 0]);
  let at = 512;
  let lost = 0;
  for (let lap = 1; lap <= 5; lap += 1) {
    feed(writer, at, 1024 * lap);
    const poll = reader.poll();
    const oldest = reader.oldestFrame;
    assert.deepEqual([poll.start, poll.end], [at, at + 1024 * lap]);
    assert.equal(reader.laps, lap);
    // At least what is gone, at most what cannot be read any more and a margin of an eighth of the ring.
    assert.ok(poll.lost >= oldest - at && poll.lost <= oldest - at + 1024 / 8, `${poll.lost} of ${oldest - at}`);
    lost += poll.lost;
    assert.equal(reader.lostFrames, lost);
    const first = poll.start + poll.lost;
    assert.deepEqual(reader.read(0, first, poll.end - first), ramp(first, poll.end - first));
    at = poll.end;
  }
  assert.deepEqual(reader.poll(), { start: at, end: at, lost: 0 });
});

test("a writer that laps all the time: every poll ends, and every frame is read or counted as lost", async (t) => {
  const { buffer, layout, reader } = await ringOf({ rate: 4096, block: 64 });
  const stop = new SharedArrayBuffer(4);
  const worker = new Worker(new URL("./lib/lapping-writer.mjs", import.meta.url), { workerData: { buffer, layout, stop } });
  const ended = once(worker, "exit");
  let [at, lost, polls] = [0, 0, 0];
  while (reader.laps < 500 || polls < 500) {
    const poll = reader.poll();
    assert.equal(poll.start, at, "no frame between two polls");
    assert.ok(poll.lost >= 0 && poll.lost <= poll.end - poll.start, JSON.stringify(poll));
    at = poll.end;
    lost += poll.lost;
    polls += 1;
    // Time in which the ring is written several times over.
    if (polls % 2 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  Atomics.store(new Int32Array(stop), 0, 1);
  await ended;
  t.diagnostic(JSON.stringify({ polls, laps: reader.laps, lost, frames: at }));
  assert.equal(reader.lostFrames, lost);
  assert.ok(at <= reader.writtenFrames);
});

test("a writer that begins anew in the same memory is told", async () => {
  const { buffer, layout, writer, reader } = await ringOf();
  const { RingBufferReader } = await loadReader();
  const words = new BigInt64Array(buffer);
  const base = () => {
    // As a base writer has it: no extension.
    words.fill(0n, 7, 512);
    return new RingBufferReader(buffer);
  };
  feed(writer, 0, 640);
  const plain = base();
  assert.equal(plain.label, "");
  Atomics.store(words, layout.sequence / 8, 2n);
  // It is another ring: to be opened as such.
  assert.throws(() => plain.poll(), refusal(/replaced/));
  assert.throws(() => plain.poll(), refusal(/replaced/));
  assert.equal(base().writtenFrames, 128);
  // A ring of ours says it by its epoch, which is gone now.
  assert.throws(() => reader.read(0, 0, 1), refusal(/replaced/));
});

/**
 * Calls `lap` in each of the next `times` reads of the ring, after the look at its sequence and before the copy of its
 * samples; `tries()` counts these reads so far.
 */
function lapInCopies(ring, times, lap) {
  const { subarray } = Float64Array.prototype;
  let tries = 0;
  Float64Array.prototype.subarray = function (...range) {
    const part = subarray.apply(this, range);
    // The module takes parts of its own memory too.
    if (this.buffer === ring) {
      tries += 1;
      if (tries <= times) lap();
    }
    return part;
  };
  return {
    tries: () => tries,
    end: () => (Float64Array.prototype.subarray = subarray),
  };
}

const NEWEST = {
  readLatest: (reader) => reader.readLatest(0, 100).samples,
  get_waveform: (reader) => reader.get_waveform(0, 4),
  get_spectrogram: (reader) => reader.get_spectrogram(0, 64, 64, 1),
};

for (const [name, read] of Object.entries(NEWEST)) {
  test(`${name}: the first try is lapped, the second is good; three that are lapped are the end`, async () => {
    const { buffer, writer, reader } = await ringOf({ channels: 1 });
    const quiet = new Float32Array(2048).fill(0.25);
    const loud = new Float32Array(2048).fill(0.5);
    writer.write([quiet], 2048);
    const first = lapInCopies(buffer, 1, () => writer.write([loud], 2048));
    try {
      const values = read(reader);
      assert.equal(first.tries(), 2);
      // Nothing of what was there before the lap.
      first.end();
      writer.write([loud], 2048);
      assert.deepEqual(values, read(reader));
    } finally {
      first.end();
    }
    const all = lapInCopies(buffer, 99, () => writer.write([loud], 2048));
    try {
      assert.throws(() => read(reader), refusal(/^Data loss detected \(buffer overrun\): \d+ frames are lost/));
      assert.equal(all.tries(), 3, "at most three tries");
    } finally {
      all.end();
    }
    const none = lapInCopies(buffer, 0);
    read(reader);
    none.end();
    assert.equal(none.tries(), 1);
  });
}

test("long rings on many points: half a minute at 192 kHz", async () => {
  const { writer, reader } = await ringOf({ rate: 192_000, channels: 1, secs: 30, block: 2048 });
  const frames = 2048 * 2800;
  writer.write([], frames - 2048);
  const last = new Float32Array(2048);
  last[1000] = 0.75;
  writer.write([last], 2048);
  const points = reader.get_waveform(0, 1500);
  assert.equal(points.length, 3000);
  assert.deepEqual([points.indexOf(0.75), points.lastIndexOf(0.75)], [2999, 2999]);
});

test("the types say what is given, in strict TypeScript", () => {
  const folder = mkdtempSync(join(tmpdir(), "soundfall-types-"));
  copyFileSync(join(dist(), "module/soundfall_web.d.ts"), join(folder, "soundfall_web.d.ts"));
  writeFileSync(
    join(folder, "use.ts"),
    `import init, { RingBufferReader, createRing, type RingGap, type RingLatest, type RingMemory, type RingPoll } from "./soundfall_web.js";
await init();
const memories: RingMemory[] = [new SharedArrayBuffer(8), new ArrayBuffer(8), new Uint8Array(8), createRing(48000, 2, 30, 512, "x")];
const reader = new RingBufferReader(memories[0]!);
const poll: RingPoll = reader.poll();
const numbers: number[] = [poll.start, poll.end, poll.lost, reader.gapTotal, reader.laps, reader.lostFrames, reader.sampleRate];
const gaps: RingGap[] = reader.gaps();
const lost = gaps.filter((gap) => gap.reason === "device lost").reduce((sum, gap) => sum + gap.length, 0);
const newest: RingLatest = reader.readLatest(0, 512);
const parts: Float32Array[] = [newest.samples, reader.read(0, newest.start, 64), reader.get_waveform(0, 800), reader.get_spectrogram(0, 2048, 512, 8)];
reader.free();
export { numbers, lost, parts };
// @ts-expect-error no memory
new RingBufferReader("text");
// @ts-expect-error fixed
poll.lost = 0;
// @ts-expect-error no such reason
gaps.some((gap) => gap.reason === "moon");
// @ts-expect-error it is an object
const wrong: number = reader.poll();
`,
  );
  const compiler = join(root, "web/node_modules/typescript/bin/tsc");
  const options = ["--noEmit", "--strict", "--noUncheckedIndexedAccess", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler", "--lib", "es2022,dom,esnext.disposable"];
  try {
    execFileSync(process.execPath, [compiler, ...options, join(folder, "use.ts")], { encoding: "utf8" });
  } catch (error) {
    assert.fail(error.stdout);
  }
});
