// Three minutes of `cargo xtask soak` in the page: it holds no more in the last minute than in the second,
// while its settings change and its microphone goes and comes back. Never asserts on the machine's speed.

import assert from "node:assert/strict";
import test from "node:test";
import { stageFor } from "./lib/browser.mjs";
import { soak } from "./lib/soak.mjs";
import { temporary, tone, wav } from "./lib/wav.mjs";

const MINUTE = 60;
// What is counted. A wave that is met at another place changes a mean; what is kept for ever raises the least and
// the largest value too.
const COUNTED = ["workers", "entities", "assets", "listeners", "nodes"];

test("three minutes of changes", async (t) => {
  const stage = await stageFor(t, { microphone: temporary("tone.wav", wav({ secs: 10, sample: tone(440) })) });
  const samples = [];
  const page = await soak(stage, { secs: 3 * MINUTE, every: 3, seen: (secs, held) => samples.push({ secs, ...held }) });
  /** Least and largest value in a minute. */
  const range = (name, minute) => {
    const values = samples.filter(({ secs }) => Math.floor(secs / MINUTE) === minute).map((sample) => sample[name]);
    return [Math.min(...values), Math.max(...values)];
  };
  const ranges = Object.fromEntries(Object.keys(samples[0]).map((name) => [name, [1, 2].map((minute) => range(name, minute))]));
  t.diagnostic(JSON.stringify(ranges));
  const grown = (name) => {
    const [second, third] = ranges[name];
    return Math.min(third[0] - second[0], third[1] - second[1]);
  };
  // Listeners and nodes come and go with the browser's own collection.
  for (const name of COUNTED) assert.ok(grown(name) <= 1, `${name} grew: ${ranges[name].join(" in the second minute, ")} in the third`);
  assert.ok(grown("js_heap_mb") < 0.5, `the page's heap grew: ${ranges.js_heap_mb.join(" MB in the second minute, ")} MB in the third`);
  assert.deepEqual(page.problems, []);
});
