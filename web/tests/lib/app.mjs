// What the tests ask a running page. Never waits for a time, only for what must come.

import { PATIENCE } from "./browser.mjs";

const LAYOUT = { sequence: 40, gapTotal: 120, gapTable: 512, gapEntryBytes: 32 };

/** The figures of the run. */
export const figures = (page) => page.evaluate(() => window.soundfall.stats());

/** Waits until that many rows have been drawn. */
export async function rowsDrawn(page, rows = 8) {
  await page.waitForFunction((least) => window.soundfall.stats().rows_uploaded >= least, rows, {
    timeout: PATIENCE,
    polling: 200,
  });
}

/** The same, beyond those that have been drawn: none before the first picture. */
export const moreRowsDrawn = async (page, rows) => rowsDrawn(page, ((await figures(page)).rows_uploaded ?? 0) + rows);

/** Waits until all that is due is analysed and has been drawn; gives the figures then. For sound that has ended. */
export async function settled(page) {
  const last = await page.waitForFunction(() => {
    const now = window.soundfall.stats();
    return now.columns_due > 0 && now.columns_analysed + now.columns_dropped === now.columns_due ? now : null;
  }, undefined, { timeout: PATIENCE, polling: 250 });
  await drawn(page);
  return last.jsonValue();
}

/** Waits for some more pictures. */
export const drawn = (page, pictures = 4) =>
  page.evaluate(
    (left) => new Promise((resolve) => {
      const next = () => (left-- > 0 ? requestAnimationFrame(next) : resolve());
      next();
    }),
    pictures,
  );

/** What `look` gives, as soon as it gives something. */
export async function comes(look) {
  for (const deadline = Date.now() + PATIENCE; Date.now() < deadline; ) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`did not come: ${look}`);
}

/** Waits until the picture has begun, or fails with the message of the start page. */
export async function running(page) {
  await page.waitForFunction(
    () => document.body.dataset.state === "running" || !document.getElementById("trouble").hidden,
    undefined,
    { timeout: PATIENCE, polling: 100 },
  );
  const words = await troubleOf(page);
  if (words) throw new Error(`the page says: ${words}`);
}

/** The message on the start page, or null. */
export const troubleOf = (page) =>
  page.evaluate(() => {
    const box = document.getElementById("trouble");
    return box.hidden ? null : box.innerText;
  });

/** Waits for a message on the start page and returns it. */
export async function trouble(page) {
  // The start page comes back softly, part by part.
  for (const part of ["", " h2", " .message"]) await page.locator(`#trouble${part}`).waitFor({ timeout: PATIENCE });
  return troubleOf(page);
}

/** Waits until the picture shows this message (null: none). */
export async function pictureSays(page, words) {
  await page.waitForFunction((text) => window.soundfall.engine?.trouble === text, words, {
    timeout: PATIENCE,
    polling: 100,
  });
}

/** Puts a RingBufferReader over the ring of the run into the page, as `window.reader`. */
export async function readRing(page) {
  await page.evaluate(async () => {
    const module = await import("/module/soundfall_web.js");
    await module.default();
    window.reader = new module.RingBufferReader(window.soundfall.engine.current.ring);
  });
}

/** Waits until the ring holds that many frames. */
export async function written(page, frames) {
  await page.waitForFunction((least) => window.reader.writtenFrames >= least, frames, {
    timeout: PATIENCE,
    polling: 100,
  });
}

/** The frequency of the strongest bin of the newest column, in Hz, and the width of a bin. */
export const peak = (page, windowSize = 8192, channel = 0) =>
  page.evaluate(
    ([size, of]) => {
      const levels = window.reader.get_spectrogram(of, size, size, 1);
      let best = 1;
      for (let bin = 1; bin < levels.length; bin += 1) if (levels[bin] > levels[best]) best = bin;
      // The top of the parabola through the strongest bin and its neighbours.
      const [a, b, c] = [levels[best - 1], levels[best], levels[best + 1]];
      const bin = window.reader.sampleRate / size;
      return { hz: (best + (a - c) / (2 * (a - 2 * b + c))) * bin, level: b, bin };
    },
    [windowSize, channel],
  );

/** The microphone is gone and not to be had for a while, for this reason; gives the frames written until then. */
export const lose = (page, reason) =>
  page.evaluate((name) => {
    const ask = navigator.mediaDevices.getUserMedia;
    window.asked = 0;
    window.ask = () => (navigator.mediaDevices.getUserMedia = ask);
    navigator.mediaDevices.getUserMedia = () => {
      window.asked += 1;
      return Promise.reject(new DOMException("", name));
    };
    const { track } = window.soundfall.engine.current.source;
    track.stop();
    track.dispatchEvent(new Event("ended"));
    return window.reader?.writtenFrames;
  }, reason);

/** The microphone is there again. */
export const giveBack = (page) =>
  page.evaluate(() => {
    window.ask();
    navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
  });

/**
 * Waits until `look`, a count of what was written, has been the same for a second: what was under way has arrived,
 * and a source that comes back after it was away for longer than the jitter that is made up for without a gap.
 */
export async function standsStill(page, look) {
  let last = null;
  await comes(async () => {
    const earlier = last;
    last = await look();
    await page.waitForTimeout(1000);
    return last === earlier;
  });
}

/** The gaps of the ring: `{start, length, reason}`. */
export const gaps = (page) =>
  page.evaluate((at) => {
    const words = new BigInt64Array(window.soundfall.engine.current.ring, 0, 512);
    const total = Number(words[at.gapTotal / 8]);
    return Array.from({ length: total }, (_, gap) => {
      const entry = (at.gapTable + gap * at.gapEntryBytes) / 8;
      const [start, length, reason] = [0, 1, 2].map((field) => Number(words[entry + field]));
      return { start, length, reason };
    });
  }, LAYOUT);
