// Tab or system audio: what the browser shares is made up here, because its window for choosing
// cannot be used by a program.

import assert from "node:assert/strict";
import test from "node:test";
import { peak, readRing, running, trouble, written } from "./lib/app.mjs";
import { PATIENCE, openPage, stageFor } from "./lib/browser.mjs";

/** Puts a made-up share in place: a picture, and a tone of `hz` where it is given. */
const share = (hz) => (page) =>
  page.addInitScript((tone) => {
    navigator.mediaDevices.getDisplayMedia = async (wanted) => {
      window.wanted = wanted;
      const stream = document.createElement("canvas").captureStream();
      window.shared = stream;
      if (tone) {
        const context = new AudioContext();
        const oscillator = new OscillatorNode(context, { frequency: tone });
        const end = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
        oscillator.connect(end);
        oscillator.start();
        stream.addTrack(end.stream.getAudioTracks()[0]);
      }
      return stream;
    };
  }, hz);

test("tab or system audio", async (t) => {
  const { browser, address } = await stageFor(t);

  await t.test("its sound is captured unprocessed, its picture is let go, its end is seen", async () => {
    const page = await openPage(browser, `${address}?smooth=0`, { before: share(880) });
    await page.click("#tab");
    await running(page);
    await readRing(page);
    await written(page, 48_000);
    const found = await peak(page);
    assert.ok(Math.abs(found.hz - 880) < found.bin / 2, `${found.hz} Hz`);
    const { wanted, video } = await page.evaluate(() => ({
      wanted: window.wanted,
      video: window.shared.getVideoTracks().map((track) => track.readyState),
    }));
    assert.deepEqual(video, ["ended"]);
    assert.equal(wanted.audio.echoCancellation, false);
    await page.evaluate(() => {
      const [track] = window.shared.getAudioTracks();
      track.stop();
      track.dispatchEvent(new Event("ended"));
    });
    await page.waitForFunction(() => window.soundfall.engine.current.ended, undefined, { timeout: PATIENCE });
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  await t.test("sharing that ended before its source was connected has ended", async () => {
    const before = async (page) => {
      await share(880)(page);
      await page.addInitScript(() => {
        const add = AudioWorklet.prototype.addModule;
        AudioWorklet.prototype.addModule = async function (...words) {
          await add.apply(this, words);
          window.shared.getAudioTracks()[0].stop();
        };
      });
    };
    const page = await openPage(browser, `${address}?smooth=0`, { before });
    await page.click("#tab");
    await running(page);
    await page.waitForFunction(() => window.soundfall.engine.current.ended, undefined, { timeout: PATIENCE });
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  await t.test("a share without sound is refused with a message", async () => {
    const page = await openPage(browser, address, { before: share(0) });
    await page.click("#tab");
    assert.match(await trouble(page), /Nothing to hear was shared/);
    const open = await page.evaluate(() => window.shared.getTracks().map((track) => track.readyState));
    assert.deepEqual(open, ["ended"]);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  await t.test("where nothing is shared at all it is not offered", async () => {
    const before = (page) => page.addInitScript(() => delete MediaDevices.prototype.getDisplayMedia);
    const page = await openPage(browser, address, { before });
    assert.equal(await page.locator("#tab").isVisible(), false);
    await page.context().close();
  });
});
