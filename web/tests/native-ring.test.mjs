// A ring file that the native program wrote, read in the page: its bytes as a Uint8Array, every
// sample of them.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { openPage, stageFor } from "./lib/browser.mjs";
import { loadReader } from "./lib/reader.mjs";
import { tone, wav } from "./lib/wav.mjs";

const program = process.env.SOUNDFALL_BIN;
const RATE = 48_000;
// The sound is longer than the ring, which so has gone round.
const [SECS, HISTORY_SECS] = [3, 2];
const HEADER = 4096;
const FIELD = { rate: 16, channels: 24, capacity: 32, sequence: 40, block: 48 };

/** The bytes of a ring that the program captured and closed: channel c has a tone of (c + 1) × 500 Hz. */
function captured() {
  const folder = mkdtempSync(join(tmpdir(), "soundfall-"));
  const [input, ring] = [join(folder, "tones.wav"), join(folder, "ring")];
  writeFileSync(input, wav({ rate: RATE, channels: 3, secs: SECS, sample: tone(500, RATE) }));
  const env = { ...process.env, XDG_RUNTIME_DIR: folder };
  const words = ["capture", "--file", input, "--ring", ring, "--history", String(HISTORY_SECS), "--seconds", String(SECS + 1)];
  execFileSync(program, words, { env, stdio: ["ignore", "ignore", "inherit"] });
  return readFileSync(ring);
}

/** What the bytes say, by the format's description alone. */
function plainly(bytes) {
  const word = (offset) => Number(bytes.readBigUInt64LE(offset));
  const facts = Object.fromEntries(Object.entries(FIELD).map(([name, offset]) => [name, word(offset)]));
  const end = facts.sequence * facts.block;
  const start = Math.max(0, end + facts.block - facts.capacity);
  const planes = Array.from({ length: facts.channels }, (_, channel) =>
    Float32Array.from({ length: end - start }, (_, i) =>
      bytes.readDoubleLE(HEADER + (channel * facts.capacity + ((start + i) % facts.capacity)) * 8),
    ),
  );
  return { ...facts, start, end, planes };
}

test("a native ring", { skip: existsSync(program ?? "") ? false : "the native program is not built" }, async (t) => {
  const bytes = captured();
  const wanted = plainly(bytes);
  assert.deepEqual([wanted.rate, wanted.channels], [RATE, 3]);
  assert.ok(wanted.start > 0 && wanted.end >= SECS * RATE, "the ring went round");

  await t.test("is read in Node, bit for bit", async () => {
    const { RingBufferReader } = await loadReader();
    const odd = new Uint8Array(new ArrayBuffer(bytes.length + 5), 5);
    odd.set(bytes);
    for (const memory of [new Uint8Array(bytes), odd]) {
      const reader = new RingBufferReader(memory);
      assert.deepEqual([reader.oldestFrame, reader.writtenFrames], [wanted.start, wanted.end]);
      wanted.planes.forEach((plane, channel) => {
        assert.deepEqual(reader.read(channel, wanted.start, plane.length), plane);
      });
      reader.free();
    }
  });

  await t.test("is read in the page: facts, samples, waveform, spectrum, losses", async () => {
    const { browser, address } = await stageFor(t);
    const before = (page) => page.route("**/native.ring", (route) => route.fulfill({ body: bytes }));
    const page = await openPage(browser, address, { before });
    const got = await page.evaluate(async ([loud, size]) => {
      const { default: init, RingBufferReader } = await import("/module/soundfall_web.js");
      await init();
      const memory = new Uint8Array(await (await fetch("/native.ring")).arrayBuffer());
      const reader = new RingBufferReader(memory);
      const { sampleRate, channels, capacityFrames, blockFrames, sequence, oldestFrame, writtenFrames, label } = reader;
      const sums = Array.from({ length: channels }, (_, channel) =>
        reader.read(channel, oldestFrame, writtenFrames - oldestFrame).reduce((sum, value, i) => sum + value * ((i % 97) - 48), 0),
      );
      const peaks = Array.from({ length: channels }, (_, channel) => {
        const levels = reader.get_spectrogram(channel, size, size, 1);
        return (levels.indexOf(Math.max(...levels)) * sampleRate) / size;
      });
      const wave = reader.get_waveform_span(0, loud, loud + sampleRate, 10);
      const gaps = { all: reader.gaps(), total: reader.gapTotal, poll: reader.poll(), laps: reader.laps };
      return { sampleRate, channels, capacityFrames, blockFrames, sequence, oldestFrame, writtenFrames, label, sums, peaks, wave: [...wave], gaps };
    }, [wanted.start, 4096]);
    const sums = wanted.planes.map((plane) => plane.reduce((sum, value, i) => sum + value * ((i % 97) - 48), 0));
    t.diagnostic(JSON.stringify({ ...got, wave: undefined }));
    assert.deepEqual(got.sums, sums, "every sample");
    assert.deepEqual(
      [got.sampleRate, got.channels, got.capacityFrames, got.blockFrames, got.sequence, got.oldestFrame, got.writtenFrames],
      [wanted.rate, wanted.channels, wanted.capacity, wanted.block, wanted.sequence, wanted.start, wanted.end],
    );
    assert.match(got.label, /tones/);
    got.peaks.forEach((hz, channel) => assert.ok(Math.abs(hz - 500 * (channel + 1)) <= RATE / 4096, `${got.peaks} Hz`));
    got.gaps.poll = { ...got.gaps.poll };
    assert.deepEqual(got.gaps, {
      all: [],
      total: 0,
      poll: { start: wanted.end, end: wanted.end, lost: 0 },
      laps: 0,
    });
    for (let point = 0; point < 10; point += 1) {
      assert.ok(Math.abs(got.wave[2 * point] + 0.5) < 0.01 && Math.abs(got.wave[2 * point + 1] - 0.5) < 0.01, String(got.wave));
    }
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });
});
