// Sound files: dropped, chosen, long, damaged. They are played at their own rate with all channels.

import assert from "node:assert/strict";
import test from "node:test";
import { gaps, peak, readRing, rowsDrawn, running, trouble, written } from "./lib/app.mjs";
import { PATIENCE, openPage, shoot, stageFor } from "./lib/browser.mjs";
import { temporary, tone, wav } from "./lib/wav.mjs";

/** Drops bytes as a file onto the page. */
async function drop(page, name, bytes) {
  const transfer = await page.evaluateHandle(
    ([label, text]) => {
      const data = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      const parcel = new DataTransfer();
      parcel.items.add(new File([data], label, { type: "audio/wav" }));
      return parcel;
    },
    [name, bytes.toString("base64")],
  );
  await page.dispatchEvent("body", "dragenter", { dataTransfer: transfer });
  assert.equal(await page.evaluate(() => document.body.classList.contains("dragging")), true);
  await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
  assert.equal(await page.evaluate(() => document.body.classList.contains("dragging")), false);
}

const ended = (page) =>
  page.waitForFunction(() => window.soundfall.engine?.current?.ended, undefined, { timeout: PATIENCE, polling: 100 });

test("files", async (t) => {
  const { browser, address } = await stageFor(t);
  const stereo = wav({ rate: 44_100, channels: 2, secs: 3, sample: tone(700, 44_100) });

  await t.test("a dropped WAV: its own rate, every channel, and an end", async () => {
    const page = await openPage(browser, `${address}?smooth=0`);
    await page.mouse.click(5, 5);
    await drop(page, "two tones.wav", stereo);
    await running(page);
    await readRing(page);
    assert.deepEqual(
      await page.evaluate(() => [window.reader.sampleRate, window.reader.channels, window.reader.label]),
      [44_100, 2, "two tones.wav"],
    );
    await written(page, 66_150);
    for (const [channel, hz] of [700, 1400].entries()) {
      const found = await peak(page, 8192, channel);
      assert.ok(Math.abs(found.hz - hz) < found.bin / 2, `channel ${channel}: ${found.hz} Hz`);
      // Half of full scale: played as it is, neither mixed nor scaled.
      assert.ok(Math.abs(found.level + 6.02) < 1.5, `channel ${channel}: ${found.level} dBFS`);
    }
    await ended(page);
    await rowsDrawn(page);
    await shoot(page, "file");
    // Where the browser's audio stood still is a gap.
    const gone = (await gaps(page)).reduce((sum, { length }) => sum + length, 0);
    const frames = (await page.evaluate(() => window.reader.writtenFrames)) - gone;
    assert.ok(frames >= 3 * 44_100 && frames < 3.2 * 44_100, `${frames} frames and ${gone} lost`);
    assert.deepEqual(page.problems, []);

    // Another one, dropped onto the picture.
    await drop(page, "third.wav", wav({ rate: 48_000, secs: 2, sample: tone(3000) }));
    await page.waitForFunction(() => window.soundfall.engine.current.name === "third.wav", undefined, { timeout: PATIENCE });
    await readRing(page);
    await written(page, 48_000);
    const found = await peak(page);
    assert.ok(Math.abs(found.hz - 3000) < found.bin / 2, `${found.hz} Hz`);

    // And one that is none: said in the picture, which goes on.
    await page.evaluate(() => {
      window.said = [];
      const { app } = window.soundfall;
      window.soundfall.app = { ...app, refuse: (text) => (window.said.push(text), app.refuse(text)) };
    });
    await drop(page, "broken.wav", Buffer.from("this is no sound at all, whatever its name"));
    await page.waitForFunction(() => window.said.length > 0, undefined, { timeout: PATIENCE });
    assert.match((await page.evaluate(() => window.said))[0], /“broken.wav” is damaged/);
    assert.equal(await page.evaluate(() => window.soundfall.engine.current.name), "third.wav");
    await page.context().close();
  });

  await t.test("chosen with the button; six channels stay six", async () => {
    const page = await openPage(browser, `${address}?smooth=0`);
    const path = temporary("six.wav", wav({ rate: 48_000, channels: 6, secs: 2, sample: tone(500) }));
    const chooser = page.waitForEvent("filechooser");
    await page.click("#file");
    await (await chooser).setFiles(path);
    await running(page);
    await readRing(page);
    assert.equal(await page.evaluate(() => window.reader.channels), 6);
    await written(page, 48_000);
    const found = await peak(page, 8192, 5);
    assert.ok(Math.abs(found.hz - 3000) < found.bin / 2, `${found.hz} Hz`);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  await t.test("a long one is streamed", async () => {
    const page = await openPage(browser, `${address}?smooth=0`);
    // 11 minutes by its header's word, at a low rate to keep it small.
    const bytes = wav({ rate: 8000, channels: 1, secs: 660, sample: tone(500, 8000) });
    await page.setInputFiles("#picker", temporary("long.wav", bytes));
    await running(page);
    await readRing(page);
    await written(page, 16_000);
    assert.equal(await page.evaluate(() => window.reader.sampleRate), 8000);
    const found = await peak(page, 2048);
    assert.ok(Math.abs(found.hz - 500) < found.bin / 2, `${found.hz} Hz`);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  await t.test("damaged, empty, and another kind of file: a clear message on the start page", async () => {
    const page = await openPage(browser, `${address}?smooth=0`);
    const whole = wav({ secs: 1, sample: tone(500) });
    for (const [name, bytes, words] of [
      ["noise.mp3", Buffer.from(Array.from({ length: 4000 }, (_, i) => (i * 7919) & 255)), /“noise.mp3” is damaged/],
      ["head.wav", whole.subarray(0, 30), /“head.wav” is damaged/],
      ["empty.wav", Buffer.alloc(0), /“empty.wav” has no bytes/],
      ["notes.txt", Buffer.from("hello"), /“notes.txt” is damaged, or in a format/],
    ]) {
      await page.setInputFiles("#picker", { name, mimeType: "audio/wav", buffer: bytes });
      await page.locator("#trouble", { hasText: words }).waitFor();
      assert.match(await trouble(page), words);
    }
    await shoot(page, "damaged-file");
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });
});
