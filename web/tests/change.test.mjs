// The analysis is changed while eight channels stream: by the worker, without losses, without a
// blank picture, and with honest figures. Never asserts on the machine's speed.

import assert from "node:assert/strict";
import test from "node:test";
import { figures, rowsDrawn, running } from "./lib/app.mjs";
import { PATIENCE, openPage, shoot, stageFor } from "./lib/browser.mjs";
import { lit } from "./lib/picture.mjs";
import { decode } from "./lib/png.mjs";

// Seconds after the start; the span only picks another level, which is no change of the analysis.
const CHANGES = ["10:window-size=8192", "14:window-size=512", "18:span=4", "20:channel=2", "24:channel=1-8"];

test("windows, span and channels change while eight channels stream", async (t) => {
  const { browser, address } = await stageFor(t);
  const query = CHANGES.map((change) => `change=${change}`).join("&");
  const page = await openPage(browser, `${address}?signal=chord&channels=8&panel=0&smooth=0&span=8&${query}`, {
    calm: false,
    size: { width: 320, height: 180 },
  });
  await running(page);
  await rowsDrawn(page, 2000);
  const seen = [];
  const deadline = Date.now() + PATIENCE;
  let stats = await figures(page);
  // Until all changes are made, and some pictures of the last one.
  for (let after = 0; after < 4 && Date.now() < deadline; after += stats.reanalysis.count === 4 ? 1 : 0) {
    seen.push(lit(decode(await shoot(page, "changed"))));
    await page.waitForTimeout(500);
    stats = await figures(page);
  }
  t.diagnostic(JSON.stringify({ seen, reanalysis: stats.reanalysis, quality: stats.quality, job_ms: stats.job_ms }));
  assert.equal(stats.reanalysis.count, 4);
  assert.ok(stats.reanalysis.first_ms.max > 0);
  const least = Math.min(...seen);
  assert.ok(least > 0.25 * Math.max(...seen), `a blank picture: ${seen}`);
  assert.equal(stats.lost_frames, 0);
  assert.equal(stats.gaps, 0);
  // The rest is under way.
  assert.ok(stats.columns_due >= stats.columns_analysed + stats.columns_dropped);
  assert.deepEqual(page.problems, []);
});
