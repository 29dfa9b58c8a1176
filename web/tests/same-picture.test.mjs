// The same signal, drawn natively and in the browser, gives the same picture within tolerance. The
// native one comes from SOUNDFALL_NATIVE_PNG or tests/expected/chirp.png.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { readRing, rowsDrawn, running, written } from "./lib/app.mjs";
import { PATIENCE, openPage, shoot, stageFor } from "./lib/browser.mjs";
import { difference } from "./lib/picture.mjs";
import { decode } from "./lib/png.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const native = process.env.SOUNDFALL_NATIVE_PNG ?? join(here, "expected/chirp.png");
// Of 255: two rasterisers and two fonts at work.
const MEAN = 4;
const P99 = 60;

test("chirp: as natively", { skip: existsSync(native) ? false : `there is no ${native}` }, async (t) => {
  const wanted = decode(readFileSync(native));
  const { width, height } = wanted;
  const { browser, address } = await stageFor(t);
  const page = await openPage(browser, `${address}?signal=chirp&seconds=8&panel=0&smooth=0`, { size: { width, height } });
  await running(page);
  await readRing(page);
  await written(page, 8 * 48_000);
  await page.waitForFunction(() => window.soundfall.engine.current.ended, undefined, { timeout: PATIENCE });
  await rowsDrawn(page);
  // The view comes to rest: two pictures in a row are the same.
  let picture = decode(await shoot(page, "chirp"));
  let still = false;
  for (let round = 0; round < 20 && !still; round += 1) {
    const next = decode(await shoot(page, "chirp"));
    still = difference(picture, next).mean < 0.05;
    picture = next;
  }
  const { mean, p99 } = difference(wanted, picture);
  t.diagnostic(JSON.stringify({ mean, p99, still }));
  assert.ok(mean <= MEAN && p99 <= P99, `mean ${mean}, 99th percentile ${p99}`);
});
