// Chromium with software graphics and a made-up microphone, and pages that notice every complaint.
// Never uses a display, a real device or the network beyond this machine.

import { chromium } from "playwright-core";
import { chromiumPath, picturePath } from "./place.mjs";
import { serve } from "./server.mjs";

export { picturePath };

// Drawing is done by the CPU: small pictures.
export const SIZE = { width: 480, height: 270 };
// A test that passes never waits so long.
export const PATIENCE = 300_000;
const FRAME_MS = 250;

const FLAGS = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--enable-unsafe-swiftshader",
  "--use-gl=angle",
  "--use-angle=swiftshader",
  "--enable-precise-memory-info",
];

/** `microphone`: a WAV file, "beep", "refused", or nothing for a machine without one; `more` goes to Playwright. */
export function launch({ microphone, flags = [], ...more } = {}) {
  const args = [...FLAGS, ...flags];
  if (microphone === "refused") args.push("--use-fake-device-for-media-stream");
  else if (microphone) args.push("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream");
  if (microphone?.endsWith(".wav")) args.push(`--use-file-for-fake-audio-capture=${microphone}`);
  return chromium.launch({ executablePath: chromiumPath, args, timeout: PATIENCE, ...more });
}

/**
 * A new page with `problems`: errors on the console, uncaught errors, violations of the policy.
 * `expected` are patterns of complaints that the test provokes; `before` is called with page and context;
 * `settings` are more of the browser's context; `calm` draws a few frames a second, so that drawing on the CPU
 * leaves some of it for the rest.
 */
export async function openPage(browser, address, { expected = [], size = SIZE, before, settings, calm = true } = {}) {
  // A test that failed has left its page behind.
  for (const left of browser.contexts()) await left.close();
  const context = await browser.newContext({ viewport: size, reducedMotion: "reduce", ...settings });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.problems = [];
  const note = (text) => expected.some((pattern) => pattern.test(text)) || page.problems.push(text);
  page.on("console", (message) => message.type() === "error" && note(message.text()));
  page.on("pageerror", (error) => note(`uncaught: ${error.message}`));
  page.on("crash", () => note("the page crashed"));
  await page.addInitScript(() =>
    addEventListener("securitypolicyviolation", (event) =>
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`),
    ),
  );
  if (calm) await page.addInitScript(drawSeldom, FRAME_MS);
  if (before) await before(page, context);
  await page.goto(address, { timeout: PATIENCE });
  return page;
}

/**
 * Runs in the page: all that is asked for until then is drawn `pause` milliseconds after the frame before. As ever it
 * can be cancelled, which the window library does with every event, to ask anew.
 */
function drawSeldom(pause) {
  const draw = window.requestAnimationFrame.bind(window);
  const asked = new Map();
  let last = 0;
  let free = 0;
  let underWay = false;
  window.requestAnimationFrame = (frame) => {
    last += 1;
    asked.set(last, frame);
    if (!underWay) {
      underWay = true;
      setTimeout(() => draw(frames), Math.max(0, free - performance.now()));
    }
    return last;
  };
  window.cancelAnimationFrame = (id) => asked.delete(id);
  function frames(now) {
    underWay = false;
    free = performance.now() + pause;
    const due = [...asked.keys()];
    for (const id of due) {
      const frame = asked.get(id);
      asked.delete(id);
      frame?.(now);
    }
  }
}

/** Server and browser for the tests of one file; ended by `t.after` of the caller. */
export async function stageFor(t, { plain, ...options } = {}) {
  const [server, browser] = await Promise.all([serve({ plain }), launch(options)]);
  t.after(async () => {
    await browser.close();
    server.stop();
  });
  return { browser, address: server.address };
}

/** Saves what is seen; drawing on the CPU takes its time. */
export function shoot(page, name) {
  return page.screenshot({ path: picturePath(name), timeout: PATIENCE });
}
