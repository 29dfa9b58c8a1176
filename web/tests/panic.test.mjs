// The program panics, or is left by an exception, in the middle of a frame: the page says what
// happened, the sound goes on into its ring, and loading again brings back what was seen.

import assert from "node:assert/strict";
import test from "node:test";
import { readRing, rowsDrawn, running, trouble } from "./lib/app.mjs";
import { PATIENCE, openPage, shoot, stageFor } from "./lib/browser.mjs";

const expected = [/./];

/** A frame ends in the middle of a system, by an exception that no code of the program expects. */
const breakFrame = (page) =>
  page.evaluate(() => {
    for (const call of ["drawElements", "drawElementsInstanced", "drawArrays", "drawArraysInstanced"]) {
      WebGL2RenderingContext.prototype[call] = () => {
        throw new Error("the driver is confused");
      };
    }
  });

test("the program breaks", async (t) => {
  const { browser, address } = await stageFor(t);
  const query = "?signal=chord&channels=2&smooth=0&change=0.1:colormap=turbo";

  await t.test("it is said, the ring is written on, and the settings are there again", async (u) => {
    const page = await openPage(browser, address + query, { expected });
    await running(page);
    await rowsDrawn(page, 50);
    await readRing(page);
    await breakFrame(page);
    const words = await trouble(page);
    u.diagnostic(JSON.stringify(words));
    assert.match(words, /The picture has stopped/);
    const at = await page.evaluate(() => window.reader.writtenFrames);
    await page.waitForFunction((least) => window.reader.writtenFrames > least, at + 48_000, { timeout: PATIENCE, polling: 100 });
    assert.equal(await page.evaluate(() => document.body.dataset.state), "fatal");
    // The keyboard is the page's again.
    assert.equal(await page.evaluate(() => document.activeElement.id), "again");
    await page.keyboard.press("Tab");
    assert.notEqual(await page.evaluate(() => document.activeElement.id), "stage");
    // A file that is dropped now does not bring the dead picture back.
    await page.evaluate(() => window.soundfall.choose("Signal demo"));
    assert.equal(await page.evaluate(() => document.body.dataset.state), "fatal");
    await page.evaluate(() => (window.before = true));
    await page.click("#again");
    await page.waitForFunction(() => !window.before && window.soundfall, undefined, { timeout: PATIENCE, polling: 200 });
    await running(page);
    // A small window begins without the panel.
    const link = Object.fromEntries(new URL(page.url()).searchParams);
    assert.deepEqual(link, { signal: "chord", channels: "2", smooth: "0", colormap: "turbo", panel: "off" });
    await page.context().close();
  });
});

test("the program breaks while the source is still being started", async (t) => {
  const { browser, address } = await stageFor(t);
  const before = (page) =>
    page.addInitScript(() => {
      const get = HTMLCanvasElement.prototype.getContext;
      HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
        return this.id === "stage" && kind === "webgl2" ? null : get.call(this, kind, ...more);
      };
      // The source comes after the picture is gone.
      const post = Worker.prototype.postMessage;
      Worker.prototype.postMessage = function (...words) {
        const send = () => (document.body.dataset.state === "fatal" ? post.apply(this, words) : setTimeout(send, 20));
        send();
      };
    });
  const page = await openPage(browser, `${address}?signal=demo&smooth=0`, { expected, before });
  assert.match(await trouble(page), /The picture has stopped/);
  await page.waitForFunction(() => window.soundfall.engine.current, undefined, { timeout: PATIENCE, polling: 100 });
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
  assert.equal(await page.evaluate(() => document.body.dataset.state), "fatal");
  await shoot(page, "stopped");
  await page.context().close();
});

test("the program breaks where no memory is shared", async (t) => {
  const { browser, address } = await stageFor(t, { plain: true });
  const page = await openPage(browser, `${address}?signal=chord&channels=2&smooth=0`, { expected });
  await running(page);
  await rowsDrawn(page, 50);
  await breakFrame(page);
  assert.match(await trouble(page), /The picture has stopped/);
  const written = () => page.evaluate(() => Number(new BigInt64Array(window.soundfall.engine.current.header.slice().buffer)[5]));
  const at = await written();
  await page.waitForFunction(
    (least) => new BigInt64Array(window.soundfall.engine.current.header.slice().buffer)[5] > BigInt(least),
    at + 100,
    { timeout: PATIENCE, polling: 100 },
  );
  await page.context().close();
});
