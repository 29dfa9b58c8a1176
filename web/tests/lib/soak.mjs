// The page for long: its settings change all the time, in the cycle of `tests/soak.json`, and its
// microphone goes and comes back. Gives what it holds; never judges.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { figures, rowsDrawn, running } from "./app.mjs";
import { openPage } from "./browser.mjs";
import { root } from "./place.mjs";

const { cycle_secs: cycle, source_secs: source, changes } = JSON.parse(readFileSync(join(root, "tests/soak.json"), "utf8"));

/** The changes of `secs` seconds and a round more, as a link asks for them. */
function query(secs) {
  const rounds = Array.from({ length: Math.ceil(secs / cycle) + 1 }, (_, round) => round * cycle);
  const all = rounds.flatMap((begin) => changes.map(([at, set]) => `change=${begin + at}:${set}`));
  return `?panel=0&smooth=0&${all.join("&")}`;
}

/**
 * Runs the page for so many seconds, or until `goOn` says no, on a browser with a microphone; `seen` gets, every
 * `every` seconds, the seconds since the start and what the page holds, a number each. Gives the page.
 */
export async function soak({ browser, address }, { secs, every, seen, goOn = () => true }) {
  const page = await openPage(browser, address, {
    size: { width: 320, height: 180 },
    // The changes of an hour are longer than an address that is asked for may be.
    before: (opened) =>
      opened.addInitScript((text) => location.protocol.startsWith("http") && history.replaceState(null, "", text), query(secs)),
  });
  await page.click("#microphone");
  await running(page);
  await rowsDrawn(page);
  const tools = await page.context().newCDPSession(page);
  await tools.send("Performance.enable");
  const start = Date.now();
  const passed = () => (Date.now() - start) / 1000;
  let there = true;
  let next = every;
  while (passed() < secs && goOn()) {
    const wanted = passed() % (source.there + source.away) < source.there;
    if (wanted !== there) await page.evaluate(wanted ? comesBack : goes);
    there = wanted;
    if (passed() >= next) {
      next += every;
      seen(passed(), await held(page, tools));
    }
    await page.waitForTimeout(250);
  }
  return page;
}

/** What the page holds now, rubbish collected. */
async function held(page, tools) {
  await tools.send("HeapProfiler.collectGarbage");
  const { usedSize } = await tools.send("Runtime.getHeapUsage");
  const { metrics } = await tools.send("Performance.getMetrics");
  const metric = (name) => metrics.find((one) => one.name === name)?.value ?? 0;
  const stats = await figures(page);
  return {
    wasm_mb: stats.wasm_heap_mb,
    js_heap_mb: usedSize / 1e6,
    browser_mb: browserMemory(),
    workers: page.workers().length,
    nodes: metric("Nodes"),
    listeners: metric("JSEventListeners"),
    entities: stats.entities,
    assets: stats.assets,
    tasks: stats.tasks,
    p99_ms: stats.main_thread_ms.p99,
    jobs_p99_ms: stats.job_ms.p99,
  };
}

/** Memory of their own of all processes that this one has started, MB; 0 where the kernel does not say. */
function browserMemory() {
  const processes = new Map();
  try {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      try {
        const status = readFileSync(`/proc/${pid}/status`, "utf8");
        const value = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
        processes.set(Number(pid), { parent: value("PPid"), mb: value("RssAnon") / 1024 });
      } catch {
        // Gone meanwhile.
      }
    }
  } catch {
    return 0;
  }
  const isOurs = (pid) => pid === process.pid || (processes.has(pid) && isOurs(processes.get(pid).parent));
  return [...processes].filter(([pid, { parent }]) => pid !== process.pid && isOurs(parent)).reduce((sum, [, { mb }]) => sum + mb, 0);
}

/** Runs in the page: the microphone is gone and not to be had. */
function goes() {
  const ask = navigator.mediaDevices.getUserMedia;
  window.giveBack = () => (navigator.mediaDevices.getUserMedia = ask);
  navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", "NotFoundError"));
  const { track } = window.soundfall.engine.current.source;
  track.stop();
  track.dispatchEvent(new Event("ended"));
}

/** Runs in the page. */
function comesBack() {
  window.giveBack();
  navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
}
