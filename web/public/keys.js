// Leaves the browser's own keys to the browser: the picture's window library takes every key for
// itself. Never handles a key.

const BROWSER = new Set(["F5", "F11", "F12"]);
// What text fields of the panel take together with Ctrl, and the keys that are held for it.
const EDITING = /^([acvxyz]|Arrow\w+|Home|End|Backspace|Delete|Control|Shift|Alt|AltGraph|Meta|OS)$/i;

/** `event`: a key that was pressed. Whether it is one of the browser's own, as for loading again. */
export function isOfTheBrowser(event) {
  if (BROWSER.has(event.key)) return true;
  // AltGr is told as Ctrl and Alt.
  const held = (event.ctrlKey || event.metaKey) && !event.getModifierState("AltGraph");
  return held && !EDITING.test(event.key);
}

/** Keeps them from everything that listens below the window. */
export function leaveKeysToBrowser() {
  addEventListener("keydown", (event) => isOfTheBrowser(event) && event.stopImmediatePropagation(), { capture: true });
}
