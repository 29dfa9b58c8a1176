// The instruments in the browser: the engine lives in the worker, its reports are drawn by the page.

import assert from "node:assert/strict";
import test from "node:test";
import { figures, rowsDrawn, running } from "./lib/app.mjs";
import { PATIENCE, openPage, shoot, stageFor } from "./lib/browser.mjs";
import { difference } from "./lib/picture.mjs";
import { decode } from "./lib/png.mjs";

const TONE = "signal=sine:440&channels=2&seconds=8&panel=0&smooth=0";

/**
 * A picture of the tone when it is over, with these instruments: the first that differs from `plain` by
 * at least `least` of 255 in the mean, or the last there is patience for.
 */
async function picture(browser, address, show, plain, least = 0) {
  const page = await openPage(browser, `${address}?${TONE}&${show}`, { size: { width: 960, height: 540 } });
  await running(page);
  await page.waitForFunction(() => window.soundfall.engine.current?.ended, undefined, { timeout: PATIENCE });
  await rowsDrawn(page, 200);
  const deadline = Date.now() + PATIENCE;
  let [shot, change] = [undefined, 0];
  do {
    // The instruments hear the last of the sound a few frames after it is drawn.
    if (shot) await page.waitForTimeout(500);
    shot = decode(await shoot(page, `instruments-${show.replaceAll(/\W+/g, "-")}`));
    change = plain ? difference(plain.shot, shot).mean : 0;
  } while (change < least && Date.now() < deadline);
  const stats = await figures(page);
  assert.deepEqual(page.problems, []);
  await page.context().close();
  return { shot, change, stats };
}

test("instruments", async (t) => {
  const { browser, address } = await stageFor(t);

  await t.test("peaks are named over the tone, meters stand beside the scene", async (u) => {
    const plain = await picture(browser, address, "show=none");
    const peaks = await picture(browser, address, "show=peaks&a4=442", plain, 0.02);
    const all = await picture(browser, address, "show=all&pair=2,1&reference=2", plain, 3);
    const changes = [peaks.change, all.change];
    u.diagnostic(JSON.stringify({ changes, worker: all.stats.worker_ms }));
    assert.ok(changes[0] >= 0.02, `labels change the picture by ${changes[0]}`);
    assert.ok(changes[1] >= 3, `the strip changes the picture by ${changes[1]}`);
    for (const { stats } of [plain, peaks, all]) {
      assert.equal(stats.lost_frames, 0);
      // The rest is under way.
      assert.ok(stats.columns_due >= stats.columns_analysed + stats.columns_dropped);
    }
  });

  await t.test("an unknown instrument is refused with a message", async () => {
    const page = await openPage(browser, `${address}?${TONE}&show=peeks`);
    await page.locator("#trouble").waitFor({ timeout: PATIENCE });
    assert.match(await page.locator("#trouble").innerText(), /peeks/);
    await page.context().close();
  });
});
