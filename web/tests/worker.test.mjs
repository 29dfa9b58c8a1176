// An analysis worker that fails: it is counted and said, its requests are answered, another one goes
// on over the same ring, and where that does not help the picture says so.

import assert from "node:assert/strict";
import test from "node:test";
import { figures, pictureSays, rowsDrawn, running } from "./lib/app.mjs";
import { PATIENCE, openPage, stageFor } from "./lib/browser.mjs";

/** As the browser tells of an exception that a worker did not catch; gives what the picture says then. */
const failWorker = (page) =>
  page.evaluate(() => {
    const { engine } = window.soundfall;
    engine.current.worker?.dispatchEvent(new ErrorEvent("error", { message: "out of range" }));
    return engine.trouble;
  });

/** Waits until so many failures are in the figures. */
const counted = (page, failures) =>
  page.waitForFunction((all) => window.soundfall.stats().worker_failures === all, failures, { timeout: PATIENCE, polling: 200 });

test("a worker fails", async (t) => {
  const { browser, address } = await stageFor(t);
  const page = await openPage(browser, `${address}?signal=chord&channels=2&panel=0&smooth=0`);
  await running(page);
  await rowsDrawn(page);
  for (let failure = 1; failure <= 3; failure += 1) {
    const { rows_uploaded: rows } = await figures(page);
    await rowsDrawn(page, rows + 100);
    assert.equal(await failWorker(page), "The analysis has failed and was started again: out of range");
    await counted(page, failure);
  }
  const { rows_uploaded: rows } = await figures(page);
  await rowsDrawn(page, rows + 100);
  await pictureSays(page, null);
  const stats = await figures(page);
  t.diagnostic(JSON.stringify({ panics: stats.panics, dropped: stats.columns_dropped }));
  assert.ok(stats.panics <= 3, "at most one request a worker");
  assert.equal(stats.lost_frames, 0);
  assert.ok(stats.columns_due >= stats.columns_analysed + stats.columns_dropped);

  assert.equal(await failWorker(page), "The analysis has failed: out of range");
  await counted(page, 4);
  assert.deepEqual(page.problems, []);
});

test("a worker that owns the ring fails", async (t) => {
  const { browser, address } = await stageFor(t, { plain: true });
  const page = await openPage(browser, `${address}?signal=chord&channels=2&panel=0&smooth=0`);
  await running(page);
  await rowsDrawn(page, 100);
  assert.equal(await failWorker(page), "The analysis has failed: out of range");
  await counted(page, 1);
  assert.deepEqual(page.problems, []);
});

test("a signal that fails while it plays", async (t) => {
  const { browser, address } = await stageFor(t);
  const page = await openPage(browser, `${address}?signal=chord&channels=2&panel=0&smooth=0`);
  await running(page);
  await rowsDrawn(page);
  await page.evaluate(() => {
    const { source } = window.soundfall.engine.current;
    source.worker.dispatchEvent(new ErrorEvent("error", { message: "unreachable" }));
  });
  await pictureSays(page, "The signal has stopped: unreachable");
  assert.deepEqual(page.problems, []);
});
