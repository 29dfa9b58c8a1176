// The microphone: a made-up device plays a WAV file with a tone; the ring, the picture, and what
// happens when the context sleeps or the device goes.

import assert from "node:assert/strict";
import test from "node:test";
import { comes, gaps, giveBack, lose, peak, pictureSays, readRing, rowsDrawn, running, settled, standsStill, written } from "./lib/app.mjs";
import { openPage, shoot, stageFor } from "./lib/browser.mjs";
import { ridge } from "./lib/picture.mjs";
import { decode } from "./lib/png.mjs";
import { temporary, tone, wav } from "./lib/wav.mjs";

// Whole cycles: the device repeats the file without a click.
const WAV = { rate: 48_000, channels: 1, secs: 10 };

/** Frames of a run, from the ring's header. */
const framesNow = (page) => page.evaluate(() => window.reader.writtenFrames);

const GONE = "The microphone is gone; the history stays.";
const DENIED =
  "The browser, or the system, keeps the microphone from this page. " +
  "Allow it through the icon beside the address (and in the system's privacy settings), then try again.";

test("microphone", async (t) => {
  const file = temporary("tone.wav", wav({ ...WAV, sample: tone(1000) }));
  const { browser, address } = await stageFor(t, { microphone: file });
  const quiet = `${address}?panel=0&smooth=0`;

  await t.test("a tone of 1000 Hz arrives: within half a bin, and as a ridge", async (u) => {
    const page = await openPage(browser, `${address}?panel=0&channel=1&smooth=0`);
    await page.click("#microphone");
    await running(page);
    await readRing(page);
    await written(page, 96_000);
    const found = await peak(page);
    u.diagnostic(JSON.stringify(found));
    assert.ok(Math.abs(found.hz - 1000) < found.bin / 2, `${found.hz} Hz`);
    assert.ok(found.level > -20, `${found.level} dBFS`);
    const settings = await page.evaluate(() => window.soundfall.engine.current.source.track.getSettings());
    assert.deepEqual(
      [settings.echoCancellation, settings.autoGainControl, settings.noiseSuppression],
      [false, false, false],
    );
    await written(page, 8 * 48_000);
    await rowsDrawn(page, 100);
    const heard = await comes(async () => {
      const found = ridge(decode(await shoot(page, "microphone")));
      return found.pixels > 20 && found;
    });
    assert.deepEqual(page.problems, []);
    await page.context().close();

    const other = await openPage(browser, `${address}?signal=sine:1000&seconds=8&speed=4&panel=0&channel=1&smooth=0`);
    await running(other);
    await readRing(other);
    await written(other, 8 * 48_000);
    await other.waitForFunction(() => window.soundfall.engine.current.ended);
    await settled(other);
    const made = ridge(decode(await shoot(other, "microphone-reference")));
    u.diagnostic(JSON.stringify({ heard, made }));
    assert.ok(Math.abs(heard.x - made.x) < 0.03, `ridge at ${heard.x}, the signal's at ${made.x}`);
    await other.context().close();
  });

  await t.test("a sleeping context says so, wakes on a click, and leaves a gap of zeros", async () => {
    const page = await openPage(browser, quiet);
    await page.click("#microphone");
    await running(page);
    await readRing(page);
    await written(page, 48_000);
    const known = (await gaps(page)).length;
    await page.evaluate(() => window.soundfall.engine.current.source.context.suspend());
    await pictureSays(page, "Click to start the sound.");
    const before = await framesNow(page);
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 1200)));
    assert.ok((await framesNow(page)) - before <= 512, "nothing is written meanwhile");
    await page.mouse.click(240, 135);
    await pictureSays(page, null);
    const asleep = async () => (await gaps(page)).slice(known).find(({ reason, length }) => reason === 3 && length > 48_000);
    const gap = await comes(asleep);
    await written(page, gap.start + gap.length + 9600);
    const [inside, outside] = await page.evaluate(
      ({ start, length }) => [
        [...window.reader.get_waveform_span(0, start, start + length, 1)],
        [...window.reader.get_waveform_span(0, start + length, start + length + 9600, 1)],
      ],
      gap,
    );
    assert.deepEqual(inside, [0, 0]);
    assert.ok(outside[1] > 0.05, `sound again after it: ${outside}`);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  await t.test("a device that goes is waited for; its time away is a gap", async () => {
    const page = await openPage(browser, quiet);
    await page.click("#microphone");
    await running(page);
    await readRing(page);
    await written(page, 48_000);
    const before = await lose(page, "NotFoundError");
    await pictureSays(page, GONE);
    await rowsDrawn(page, 1);
    await shoot(page, "microphone-gone");
    await standsStill(page, () => framesNow(page));
    await giveBack(page);
    await pictureSays(page, null);
    const gap = await comes(async () => (await gaps(page)).find(({ reason }) => reason === 2));
    assert.ok(gap.start >= before - 512, JSON.stringify(await gaps(page)));
    await written(page, gap.start + gap.length + 4800);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  await t.test("one thing cured leaves the others said", async () => {
    const page = await openPage(browser, quiet);
    await page.click("#microphone");
    await running(page);
    await readRing(page);
    await written(page, 24_000);
    await lose(page, "NotFoundError");
    await pictureSays(page, GONE);
    await page.evaluate(() => window.soundfall.engine.current.source.context.suspend());
    await page.waitForFunction(() => window.soundfall.engine.current.troubles.has("context"));
    await page.mouse.click(240, 135);
    await page.waitForFunction(() => !window.soundfall.engine.current.troubles.has("context"));
    await pictureSays(page, GONE);
    await giveBack(page);
    await pictureSays(page, null);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  await t.test("a permission that is withdrawn is said, and not asked for again", async () => {
    const page = await openPage(browser, quiet);
    await page.click("#microphone");
    await running(page);
    await lose(page, "NotAllowedError");
    await pictureSays(page, DENIED);
    const asked = await page.evaluate(() => window.asked);
    await page.evaluate(() => navigator.mediaDevices.dispatchEvent(new Event("devicechange")));
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
    assert.deepEqual([asked, await page.evaluate(() => window.asked)], [1, 1]);
    await page.context().close();
  });

  await t.test("a device that goes before its source is connected is waited for", async () => {
    // Ends while the ring and the worklet are made, as a headset pulled out at once.
    const before = (page) =>
      page.addInitScript(() => {
        const add = AudioWorklet.prototype.addModule;
        AudioWorklet.prototype.addModule = async function (...words) {
          await add.apply(this, words);
          window.early?.stop();
          window.early?.dispatchEvent(new Event("ended"));
          window.early = null;
        };
        const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        // The second one is not to be had before its loss was said.
        const said = new Promise((resolve) => (window.said = resolve));
        navigator.mediaDevices.getUserMedia = async (wanted) => {
          if (window.second) await said;
          const stream = await ask(wanted);
          window.early ??= window.second ? null : stream.getAudioTracks()[0];
          window.second = true;
          return stream;
        };
      });
    const page = await openPage(browser, quiet, { before });
    await page.click("#microphone");
    await running(page);
    await pictureSays(page, GONE);
    await page.evaluate(() => window.said());
    await pictureSays(page, null);
    await readRing(page);
    await written(page, 24_000);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  await t.test("goes on while another window has the focus", async () => {
    const page = await openPage(browser, quiet);
    await page.click("#microphone");
    await running(page);
    await readRing(page);
    await written(page, 24_000);
    const front = await browser.newPage();
    await front.goto("about:blank");
    await front.bringToFront();
    const before = await framesNow(page);
    await written(page, before + 96_000);
    assert.deepEqual(page.problems, []);
    await front.close();
    await page.context().close();
  });

  await t.test("the devices are offered by name", async () => {
    const page = await openPage(browser, address);
    await page.locator("#inputs-more").waitFor();
    const names = await page.locator("#inputs option").allInnerTexts();
    assert.ok(names.length >= 3, names.join());
    await page.selectOption("#inputs", { index: 2 });
    await page.click("#microphone");
    await running(page);
    assert.equal(await page.evaluate(() => window.soundfall.engine.current.name), names[2]);
    await page.context().close();
  });
});
