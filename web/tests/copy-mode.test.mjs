// A host that cannot isolate the page: everything works with copies, and the service worker brings
// isolation where it is asked for.

import assert from "node:assert/strict";
import test from "node:test";
import { comes, giveBack, lose, pictureSays, rowsDrawn, running, settled, standsStill } from "./lib/app.mjs";
import { PATIENCE, openPage, shoot, stageFor } from "./lib/browser.mjs";
import { ridge } from "./lib/picture.mjs";
import { decode } from "./lib/png.mjs";
import { temporary, tone, wav } from "./lib/wav.mjs";

/** Runs in the page: the blocks written, as its copy of the header says. */
const blocks = () => Number(new BigInt64Array(window.soundfall.engine.current.header.slice().buffer)[5]);

test("not isolated", async (t) => {
  const file = temporary("tone.wav", wav({ secs: 10, sample: tone(1000) }));
  const { browser, address } = await stageFor(t, { plain: true, microphone: file });
  const seen = {};

  await t.test("a signal: rows arrive, nothing is lost", async (u) => {
    const page = await openPage(browser, `${address}?signal=sine:1000&seconds=8&speed=2&panel=0&channel=1&smooth=0`);
    await running(page);
    assert.equal(await page.evaluate(() => self.crossOriginIsolated), false);
    await page.waitForFunction(() => window.soundfall.engine.current?.ended, undefined, { timeout: PATIENCE });
    await rowsDrawn(page, 100);
    const stats = await settled(page);
    u.diagnostic(JSON.stringify(stats));
    assert.equal(stats.lost_frames, 0);
    seen.signal = ridge(decode(await shoot(page, "copy-signal")));
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  await t.test("the microphone: the same ridge", async () => {
    const page = await openPage(browser, `${address}?panel=0&channel=1&smooth=0`);
    await page.click("#microphone");
    await running(page);
    await rowsDrawn(page, 300);
    seen.microphone = await comes(async () => {
      const found = ridge(decode(await shoot(page, "copy-microphone")));
      return found.pixels > 20 && found;
    });
    assert.ok(Math.abs(seen.microphone.x - seen.signal.x) < 0.03, JSON.stringify(seen));
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  await t.test("a device that goes leaves a gap", async () => {
    const page = await openPage(browser, `${address}?smooth=0`);
    await page.click("#microphone");
    await running(page);
    await rowsDrawn(page, 1);
    await comes(async () => (await page.evaluate(blocks)) > 50);
    await lose(page, "NotFoundError");
    await pictureSays(page, "The microphone is gone; the history stays.");
    await standsStill(page, () => page.evaluate(blocks));
    await giveBack(page);
    await pictureSays(page, null);
    await page.waitForFunction(
      () => {
        const words = new BigInt64Array(window.soundfall.engine.current.header.slice().buffer);
        return Array.from({ length: Number(words[15]) }, (_, gap) => words[64 + 4 * gap + 2]).includes(2n);
      },
      undefined,
      { timeout: PATIENCE, polling: 200 },
    );
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  await t.test("`?coi`: a service worker isolates the page, with one reload", async () => {
    let loads = 0;
    const before = (page) => page.on("load", () => (loads += 1));
    const page = await openPage(browser, `${address}?coi&signal=chord&smooth=0`, { before });
    await page.waitForFunction(() => self.crossOriginIsolated, undefined, { timeout: PATIENCE, polling: 200 });
    await running(page);
    await rowsDrawn(page);
    assert.equal(loads, 2);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  await t.test("`?coi` where service workers cannot help: no loop, copy mode", async () => {
    let loads = 0;
    const before = (page) => page.on("load", () => (loads += 1));
    const page = await openPage(browser, `${address}?coi&signal=chord&smooth=0`, { before, settings: { serviceWorkers: "block" } });
    await running(page);
    assert.equal(loads, 1);
    assert.equal(await page.evaluate(() => self.crossOriginIsolated), false);
    await page.context().close();
  });
});
