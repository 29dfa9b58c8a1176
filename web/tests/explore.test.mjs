// Hands on the page: wheel, keys and fingers move the view through its sound, and leave the page itself alone.

import assert from "node:assert/strict";
import test from "node:test";
import { comes, drawn, running, settled } from "./lib/app.mjs";
import { PATIENCE, openPage, shoot, stageFor } from "./lib/browser.mjs";

const LANES = { x: 240, y: 224 };
const SURFACE = { x: 240, y: 130 };

/** What the view shows now, as the address of it says. */
async function seen(page) {
  const address = new URL(await page.evaluate(() => window.soundfall.present()));
  const number = (name, otherwise) => Number(address.searchParams.get(name) ?? otherwise);
  return { span: number("span", 10), low: number("low", 30), high: number("high", 20_000) };
}

const reaches = (page, wanted) => comes(async () => wanted(await seen(page)));

test("hands on the page", async (t) => {
  const { browser, address } = await stageFor(t);
  const page = await openPage(browser, `${address}?signal=sine:440&seconds=8&panel=0&smooth=0&span=4`, { settings: { hasTouch: true } });
  await running(page);
  await page.waitForFunction(() => window.soundfall.engine.current?.ended, undefined, { timeout: PATIENCE });
  await settled(page);
  const size = () => page.evaluate(() => [innerWidth, devicePixelRatio, visualViewport.scale]);
  const before = await size();

  await t.test("the wheel zooms time", async () => {
    await page.mouse.move(LANES.x, LANES.y);
    await page.mouse.wheel(0, -600);
    await reaches(page, ({ span }) => span < 2);
    await page.mouse.wheel(0, 600);
    await reaches(page, ({ span }) => span > 3);
  });

  await t.test("with Ctrl it zooms the frequencies, and not the page", async () => {
    await page.mouse.move(SURFACE.x, SURFACE.y);
    await page.keyboard.down("Control");
    await page.mouse.wheel(0, -300);
    await reaches(page, ({ low, high }) => high / low < 200);
    await page.keyboard.up("Control");
    assert.deepEqual(await size(), before);
    await shoot(page, "explore-band");
  });

  await t.test("keys: nearer, wider, all, higher", async () => {
    const { span } = await seen(page);
    await page.keyboard.press("+");
    await reaches(page, (now) => now.span < 0.9 * span);
    await page.keyboard.press("-");
    await reaches(page, (now) => now.span > 0.95 * span);
    await page.keyboard.press("z");
    await reaches(page, (now) => now.span > 7.5);
    const { low } = await seen(page);
    await page.keyboard.press("ArrowUp");
    await reaches(page, (now) => now.low > 1.01 * low);
  });

  await t.test("two fingers that part come nearer", async () => {
    const { span } = await seen(page);
    const hands = await page.context().newCDPSession(page);
    const touch = (type, apart) =>
      hands.send("Input.dispatchTouchEvent", {
        type,
        touchPoints: apart ? [-apart, apart].map((x, id) => ({ x: LANES.x + x, y: LANES.y, id })) : [],
      });
    await touch("touchStart", 30);
    await drawn(page);
    for (const apart of [50, 70, 90]) {
      await touch("touchMove", apart);
      await drawn(page, 2);
    }
    await reaches(page, (now) => now.span < 0.6 * span);
    await touch("touchEnd");
    assert.deepEqual(await size(), before);
    await shoot(page, "explore-pinch");
  });

  assert.deepEqual(page.problems, []);
  await page.context().close();
});
