// A minute and a half with eight channels: nothing is lost, memory stays flat once the picture is full, and the figures are printed.
// Never asserts on the machine's speed.

import assert from "node:assert/strict";
import test from "node:test";
import { figures, readRing, rowsDrawn, running, written } from "./lib/app.mjs";
import { openPage, shoot, stageFor } from "./lib/browser.mjs";

const RATE = 48_000;
const CHANNELS = 8;
// Seconds of the ring's time at which memory is looked at: the first when the picture is full and the
// quality has found its step, also where a frame takes a second.
const MARKS = [30, 50, 70, 90];

test("90 seconds, 8 channels", async (t) => {
  const { browser, address } = await stageFor(t);
  const page = await openPage(browser, `${address}?signal=chord&channels=${CHANNELS}&panel=0&smooth=0`, { calm: false, size: { width: 320, height: 180 } });
  await running(page);
  await rowsDrawn(page);
  await readRing(page);
  const tools = await page.context().newCDPSession(page);
  const heaps = [];
  for (const secs of MARKS) {
    await written(page, secs * RATE);
    await tools.send("HeapProfiler.collectGarbage");
    const { usedSize } = await tools.send("Runtime.getHeapUsage");
    const { wasm_heap_mb: wasm } = await figures(page);
    heaps.push({ secs, js_mb: usedSize / 1e6, wasm_mb: wasm });
  }
  const stats = await figures(page);
  t.diagnostic(JSON.stringify(heaps));
  t.diagnostic(JSON.stringify(stats));
  await shoot(page, "long-run");

  assert.equal(stats.channels, CHANNELS);
  assert.equal(stats.lost_frames, 0);
  assert.equal(stats.gaps, 0);
  assert.ok(stats.columns_analysed > 0);
  // The allocator takes memory in steps, and a busy machine makes some batches larger than others: a leak is what
  // grows from each mark to the next.
  const grown = (what) => Math.min(...heaps.slice(1).map((one, before) => one[what] - heaps[before][what]));
  assert.ok(grown("js_mb") < 0.3, `the page's heap grows: ${JSON.stringify(heaps)}`);
  // A leak of what is made of the sound would come near the sound's own size.
  const heard = ((MARKS[1] - MARKS[0]) * RATE * CHANNELS * 4) / 1e6;
  assert.ok(grown("wasm_mb") < heard / 10, `the program's memory grows, ${heard} MB of sound between marks: ${JSON.stringify(heaps)}`);
  assert.deepEqual(page.problems, []);
});
