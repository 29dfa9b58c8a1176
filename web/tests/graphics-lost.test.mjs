// The browser takes the graphics system away: the page loads itself again with what was seen in its
// link, says so, and does that only a few times in a row.

import assert from "node:assert/strict";
import test from "node:test";
import { moreRowsDrawn, rowsDrawn, running, trouble, troubleOf } from "./lib/app.mjs";
import { PATIENCE, openPage, shoot, stageFor } from "./lib/browser.mjs";

// What the graphics library says on the console about a context that is gone.
const expected = [/./];

/** As the browser does it when the driver was reset. */
const lose = (page) =>
  page.evaluate(() => {
    window.before = true;
    document.getElementById("stage").getContext("webgl2").getExtension("WEBGL_lose_context").loseContext();
  });

/** Loses the context and waits for the page that comes next. */
async function loseAndComeBack(page) {
  await lose(page);
  await page.waitForFunction(() => !window.before && window.soundfall, undefined, { timeout: PATIENCE, polling: 200 });
}

const notice = (page) => page.evaluate(() => (document.getElementById("notice").hidden ? null : document.getElementById("notice").innerText));
const query = (page) => Object.fromEntries(new URL(page.url()).searchParams);

test("the graphics system is lost", async (t) => {
  const { browser, address } = await stageFor(t, { microphone: "beep" });

  await t.test("a signal plays again with all that was changed; after three times it is left to the visitor", async () => {
    const changes = "change=0.1:colormap=turbo&change=0.1:window-size=4096&change=0.1:channel=2&change=0.1:panel=off";
    const page = await openPage(browser, `${address}?signal=demo&rate=44100&smooth=0&span=5&${changes}`, { expected });
    await running(page);
    await rowsDrawn(page, 50);
    assert.equal(await notice(page), null);
    // Another source than the link's, from the panel.
    await page.evaluate(() => window.soundfall.choose("Signal chord"));
    await page.waitForFunction(() => window.soundfall.engine.current.name === "chord", undefined, { timeout: PATIENCE });
    await moreRowsDrawn(page, 20);
    for (let times = 1; times <= 3; times += 1) {
      await loseAndComeBack(page);
      await running(page);
      assert.match(await notice(page), /graphics system was reset, so the page was loaded again/);
      assert.deepEqual(query(page), {
        signal: "chord",
        channels: "1",
        rate: "44100",
        smooth: "0",
        span: "5",
        colormap: "turbo",
        "window-size": "4096",
        panel: "off",
      });
      await rowsDrawn(page, 20);
    }
    await shoot(page, "graphics-lost");
    // The word goes with the first key.
    await page.keyboard.press("Shift");
    assert.equal(await notice(page), null);
    const last = page.url();
    await lose(page);
    assert.match(await trouble(page), /The picture has stopped\s+The graphics system was reset/);
    assert.equal(await page.evaluate(() => window.before), true, "no endless reloading");
    await page.click("#again");
    await page.waitForFunction(() => !window.before && window.soundfall, undefined, { timeout: PATIENCE, polling: 200 });
    await running(page);
    assert.equal(page.url(), last);
    await page.context().close();
  });

  await t.test("a microphone has to be chosen again, and is named", async () => {
    const page = await openPage(browser, `${address}?signal=demo&smooth=0&change=0.1:colormap=turbo`, { expected });
    await running(page);
    // As with the panel, in a gesture: without one the browser holds audio back.
    await page.mouse.click(240, 135);
    await page.evaluate(() => window.soundfall.choose("Microphone"));
    await page.waitForFunction(() => window.soundfall.engine.current.source.link === undefined, undefined, { timeout: PATIENCE });
    const name = await page.evaluate(() => window.soundfall.engine.current.name);
    await moreRowsDrawn(page, 20);
    await loseAndComeBack(page);
    const words = await notice(page);
    // A small window begins without the panel.
    assert.ok(words.includes("loaded again") && words.includes(`Choose “${name}” once more`), words);
    assert.equal(await page.evaluate(() => document.body.dataset.state), "start");
    assert.deepEqual(query(page), { smooth: "0", colormap: "turbo", panel: "off" });
    await page.click("#microphone");
    await running(page);
    assert.equal(await notice(page), null);
    await page.context().close();
  });

  await t.test("without storage nothing is counted, so nothing is loaded again by itself", async () => {
    const before = (page) =>
      page.addInitScript(() => Object.defineProperty(window, "sessionStorage", { get: () => { throw new Error("no storage"); } }));
    const page = await openPage(browser, `${address}?signal=chord&smooth=0`, { expected, before });
    await running(page);
    await rowsDrawn(page, 20);
    await lose(page);
    assert.match(await trouble(page), /The picture has stopped/);
    assert.equal(await page.evaluate(() => window.before), true);
    await page.context().close();
  });

  await t.test("while nobody looks the sound is kept", async () => {
    const before = (page) =>
      page.addInitScript(() => {
        window.hiddenNow = false;
        Object.defineProperty(document, "visibilityState", { get: () => (window.hiddenNow ? "hidden" : "visible") });
      });
    const page = await openPage(browser, `${address}?signal=chord&smooth=0`, { expected, before });
    await running(page);
    await rowsDrawn(page, 20);
    await page.evaluate(() => (window.hiddenNow = true));
    await lose(page);
    await trouble(page);
    // The ring is still written.
    const sequence = () => page.evaluate(() => new Int32Array(window.soundfall.engine.current.ring)[10]);
    const at = await sequence();
    await page.waitForFunction((least) => new Int32Array(window.soundfall.engine.current.ring)[10] > least, at + 50, { timeout: PATIENCE, polling: 100 });
    await page.evaluate(() => {
      window.hiddenNow = false;
      document.dispatchEvent(new Event("visibilitychange"));
    });
    await page.waitForFunction(() => !window.before && window.soundfall, undefined, { timeout: PATIENCE, polling: 200 });
    await running(page);
    assert.equal(await troubleOf(page), null);
    await page.context().close();
  });
});
