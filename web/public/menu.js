// The names under which the app's panel offers sources, and what each name means. Knows nothing of
// how a source is opened.

import { SIGNALS } from "./settings.js";

const FILE = "Open a file…";
const TAB = "Tab or system audio…";
const MICROPHONE = "Microphone";
const SIGNAL = "Signal ";

const devices = new Map();

/** All names, for the input devices known so far. */
export function menu(inputs, withTab) {
  devices.clear();
  for (const { deviceId, label } of inputs) devices.set(`${MICROPHONE}: ${label}`, deviceId);
  const signals = SIGNALS.map(([name]) => SIGNAL + name);
  return [MICROPHONE, ...(devices.size > 1 ? devices.keys() : []), FILE, ...(withTab ? [TAB] : []), ...signals];
}

/** `{kind, options}` of a name. */
export function optionsOf(name) {
  if (name === FILE) return { kind: "file", options: {} };
  if (name === TAB) return { kind: "tab", options: {} };
  if (name.startsWith(SIGNAL)) return { kind: "signal", options: { signal: name.slice(SIGNAL.length) } };
  return { kind: "microphone", options: { deviceId: devices.get(name) } };
}
