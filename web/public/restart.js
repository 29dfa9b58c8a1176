// Loads the page again, with what was seen in its link, where the browser took the graphics system away: the only way to
// draw again. Never more than a few times in a row, and never without a word after it.

// What the page that comes next is told, and how often it came to that.
const NOTE = "soundfall-restarted";
const COUNT = "soundfall-restarts";
const MOST = 3;
// A picture that stood that long begins to count anew.
const GOOD_MS = 10 * 60 * 1000;

/** True where the page is about to be loaded again, at `address`; false where that was done too often, or could not be counted. */
export async function restart(address, name) {
  try {
    const count = Number(sessionStorage.getItem(COUNT)) + 1;
    if (!(count <= MOST)) return false;
    sessionStorage.setItem(COUNT, String(count));
    sessionStorage.setItem(NOTE, name ?? "");
  } catch {
    return false; // no storage: it could go on for ever
  }
  await seen();
  location.replace(address);
  return true;
}

/** The picture stands: `null`, or what the visitor has to be told about the page that was before this one. */
export function restarted() {
  try {
    const name = sessionStorage.getItem(NOTE);
    sessionStorage.removeItem(NOTE);
    return name === null ? null : words(name);
  } catch {
    return null;
  }
}

/** The picture stands and may be counted on, if it stands long enough. */
export function standing() {
  setTimeout(() => {
    try {
      sessionStorage.removeItem(COUNT);
    } catch {
      // No storage, nothing was counted.
    }
  }, GOOD_MS);
}

/** `name` of a source that no link can name; empty for one that plays again. */
function words(name) {
  const what = "The graphics system was reset, so the page was loaded again. The settings are as before; the sound until then is gone.";
  return name ? `${what} Choose “${name}” once more to go on.` : what;
}

/** A tab that is hidden draws nothing: its sound can be kept until somebody looks. */
function seen() {
  if (document.visibilityState === "visible") return undefined;
  return new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
}
