// The start page, and every way in which starting can fail: designed words, never a blank page.

import assert from "node:assert/strict";
import test from "node:test";
import { launch, openPage, shoot, stageFor } from "./lib/browser.mjs";
import { trouble, troubleOf } from "./lib/app.mjs";
import { serve } from "./lib/server.mjs";
import { temporary, tone, wav } from "./lib/wav.mjs";

test("start page", async (t) => {
  const { browser, address } = await stageFor(t, { microphone: "refused" });

  await t.test("shows its choices at once, loads, and complains about nothing", async () => {
    const page = await openPage(browser, address, { size: { width: 1280, height: 720 } });
    const names = await page.locator(".choice:visible .name").allInnerTexts();
    assert.deepEqual(names, ["Microphone", "Open a file", "Built-in signal", "Tab or system audio"]);
    await page.waitForFunction(() => document.getElementById("status").value === "Ready");
    assert.equal(await page.evaluate(() => self.crossOriginIsolated), true);
    assert.equal(await page.title(), "soundfall – live sound as a landscape");
    await shoot(page, "start");
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  await t.test("is reached by keyboard, in order", async () => {
    const page = await openPage(browser, address);
    const reached = [];
    for (let i = 0; i < 8; i += 1) {
      await page.keyboard.press("Tab");
      reached.push(await page.evaluate(() => document.activeElement?.id));
    }
    const order = ["microphone", "file", "signal", "signals", "channels", "link", "tab"];
    assert.deepEqual(order.filter((id) => reached.includes(id)), order, reached.join(" "));
    await page.context().close();
  });

  await t.test("fits a phone and a 4K wall", async () => {
    for (const [name, width, height] of [["phone", 390, 844], ["wall", 3840, 2160]]) {
      const page = await openPage(browser, address, { size: { width, height } });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `${name}: ${wide} px wide`);
      const letters = await page.evaluate(() => parseFloat(getComputedStyle(document.body).fontSize));
      assert.ok(letters >= 15 && (width < 1000 || letters > 24), `${name}: ${letters} px`);
      if (name === "phone") await shoot(page, "start-phone");
      await page.context().close();
    }
  });

  await t.test("microphone refused: says how to allow it, and goes on with a signal", async () => {
    const page = await openPage(browser, address);
    await page.click("#microphone");
    assert.match(await trouble(page), /not allowed[\s\S]*Allow it through the icon/);
    await shoot(page, "refused");
    assert.equal(await page.locator("#again").innerText(), "Try again");
    await page.selectOption("#signals", "chord");
    await page.click("#signal");
    await page.waitForFunction(() => document.body.dataset.state === "running");
    assert.equal(await troubleOf(page), null);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  await t.test("a bad link: says which part, and goes on without it", async () => {
    for (const [query, words] of [
      ["?signal=demo&channels=300", /channels=300: give a whole number, 1 to 256/],
      ["?signal=demo&colormap=mud", /colormap=mud/],
      ["?signal=trombone", /trombone/],
      ["?signal=demo&nonsense=1", /nonsense/],
    ]) {
      const page = await openPage(browser, address + query);
      assert.match(await trouble(page), words);
      if (query.includes("300")) {
        await shoot(page, "bad-link");
        await page.click("#again");
        await page.waitForURL(address);
        await page.locator("#microphone").waitFor();
        assert.equal(await troubleOf(page), null);
      }
      assert.deepEqual(page.problems, [], query);
      await page.context().close();
    }
  });

  await t.test("program not to be had: says so and offers another try", async () => {
    const before = (page) => page.route("**/app/soundfall_bg.wasm", (route) => route.abort("internetdisconnected"));
    const page = await openPage(browser, address, { before, expected: [/ERR_INTERNET_DISCONNECTED/] });
    assert.match(await trouble(page), /could not be loaded/);
    await shoot(page, "offline");
    await page.unroute("**/app/soundfall_bg.wasm");
    await page.click("#again");
    await page.waitForFunction(() => document.getElementById("status").value === "Ready");
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  await t.test("program not to be had while a source is being opened: it stays said", async () => {
    let asked;
    const route = new Promise((resolve) => (asked = resolve));
    const before = async (page) => {
      await page.route("**/app/soundfall_bg.wasm", (one) => asked(one));
      await page.addInitScript(() => {
        navigator.mediaDevices.getUserMedia = () => new Promise((resolve) => (window.allow = resolve));
      });
    };
    const page = await openPage(browser, address, { before, expected: [/ERR_INTERNET_DISCONNECTED/] });
    await page.click("#microphone");
    await page.waitForFunction(() => window.allow);
    await (await route).abort("internetdisconnected");
    assert.match(await trouble(page), /could not be loaded/);
    const track = await page.evaluateHandle(() => {
      const end = new MediaStreamAudioDestinationNode(new AudioContext());
      window.allow(end.stream);
      return end.stream.getAudioTracks()[0];
    });
    await page.waitForFunction((one) => one.readyState === "ended", track);
    // Nor does a file change that.
    await page.setInputFiles("#picker", { name: "empty.wav", mimeType: "audio/wav", buffer: Buffer.alloc(0) });
    assert.match(await trouble(page), /could not be loaded/);
    assert.equal(await page.evaluate(() => document.body.dataset.state), "fatal");
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  await t.test("sound that cannot be taken in, as over plain http: said in words, a signal plays", async () => {
    const before = (page) => page.addInitScript(() => delete BaseAudioContext.prototype.audioWorklet);
    const page = await openPage(browser, address, { before });
    await page.setInputFiles("#picker", temporary("tone.wav", wav({ secs: 1, sample: tone(500) })));
    assert.match(await trouble(page), /can take in no sound[\s\S]*built-in signal works/);
    await shoot(page, "no-capture");
    await page.click("#signal");
    await page.waitForFunction(() => document.body.dataset.state === "running");
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  await t.test("a link to the signal in the fields", async () => {
    const page = await openPage(browser, address, {
      before: (_, context) => context.grantPermissions(["clipboard-read", "clipboard-write"]),
    });
    await page.selectOption("#signals", "sine:1000");
    await page.fill("#channels", "900");
    // It says so for two seconds.
    await page.evaluate(() => {
      const link = document.getElementById("link");
      new MutationObserver(() => (window.copied ||= link.textContent.includes("Copied"))).observe(link, { childList: true, characterData: true, subtree: true });
    });
    await page.click("#link");
    await page.waitForFunction(() => window.copied);
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(copied, `${address}?signal=sine%3A1000&channels=256`);
    await page.context().close();
  });
});

test("no microphone on the machine", async (t) => {
  const { browser, address } = await stageFor(t, { flags: ["--use-fake-ui-for-media-stream"] });
  const page = await openPage(browser, address);
  await page.click("#microphone");
  assert.match(await trouble(page), /No microphone was found/);
  assert.deepEqual(page.problems, []);
});

test("a browser without WebGL 2", async (t) => {
  const server = await serve();
  const browser = await launch({ flags: ["--disable-3d-apis"] });
  t.after(() => browser.close().then(server.stop));
  const page = await openPage(browser, server.address);
  assert.match(await trouble(page), /draws no 3D here[\s\S]*hardware acceleration/);
  // A dropped file does not hide it.
  await page.setInputFiles("#picker", temporary("tone.wav", wav({ secs: 1, sample: tone(500) })));
  await page.evaluate(() => window.soundfall.choose("Signal demo"));
  assert.match(await trouble(page), /draws no 3D here/);
  await shoot(page, "no-webgl");
  assert.deepEqual(page.problems, []);
});
