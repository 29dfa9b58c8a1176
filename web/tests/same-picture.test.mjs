// The same signal, drawn natively and in the browser, gives the same picture within tolerance. The
// native program gets the very samples that the page's own worker makes.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "node:test";
import { comes, drawn, readRing, running, settled, written } from "./lib/app.mjs";
import { PATIENCE, SIZE, openPage, picturePath, shoot, stageFor } from "./lib/browser.mjs";
import { difference } from "./lib/picture.mjs";
import { decode } from "./lib/png.mjs";
import { loadReader } from "./lib/reader.mjs";
import { wav } from "./lib/wav.mjs";

const program = process.env.SOUNDFALL_BIN;
const SECS = 12;
// Of 255: two rasterisers at work. Mean and 99th percentile of all channels of all pixels.
const MEAN = 2;
const P99 = 40;

// In CI it is built, or the test fails.
const skip = existsSync(program ?? "") || process.env.CI === "true" ? false : "the native program is not built";

test("chirp: as natively", { skip }, async (t) => {
  const { browser, address } = await stageFor(t);
  const query = `?signal=chirp&seconds=${SECS}&panel=0&span=10`;
  const page = await openPage(browser, `${address}${query}`);
  await running(page);
  await readRing(page);
  await written(page, SECS * 48_000);
  await page.waitForFunction(() => window.soundfall.engine.current.ended, undefined, { timeout: PATIENCE });
  await settled(page);
  // The view comes to rest: two pictures in a row are the same.
  let picture = decode(await shoot(page, "chirp"));
  await comes(async () => {
    const earlier = picture;
    await drawn(page);
    picture = decode(await shoot(page, "chirp"));
    return difference(earlier, picture).mean < 0.05;
  });
  const native = picturePath("chirp-native");
  await drawNatively(native);
  const { mean, p99 } = difference(decode(readFileSync(native)), picture);
  t.diagnostic(JSON.stringify({ mean, p99 }));
  assert.ok(mean <= MEAN && p99 <= P99, `mean ${mean}, 99th percentile ${p99}`);
});

async function drawNatively(out) {
  const { SignalFeeder } = await loadReader();
  // The page's ring ends with a whole block of 512 frames.
  const frames = Math.ceil((SECS * 48_000) / 512) * 512;
  const samples = new SignalFeeder("chirp", 1, 48_000).render(frames);
  // The name stands in the picture.
  const input = join(mkdtempSync(join(tmpdir(), "soundfall-")), "chirp");
  writeFileSync(input, wav({ secs: frames / 48_000, sample: (frame) => samples[frame] }));
  const size = `${SIZE.width}x${SIZE.height}`;
  const env = { ...process.env, XDG_RUNTIME_DIR: dirname(input), WGPU_FORCE_FALLBACK_ADAPTER: "1" };
  execFileSync(program, ["render", input, "-o", out, "--overwrite", "--span", "10", "--size", size], { env, stdio: "inherit" });
}
