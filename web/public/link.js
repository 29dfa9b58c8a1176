// Reads the page's query: what the link asks the page for, and what goes on to the app. Never
// touches the document.

import { Trouble } from "./trouble.js";

/** Seconds of history without a word in the link. */
export const HISTORY_SECS = 30;
/** Most channels of a built-in signal. */
export const MAX_CHANNELS = 64;

// Parameters the page itself uses: what they must be, and how that is said.
const NUMBERS = {
  channels: [(n) => Number.isInteger(n) && n >= 1 && n <= MAX_CHANNELS, `a whole number from 1 to ${MAX_CHANNELS}`],
  rate: [(n) => Number.isInteger(n) && n >= 1000 && n <= 768000, "a whole number of Hz from 1000 to 768000"],
  history: [(n) => n >= 1 && n <= 3600, "a number of seconds from 1 to 3600"],
  seconds: [(n) => n > 0, "a number of seconds above 0"],
  speed: [(n) => n > 0 && n <= 100, "a number above 0, at most 100"],
};
const OWN = new Set([...Object.keys(NUMBERS), "signal", "coi"]);

/**
 * Gives `{signal, channels, rate, history, seconds, speed, params, asked}`; numbers are undefined where the
 * link says nothing, `params` holds the rest for the app, `asked` the text of all that was asked.
 * Throws a `Trouble` for a number that is none.
 */
export function readLink(search) {
  const query = new URLSearchParams(search);
  const link = { signal: query.get("signal") || undefined, params: {} };
  for (const [name, value] of query) {
    // What can be asked for many times (`change`) is one text for the app.
    if (!OWN.has(name)) link.params[name] = name in link.params ? `${link.params[name]};${value}` : value;
    else if (NUMBERS[name]) link[name] = number(name, value);
  }
  link.history ??= HISTORY_SECS;
  return link;
}

function number(name, text) {
  const [fits, what] = NUMBERS[name];
  const value = text.trim() === "" ? NaN : Number(text);
  if (Number.isFinite(value) && fits(value)) return value;
  throw badLink(`${name}=${text}: this must be ${what}.`);
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
