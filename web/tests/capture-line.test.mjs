// What becomes of a live source's frames: samples, gaps, bursts that come late. Time is made up.

import assert from "node:assert/strict";
import test from "node:test";
import { CaptureLine } from "../public/audio/capture-line.js";
import { PortWriter } from "../public/audio/port-writer.js";

const RATE = 48_000;
const QUANTUM = 128;

/** A writer that keeps a list of what it was told. */
class Notes {
  constructor() {
    this.told = [];
    this.owed = 0;
    this.frames = 0;
  }
  write(planes, frames, from = 0) {
    const last = this.told.at(-1);
    if (last?.frames) last.frames += frames;
    else this.told.push({ frames, first: planes[0][from] });
    this.frames += frames;
  }
  beginGap(gap, reason) {
    this.told.push({ gap, reason });
    this.owed = gap;
    this.frames += gap;
  }
  fillGap() {
    this.owed = Math.max(0, this.owed - 20_000);
    return this.owed;
  }
  close() {
    this.told.push("closed");
  }
}

/** A line fed with quanta whose samples are their frame number. */
function rig() {
  const writer = new Notes();
  const line = new CaptureLine(writer, RATE, 1);
  let frame = 0;
  const feed = (fromMs, toMs) => {
    const [first, last] = [fromMs, toMs].map((ms) => Math.round((ms * RATE) / 1000 / QUANTUM));
    for (let quantum = first; quantum < last; quantum += 1) {
      burst(1, Math.round((quantum * QUANTUM * 1000) / RATE));
    }
  };
  const burst = (quanta, now) => {
    for (let i = 0; i < quanta; i += 1) {
      line.take([new Float32Array(QUANTUM).fill(frame)], QUANTUM, now);
      frame += QUANTUM;
    }
  };
  return { writer, line, feed, burst };
}

const near = (got, wanted, within = 400) => assert.ok(Math.abs(got - wanted) <= within, `${got} is not ${wanted}`);

test("sound that flows is written as it comes", () => {
  const { writer, feed } = rig();
  feed(0, 2000);
  assert.equal(writer.told.length, 1);
  near(writer.frames, 96_000, QUANTUM);
});

test("time in which the context slept is a gap, and all later samples are kept", () => {
  const { writer, feed } = rig();
  feed(0, 1000);
  feed(3000, 4000);
  assert.equal(writer.told.length, 3);
  assert.equal(writer.told[1].reason, 3);
  near(writer.told[1].gap, 96_000);
  assert.equal(writer.told[2].first, 48_000, "the first sample after the gap is there");
  near(writer.frames, 192_000);
});

test("late frames that come in a burst are no gap", () => {
  const { writer, feed, burst } = rig();
  feed(0, 1000);
  burst(Math.round((0.6 * RATE) / QUANTUM), 1600);
  feed(1600, 3000);
  assert.deepEqual(writer.told.length, 1);
  near(writer.frames, 144_000, 2 * QUANTUM);
});

test("a device that is away leaves a gap of its reason", () => {
  const { writer, line, feed } = rig();
  feed(0, 1000);
  for (let now = 1000; now < 6000; now += 3) line.stand(now);
  feed(6000, 7000);
  assert.deepEqual(writer.told.map((note) => note.reason ?? "frames"), ["frames", 2, "frames"]);
  near(writer.told[1].gap, 240_000);
  near(writer.frames, 336_000);
});

test("clocks that drift apart by 300 ppm make no gap in hours", () => {
  const { writer, line } = rig();
  const plane = [new Float32Array(QUANTUM)];
  const quanta = Math.round((2 * 3600 * RATE) / QUANTUM);
  for (let quantum = 0; quantum < quanta; quantum += 1) {
    line.take(plane, QUANTUM, Math.floor((quantum * QUANTUM * 1000 * 1.0003) / RATE));
  }
  assert.equal(writer.told.length, 1);
});

test("closing writes what is still held back", () => {
  const { writer, line, feed, burst } = rig();
  feed(0, 1000);
  burst(4, 1500);
  line.close(1500);
  assert.equal(writer.told.at(-1), "closed");
  assert.equal(writer.told.at(-2).frames, 4 * QUANTUM);
});

test("nothing but sound starts a line", () => {
  const { writer, line, feed } = rig();
  line.stand(0);
  line.stand(5000);
  feed(5000, 6000);
  assert.equal(writer.told.length, 1);
});

test("PortWriter hands over whole blocks, and gaps as whole blocks of silence", () => {
  const sent = [];
  const port = { postMessage: (message) => sent.push(structuredClone(message)) };
  const writer = new PortWriter(port, 2, 4);
  const plane = (...values) => Float32Array.from(values);
  writer.write([plane(1, 2, 3, 4, 5, 6), plane(7, 8, 9, 10, 11, 12)], 6);
  writer.gap(11, 2);
  writer.write([plane(1, 1, 1, 1), plane(2, 2, 2, 2)], 3);
  writer.close();
  assert.deepEqual(sent.map((message) => Object.keys(message)[0]), ["block", "block", "silentBlocks", "block", "closed"]);
  assert.deepEqual([...sent[0].block], [1, 2, 3, 4, 7, 8, 9, 10]);
  assert.deepEqual([...sent[1].block], [5, 6, 0, 0, 11, 12, 0, 0]);
  assert.deepEqual([sent[2].silentBlocks, sent[2].gap, sent[2].reason], [2, 10, 2]);
  assert.deepEqual([...sent[3].block], [0, 1, 1, 1, 0, 2, 2, 2]);
});
