// What a column of the analysis costs in the page's worker, and in the native program on the same
// machine, one after the other in one run: eight channels at 48 kHz, hop 512, live, drawing left out
// in the page and off-screen natively. Prints a table; never asserts.

import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { figures, running } from "../tests/lib/app.mjs";
import { PATIENCE, SIZE, launch, openPage } from "../tests/lib/browser.mjs";
import { serve } from "../tests/lib/server.mjs";

const SIZES = [512, 1024, 2048, 4096];
const SECS = Number(process.env.SOUNDFALL_BENCH_SECS ?? 12);
const CHANNELS = 8;

const program = process.env.SOUNDFALL_BIN;
if (!program) throw new Error("SOUNDFALL_BIN is not set; `cargo xtask bench web` sets it");

/** The figures of the page after the signal has ended and everything is analysed. */
async function inThePage(browser, address, size) {
  const query = `?signal=chord&channels=${CHANNELS}&seconds=${SECS}&window-size=${size}&draw=off&panel=0&smooth=0`;
  const page = await openPage(browser, `${address}${query}`, { calm: false });
  await running(page);
  await page.waitForFunction(() => window.soundfall.engine.current?.ended, undefined, { timeout: PATIENCE + SECS * 1000, polling: 250 });
  await page.waitForFunction(
    () => {
      const now = window.soundfall.stats();
      return now.columns_analysed > 0 && now.columns_analysed + now.columns_dropped === now.columns_due;
    },
    undefined,
    { timeout: PATIENCE, polling: 250 },
  );
  const stats = await figures(page);
  if (page.problems.length > 0) throw new Error(page.problems.join("; "));
  await page.context().close();
  return stats;
}

/** The figures of the program. */
function natively(size) {
  const words = ["live", "--signal", "chord", "--channels", String(CHANNELS), "--seconds", String(SECS)];
  words.push("--window-size", String(size), "--headless", "--size", `${SIZE.width}x${SIZE.height}`, "--stats", "-");
  const env = { ...process.env, XDG_RUNTIME_DIR: mkdtempSync(join(tmpdir(), "soundfall-")), WGPU_FORCE_FALLBACK_ADAPTER: "1" };
  const text = execFileSync(program, words, { env, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  return JSON.parse(text);
}

const [server, browser] = await Promise.all([serve(), launch()]);
try {
  console.log(`${CHANNELS} channels at 48 kHz, hop 512, ${SECS} s each; ${browser.version()} beside the native program`);
  console.log("window   page's worker      native   ratio   columns (page, native)   quality (page, native)");
  for (const size of SIZES) {
    const page = await inThePage(browser, server.address, size);
    const native = natively(size);
    const [ours, theirs] = [page.us_per_column, native.us_per_column];
    const us = (value) => `${value.toFixed(2).padStart(8)} µs`;
    const columns = `${page.columns_analysed}, ${native.columns_analysed}`.padEnd(22);
    const quality = `${page.quality.lowest}, ${native.quality.lowest}`;
    console.log(`${String(size).padStart(6)}   ${us(ours)}   ${us(theirs)}   ${(ours / theirs).toFixed(2).padStart(5)}   ${columns}   ${quality}`);
  }
} finally {
  await browser.close();
  server.stop();
}
