// A built-in signal by a link: no gesture, no permission, right figures, a picture.

import assert from "node:assert/strict";
import test from "node:test";
import { comes, figures, peak, readRing, rowsDrawn, running, settled, written } from "./lib/app.mjs";
import { PATIENCE, openPage, shoot, stageFor } from "./lib/browser.mjs";
import { difference, ridge } from "./lib/picture.mjs";
import { decode } from "./lib/png.mjs";

test("built-in signals", async (t) => {
  const { browser, address } = await stageFor(t);

  await t.test("a link starts one at once; the figures add up", async (u) => {
    const page = await openPage(browser, `${address}?signal=demo&channels=2&seconds=6&smooth=0`);
    await running(page);
    await page.waitForFunction(() => window.soundfall.engine.current?.ended, undefined, { timeout: PATIENCE });
    await rowsDrawn(page);
    const stats = await settled(page);
    u.diagnostic(JSON.stringify(stats));
    assert.equal(stats.channels, 2);
    assert.equal(stats.rate, 48_000);
    assert.equal(stats.lost_frames, 0);
    assert.equal(stats.gaps, 0);
    assert.equal(await page.evaluate(() => self.crossOriginIsolated), true);
    assert.ok(stats.rows_uploaded > 0);
    await readRing(page);
    assert.equal(await page.evaluate(() => window.reader.writtenFrames), 6 * 48_000 + ((512 - ((6 * 48_000) % 512)) % 512));
    await shoot(page, "signal-demo");
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  await t.test("eight channels at 96 kHz, the analysis as the link asks", async () => {
    const page = await openPage(browser, `${address}?signal=chord&channels=8&rate=96000&window-size=4096&colormap=aurora&smooth=0`);
    await running(page);
    await readRing(page);
    assert.deepEqual(
      await page.evaluate(() => [window.reader.channels, window.reader.sampleRate, window.reader.label]),
      [8, 96_000, "chord"],
    );
    await rowsDrawn(page);
    await shoot(page, "signal-chord-8");
    assert.equal((await figures(page)).lost_frames, 0);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  await t.test("another source from the panel's menu takes over", async () => {
    const page = await openPage(browser, `${address}?signal=sine:440&smooth=0`);
    await running(page);
    await rowsDrawn(page);
    await page.click("#stage", { position: { x: 240, y: 135 } });
    await page.evaluate(() => window.soundfall.choose("Signal sine:1000"));
    await page.waitForFunction(() => window.soundfall.engine.current.name === "sine:1000", undefined, { timeout: PATIENCE });
    await readRing(page);
    await written(page, 96_000);
    const found = await peak(page);
    assert.ok(Math.abs(found.hz - 1000) < found.bin / 2, `${found.hz} Hz`);
    await page.context().close();
  });

  await t.test("on a phone the picture comes first, and a button brings the controls", async () => {
    const settings = { isMobile: true, hasTouch: true };
    const page = await openPage(browser, `${address}?signal=silence&seconds=1&smooth=0`, { size: { width: 390, height: 640 }, settings });
    await running(page);
    await page.waitForFunction(() => window.soundfall.engine.current?.ended, undefined, { timeout: PATIENCE });
    await rowsDrawn(page);
    const without = decode(await shoot(page, "phone"));
    await page.tap("#panel");
    await comes(async () => difference(without, decode(await shoot(page, "phone-panel"))).mean >= 3);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  await t.test("of many choices in a row the last one wins, and nothing is left over", async () => {
    const page = await openPage(browser, `${address}?signal=sine:440&smooth=0`);
    await running(page);
    await page.evaluate(() => {
      for (const name of ["chord", "pink", "chirp", "white", "sine:1000"]) window.soundfall.choose(`Signal ${name}`);
    });
    await page.waitForFunction(() => window.soundfall.engine.current.name === "sine:1000", undefined, { timeout: PATIENCE });
    await readRing(page);
    await written(page, 24_000);
    assert.equal(await page.evaluate(() => window.soundfall.engine.current.name), "sine:1000");
    // One plays, one analyses; the others end in their own time.
    while (page.workers().length > 2) await page.waitForEvent("worker", { timeout: 500 }).catch(() => {});
    assert.equal(page.workers().length, 2);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  await t.test("a tone stands where its frequency is, louder than all else", async () => {
    const seen = {};
    for (const hz of [200, 1000, 5000]) {
      const page = await openPage(browser, `${address}?signal=sine:${hz}&seconds=5&speed=2&panel=0&smooth=0`);
      await running(page);
      await page.waitForFunction(() => window.soundfall.engine.current?.ended, undefined, { timeout: PATIENCE });
      await settled(page);
      seen[hz] = ridge(decode(await shoot(page, `sine-${hz}`)));
      await page.context().close();
    }
    t.diagnostic(JSON.stringify(seen));
    assert.ok(seen[200].x < seen[1000].x && seen[1000].x < seen[5000].x, JSON.stringify(seen));
    for (const { pixels, spread } of Object.values(seen)) assert.ok(pixels > 20 && spread < 0.1, JSON.stringify(seen));
  });
});
