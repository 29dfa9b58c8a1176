// Keeps the screen from going dark while the picture runs, where the browser has a way. Never keeps
// a hidden tab awake.

let wanted = false;

/** From now on, whenever the page is seen. */
export function keepAwake() {
  if (wanted || !navigator.wakeLock) return;
  wanted = true;
  addEventListener("visibilitychange", hold, true);
  hold();
}

async function hold() {
  if (document.visibilityState !== "visible") return;
  try {
    await navigator.wakeLock.request("screen");
  } catch {
    // Refused, for example on a low battery: the screen then follows the system's settings.
  }
}
