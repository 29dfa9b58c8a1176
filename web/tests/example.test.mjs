// The example page of RingBufferReader: a waveform, a spectrogram, numbers, and typed errors.

import assert from "node:assert/strict";
import test from "node:test";
import { PATIENCE, openPage, shoot, stageFor } from "./lib/browser.mjs";
import { temporary, tone, wav } from "./lib/wav.mjs";

test("example page", async (t) => {
  const file = temporary("tone.wav", wav({ secs: 10, sample: tone(3000) }));
  const { browser, address } = await stageFor(t, { microphone: file });
  const page = await openPage(browser, `${address}example/`, { size: { width: 900, height: 700 } });
  await page.waitForFunction(() => window.example);
  const atLeast = (frames) =>
    page.waitForFunction((least) => window.example.reader?.writtenFrames >= least, frames, { timeout: PATIENCE });

  await t.test("draws the microphone: a line at 3000 Hz", async () => {
    await page.click("#microphone");
    await atLeast(96_000);
    const brightest = await page.waitForFunction(() => {
      const { canvas } = document.getElementById("spectrogram").getContext("2d");
      const { data } = canvas.getContext("2d").getImageData(canvas.width - 40, 0, 1, canvas.height);
      let best = -1;
      let most = 150;
      for (let y = 0; y < canvas.height; y += 1) {
        const level = data[4 * y] + data[4 * y + 1];
        if (level > most) [best, most] = [canvas.height - 1 - y, level];
      }
      return best < 0 ? null : best;
    }, undefined, { timeout: PATIENCE });
    const bin = 3000 / ((await page.evaluate(() => window.example.reader.sampleRate)) / 512);
    assert.ok(Math.abs((await brightest.jsonValue()) - bin) <= 1, `${await brightest.jsonValue()} is not ${bin}`);
    const waveform = await page.evaluate(() => {
      const { canvas } = document.getElementById("waveform").getContext("2d");
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return data.filter((value, i) => i % 4 === 3 && value > 0).length / (canvas.width * canvas.height);
    });
    assert.ok(waveform > 0.1, `${waveform} of the canvas is drawn`);
    await shoot(page, "example");
  });

  await t.test("plays the signal, and stops", async () => {
    await page.click("#signal");
    await atLeast(48_000);
    await page.waitForFunction(() => document.getElementById("numbers").innerText.includes("demo"));
    assert.match(await page.locator("#numbers").innerText(), /sequence\s*\d+[\s\S]*lost frames\s*0/);
    await page.click("#stop");
    assert.equal(await page.evaluate(() => window.example.reader), null);
    assert.deepEqual(page.problems, []);
  });

  await t.test("bad buffers throw typed errors", async () => {
    const errors = await page.evaluate(async () => {
      const { RingBufferReader, createRing } = await import("/module/soundfall_web.js");
      const wrong = createRing(48_000, 2, 1, 512, "x");
      new BigInt64Array(wrong)[3] = 2n ** 60n;
      const tries = [undefined, {}, new ArrayBuffer(0), new ArrayBuffer(8192), new SharedArrayBuffer(4096), wrong];
      const good = new RingBufferReader(createRing(48_000, 2, 1, 512, "x"));
      const calls = [
        ...tries.map((buffer) => () => new RingBufferReader(buffer)),
        () => good.get_waveform_span(2, 0, 1, 10),
        () => good.get_waveform_span(0, 0, 100, 10),
        () => good.get_spectrogram(0, 3, 1, 1),
        () => good.get_spectrogram(0, 2048, 512, 1e9),
      ];
      return calls.map((call) => {
        try {
          call();
          return "nothing";
        } catch (error) {
          return error instanceof Error ? error.name : `a ${typeof error}`;
        }
      });
    });
    assert.deepEqual(errors, errors.map(() => "RingBufferError"));
    assert.deepEqual(page.problems, []);
  });
});

test("example page without shared memory says what is missing", async (t) => {
  const { browser, address } = await stageFor(t, { plain: true });
  const page = await openPage(browser, `${address}example/`);
  await page.locator("#words", { hasText: "COOP and COEP" }).waitFor();
  assert.equal(await page.isDisabled("#signal"), true);
  assert.deepEqual(page.problems, []);
});
