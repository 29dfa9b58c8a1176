// For hosts that cannot send the COOP and COEP headers: registers a service worker that adds them,
// where the page's meta tag or `?coi` asks for it. Without it everything works in copy mode. Never
// reloads more than once.

const WORKER = new URL("./coi-worker.js", import.meta.url);
const TRIED = "soundfall-coi-tried";
const PATIENCE_MS = 4000;

/** True where the page is about to be loaded again, isolated. */
export async function requestIsolation() {
  const asked = new URLSearchParams(location.search).get("coi");
  const meta = document.querySelector('meta[name="soundfall-coi"]')?.content;
  const wanted = asked === null ? meta === "on" : asked !== "0";
  if (self.crossOriginIsolated) {
    forget();
    return false;
  }
  if (!wanted || !window.isSecureContext || !navigator.serviceWorker) return false;
  try {
    if (sessionStorage.getItem(TRIED)) return false;
    await navigator.serviceWorker.register(WORKER);
    const late = new Promise((_, reject) => setTimeout(reject, PATIENCE_MS));
    await Promise.race([navigator.serviceWorker.ready, late]);
    sessionStorage.setItem(TRIED, "1");
    location.reload();
    return true;
  } catch {
    return false; // no storage or no service worker: copy mode
  }
}

function forget() {
  try {
    sessionStorage.removeItem(TRIED);
  } catch {
    // No storage, nothing to forget.
  }
}
