// Three minutes of `cargo xtask soak` in the page: it holds no more in the last minute than in the second,
// while its settings change and its microphone goes and comes back. Never asserts on the machine's speed.

import assert from "node:assert/strict";
import test from "node:test";
import { stageFor } from "./lib/browser.mjs";
import { soak } from "./lib/soak.mjs";
import { temporary, tone, wav } from "./lib/wav.mjs";

const MINUTE = 60;
// What is counted, and by how much it may differ: a moment's more.
const COUNTS = { workers: 0, entities: 1, assets: 0 };

test("three minutes of changes", async (t) => {
  const stage = await stageFor(t, { microphone: temporary("tone.wav", wav({ secs: 10, sample: tone(440) })) });
  const samples = [];
  const page = await soak(stage, { secs: 3 * MINUTE, every: 3, seen: (secs, held) => samples.push({ secs, ...held }) });
  const mean = (name, minute) => {
    const values = samples.filter(({ secs }) => Math.floor(secs / MINUTE) === minute).map((sample) => sample[name]);
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  const means = Object.fromEntries(Object.keys(samples[0]).map((name) => [name, [1, 2].map((minute) => mean(name, minute))]));
  t.diagnostic(JSON.stringify(means));
  for (const [name, most] of Object.entries(COUNTS)) {
    const [second, third] = means[name];
    assert.ok(third - second <= most, `${name}: ${second} in the second minute, ${third} in the third`);
  }
  const [second, third] = means.js_heap_mb;
  assert.ok(third - second < 0.5, `the page's heap: ${second} MB in the second minute, ${third} MB in the third`);
  assert.deepEqual(page.problems, []);
});
