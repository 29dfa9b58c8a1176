// An analysis worker that fails: its requests are answered, another one goes on over the same ring,
// and where that does not help the picture says so.

import assert from "node:assert/strict";
import test from "node:test";
import { figures, pictureSays, rowsDrawn, running } from "./lib/app.mjs";
import { openPage, stageFor } from "./lib/browser.mjs";

/** As the browser tells of an exception that a worker did not catch. */
const failWorker = (page) =>
  page.evaluate(() => {
    const { worker } = window.soundfall.engine.current;
    worker?.dispatchEvent(new ErrorEvent("error", { message: "out of range" }));
  });

test("a worker fails", async (t) => {
  const { browser, address } = await stageFor(t);
  const page = await openPage(browser, `${address}?signal=chord&channels=2&panel=0&smooth=0`);
  await running(page);
  await rowsDrawn(page);
  for (let failure = 1; failure <= 3; failure += 1) {
    const { rows_uploaded: rows } = await figures(page);
    await rowsDrawn(page, rows + 100);
    await failWorker(page);
  }
  const { rows_uploaded: rows } = await figures(page);
  await rowsDrawn(page, rows + 100);
  await pictureSays(page, null);
  const stats = await figures(page);
  t.diagnostic(JSON.stringify({ panics: stats.panics, dropped: stats.columns_dropped }));
  assert.ok(stats.panics <= 3, "at most one request a worker");
  assert.equal(stats.lost_frames, 0);
  assert.ok(stats.columns_due >= stats.columns_analysed + stats.columns_dropped);

  await failWorker(page);
  await pictureSays(page, "The analysis has failed: out of range");
  assert.deepEqual(page.problems, []);
});

test("a worker that owns the ring fails", async (t) => {
  const { browser, address } = await stageFor(t, { plain: true });
  const page = await openPage(browser, `${address}?signal=chord&channels=2&panel=0&smooth=0`);
  await running(page);
  await rowsDrawn(page, 100);
  await failWorker(page);
  await pictureSays(page, "The analysis has failed: out of range");
  assert.deepEqual(page.problems, []);
});
