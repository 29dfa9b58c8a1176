// Reads the page's query: what the link asks the page for, and what goes on to the app. Never
// touches the document.

import { SETTINGS } from "./settings.js";
import { Trouble } from "./trouble.js";

// The settings that the page itself uses: those of the stream, and when a signal ends.
const OWN_SETTINGS = Object.keys(SETTINGS).filter((name) => SETTINGS[name].scope === "stream" || name === "seconds");
const OWN = new Set([...OWN_SETTINGS, "signal", "coi"]);

// As the program reads numbers.
const WHOLE = /^\+?\d+$/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Gives `{signal, params}` and a number for each setting of the stream and `seconds`; they are undefined where
 * neither the link says anything nor there is a default, `params` holds the rest for the app.
 * Throws a `Trouble` for a number that is none.
 */
export function readLink(search) {
  const query = new URLSearchParams(search);
  const link = { signal: query.get("signal") || undefined, params: {} };
  for (const name of OWN_SETTINGS) link[name] = number(name, query.get(name) ?? SETTINGS[name].default);
  for (const [name, value] of query) {
    // What can be asked for many times (`change`) is one text for the app.
    if (!OWN.has(name)) link.params[name] = name in link.params ? `${link.params[name]};${value}` : value;
  }
  return link;
}

/** The number that a text sets, undefined for none; refused with the message of the program. */
export function number(name, text) {
  const { min, max, whole, unset, expected } = SETTINGS[name];
  if (text === unset) return undefined;
  const value = (whole ? WHOLE : NUMBER).test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw badLink(`${name}=${text}: ${expected}`);
}

/** The trouble of a link that asks for what cannot be. */
export function badLink(message) {
  return new Trouble(
    "This link asks for something that cannot be",
    message,
    "Correct the address, or go on without what it asks for.",
  );
}

/** The address that starts this signal at once, keeping all else the present one asks for. */
export function signalAddress(location, signal, channels) {
  const address = new URL(location.href);
  address.hash = "";
  address.searchParams.set("signal", signal);
  address.searchParams.set("channels", String(channels));
  return address.href;
}

/**
 * The address that brings back what is seen now: the app's `settings`, and the `source` as far as a link
 * can name it (`{signal, channels}`; `{}` for a microphone, a file, a tab; undefined before there is one).
 */
export function presentAddress(location, settings, source) {
  const address = new URL(location.href);
  address.hash = "";
  const query = address.searchParams;
  query.delete("change"); // done, as far as the settings tell
  for (const [name, value] of Object.entries(settings)) {
    // A small screen begins without the panel, whatever its default is.
    if (value === SETTINGS[name]?.default && name !== "channel" && name !== "panel") query.delete(name);
    else query.set(name, value);
  }
  // All channels of the source: the link names none.
  if (!("channel" in settings) && "panel" in settings) query.delete("channel");
  if (source) query.delete("signal");
  for (const [name, value] of Object.entries(source ?? {})) query.set(name, String(value));
  return address.href;
}
