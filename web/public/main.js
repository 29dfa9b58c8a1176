// The page: loads the program while the visitor chooses, opens what was chosen, and starts the
// picture. Never touches samples; error messages go to the start page or into the picture.

import { keepAwake } from "./awake.js";
import { requestIsolation } from "./coi.js";
import { watchDrops } from "./drops.js";
import { Engine } from "./engine.js";
import { leaveKeysToBrowser } from "./keys.js";
import { badLink, presentAddress, readLink } from "./link.js";
import { load } from "./loader.js";
import { menu, optionsOf } from "./menu.js";
import { restart, restarted, standing } from "./restart.js";
import { KEYS } from "./settings.js";
import * as sources from "./sources.js";
import { StartPage } from "./start-page.js";
import { Trouble } from "./trouble.js";

// Windows narrower than this, in pixels, begin without the panel.
const SMALL = 720;

const stage = document.getElementById("stage");
const page = new StartPage(choose);
/** For tests and for the curious: the engine, the app's exports, its figures, its menu, the address of what is seen. */
const soundfall = {
  engine: null,
  app: null,
  stats: () => JSON.parse(soundfall.app?.stats() || "{}"),
  choose: chooseByName,
  present,
};
window.soundfall = soundfall;

let link = null;
let loading = null;
let started = false;
// Nothing that is chosen can help any more, and the page says why.
let over = false;
let settings = {};
let still = false;
let turn = 0;

function begin() {
  page.offer({ tab: sources.tabOffered() });
  refreshInputs();
  navigator.mediaDevices?.addEventListener?.("devicechange", refreshInputs);
  leaveKeysToBrowser();
  watchDrops((file) => choose("file", { file }));
  document.getElementById("panel").onclick = togglePanel;
  stage.addEventListener("contextmenu", (event) => event.preventDefault());
  stage.addEventListener("webglcontextlost", graphicsLost);
  addEventListener("error", ({ error }) => ofTheApp(error) && stopped(error.message));
  addEventListener("unhandledrejection", ({ reason }) => ofTheApp(reason) && stopped(reason.message));
  page.notice(restarted());
  if (!document.createElement("canvas").getContext("webgl2")) {
    over = true;
    page.trouble(noWebGl(), { fatal: true });
    return;
  }
  startLoading();
  try {
    link = readLink(location.search);
  } catch (trouble) {
    refuseLink(trouble);
    return;
  }
  // A small screen shows the picture first.
  if (innerWidth < SMALL) link.params.panel ??= "0";
  // The system's wish, which is none of the link's: it does not go into the address of what is seen.
  still = !("reduced-motion" in link.params) && matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (still) link.params["reduced-motion"] = "on";
  page.setSignal(link);
  if (link.signal) choose("signal", {});
}

/** The app hears keys only. */
function togglePanel() {
  const key = KEYS["toggle-panel"];
  for (const kind of ["keydown", "keyup"]) {
    stage.dispatchEvent(new KeyboardEvent(kind, { key, code: key, bubbles: true, cancelable: true }));
  }
  stage.focus({ preventScroll: true });
}

function startLoading() {
  loading = load((progress) => page.progress(progress)).then(({ app, web }) => {
    page.loaded();
    soundfall.app = app;
    if (link) checkParams(app);
    return { app, web };
  });
  loading.catch((trouble) => {
    over = true;
    turn += 1;
    const again = () => location.reload();
    page.trouble(trouble.title ? trouble : Trouble.from(trouble), { again, fatal: true });
  });
}

/** A bad parameter is said as soon as the program is there, not only when something is chosen. */
function checkParams(app) {
  try {
    app.checkParams(link.params);
  } catch (error) {
    turn += 1;
    refuseLink(badLink(String(error?.message ?? error)));
  }
}

function refuseLink(trouble) {
  link = { ...readLink(""), refused: true };
  page.trouble(trouble, { again: () => location.assign(location.pathname), label: "Go on without" });
}

/** Opens a source, waits for the program, shows it. Called in the visitor's gesture. */
async function choose(kind, options) {
  if (over) return;
  turn += 1;
  const mine = turn;
  if (page.shown) page.busy(kind, "Opening …");
  let source = null;
  try {
    source = await sources.open(kind, { ...link, ...options }, loading, (text) => mine === turn && page.say(text));
    if (mine === turn && page.shown && !soundfall.app) page.busy(kind, "Loading …");
    const { app, web } = await loading;
    if (mine !== turn) {
      source.stop();
      return;
    }
    startApp(app, web);
    // The picture may have stopped meanwhile, and says so.
    if (!(await soundfall.engine.use(source)) || over) return;
    page.leave();
    if (source.remark) page.notice(source.remark);
    standing();
    keepAwake();
    refreshInputs();
  } catch (error) {
    source?.stop();
    if (mine === turn) refuse(Trouble.from(error), () => choose(kind, options));
  }
}

function startApp(app, web) {
  if (started) return;
  try {
    app.start({
      canvas: "#stage",
      params: link.params,
      onChoose: (name) => chooseByName(name),
      onSettings: (now) => (settings = now),
      onPanic: stopped,
    });
  } catch (error) {
    // The window library leaves its start by an exception that means nothing.
    if (!String(error?.message ?? error).includes("Using exceptions for control flow")) {
      throw new Trouble("The picture could not be started", String(error?.message ?? error));
    }
  }
  started = true;
  soundfall.engine = new Engine({ app, web, historySecs: link.history });
}

/** The panel's menu of sources. */
function chooseByName(name) {
  const { kind, options } = optionsOf(name);
  if (kind === "file") document.getElementById("picker").click();
  else choose(kind, options);
}

function refuse(trouble, again) {
  if (page.shown) page.trouble(trouble, { again });
  else soundfall.app?.refuse(trouble.line);
}

async function refreshInputs() {
  const inputs = await sources.inputs();
  page.setInputs(inputs);
  soundfall.app?.setChoices(menu(inputs, sources.tabOffered()));
}

/** Whether the app was left by this exception, so that nothing of it can be relied on any more. */
function ofTheApp(error) {
  return error instanceof WebAssembly.RuntimeError || /\/app\/soundfall(_bg\.wasm|\.js)/.test(error?.stack);
}

/** The program itself cannot go on. What is captured goes on into its ring until the page is left. */
function stopped(why) {
  if (over) return;
  if (stage.getContext("webgl2")?.isContextLost()) graphicsLost();
  else stop(why);
}

/** The browser took the graphics system away; what the app says about it no longer matters. */
async function graphicsLost() {
  if (over) return;
  stop("The graphics system was reset.");
  const { source } = soundfall.engine?.current ?? {};
  await restart(present(), source?.link ? "" : source?.name);
}

function stop(why) {
  over = true;
  turn += 1;
  soundfall.engine?.pictureGone();
  soundfall.app = null;
  const trouble = new Trouble("The picture has stopped", why, "Load the page again to go on; the settings stay.");
  page.comeBack(trouble, { again: () => location.replace(present()), label: "Reload", fatal: true });
}

/** The address of what was seen last. */
function present() {
  const { source } = soundfall.engine?.current ?? {};
  const seen = { ...settings };
  if (still) delete seen["reduced-motion"];
  return presentAddress(location, seen, source && (source.link ?? {}));
}

function noWebGl() {
  return new Trouble(
    "This browser draws no 3D here",
    "soundfall needs WebGL 2, which is switched off or missing.",
    "Switch on hardware acceleration in the browser's settings, or take an up-to-date Chrome, Edge, Firefox or Safari.",
  );
}

requestIsolation().then((reloading) => reloading || begin());
