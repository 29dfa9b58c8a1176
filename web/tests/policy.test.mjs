// The content security policy stands in the page itself: on a static host that sends no header of
// ours the page works, and neither text is compiled nor anything foreign loaded.

import assert from "node:assert/strict";
import test from "node:test";
import { rowsDrawn, running } from "./lib/app.mjs";
import { PATIENCE, launch, openPage } from "./lib/browser.mjs";
import { dist } from "./lib/place.mjs";
import { host } from "./lib/plain-host.mjs";

/** Runs in the page: tries what the policy forbids, gives what came of it. */
async function trespass(foreign) {
  const violations = [];
  addEventListener("securitypolicyviolation", (event) => violations.push(event.effectiveDirective));
  const outcome = {};
  // What the browser's tools call may compile text; what runs later may not.
  await new Promise((later) => setTimeout(later));
  const script = document.createElement("script");
  script.textContent = "window.trespassed = 'inline script'";
  document.head.append(script);
  const button = document.createElement("button");
  button.setAttribute("onclick", "window.trespassed = 'inline handler'");
  button.click();
  const style = document.createElement("style");
  style.textContent = "body { --trespassed: 1 }";
  document.head.append(style);
  outcome.style = getComputedStyle(document.body).getPropertyValue("--trespassed");
  try {
    outcome.compiled = new Function("return 1")();
  } catch (error) {
    outcome.compiled = error.name;
  }
  const fate = (promise) => promise.then(() => "done", () => "refused");
  const loaded = (element) =>
    new Promise((resolve) => {
      element.onload = () => resolve("done");
      element.onerror = () => resolve("refused");
      document.head.append(element);
    });
  outcome.fetch = await fate(fetch(foreign));
  outcome.image = await loaded(Object.assign(new Image(), { src: `${foreign}favicon.svg` }));
  outcome.script = await loaded(Object.assign(document.createElement("script"), { src: `${foreign}main.js` }));
  outcome.import = await fate(import(`${foreign}trouble.js`));
  const base = document.createElement("base");
  base.href = foreign;
  document.head.append(base);
  outcome.base = document.baseURI.startsWith(foreign);
  // Violations are told in tasks of their own.
  await new Promise((later) => setTimeout(later, 100));
  outcome.trespassed = window.trespassed ?? null;
  outcome.violations = [...new Set(violations)].sort();
  return outcome;
}

const REFUSED = {
  style: "",
  compiled: "EvalError",
  fetch: "refused",
  image: "refused",
  script: "refused",
  import: "refused",
  base: false,
  trespassed: null,
};

test("a static host without headers", async (t) => {
  const [home, foreign, browser] = [await host(dist()), await host(dist()), await launch()];
  t.after(async () => {
    await browser.close();
    home.stop();
    foreign.stop();
  });
  const expected = [/Content Security Policy|^policy: /];
  const headers = await (await fetch(home.address)).headers;
  assert.equal(headers.get("content-security-policy"), null);

  for (const [name, path] of [["the page", ""], ["the example", "example/"]]) {
    await t.test(`${name}: nothing inline, nothing foreign`, async () => {
      const page = await openPage(browser, home.address + path, { expected });
      const { violations, ...outcome } = await page.evaluate(trespass, foreign.address);
      assert.deepEqual(outcome, REFUSED);
      const kinds = ["base-uri", "connect-src", "img-src", "script-src", "script-src-attr", "script-src-elem", "style-src-elem"];
      assert.deepEqual(violations, kinds);
      assert.deepEqual(foreign.asked, [], "nothing was asked of the foreign host");
      await page.context().close();
    });
  }

  await t.test("the page works and complains about nothing", async () => {
    const page = await openPage(browser, `${home.address}?signal=chord&channels=2&smooth=0`);
    await running(page);
    await rowsDrawn(page, 50);
    await page.evaluate(() => window.soundfall.choose("Signal sine:1000"));
    await page.waitForFunction(() => window.soundfall.engine.current.name === "sine:1000", undefined, { timeout: PATIENCE });
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  await t.test("the example works and complains about nothing", async () => {
    const page = await openPage(browser, `${home.address}example/`);
    await page.waitForFunction(() => document.getElementById("words").textContent.includes("shares no memory"), undefined, { timeout: PATIENCE });
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });
});
