// Loads and compiles the two WebAssembly modules while they come in, and tells how far it is. Never
// starts anything.

import { Trouble } from "./trouble.js";

const APP = new URL("./app/soundfall_bg.wasm", import.meta.url);
const MODULE = new URL("./module/soundfall_web_bg.wasm", import.meta.url);
// Bytes of the module a compressed byte stands for, about; only the progress bar depends on it.
const RATIO = { br: 5.4, gzip: 3.6, zstd: 4.4 };

/**
 * Gives `{app, web}`: the exports of the app, ready to start, and of the small module, with `web.module` to be started
 * again in workers.
 * `tell({megabytes, total, fraction})` is called as bytes arrive; `total` and `fraction` are
 * undefined where the host does not say how much there is.
 */
export async function load(tell) {
  const failing = new AbortController();
  const { signal } = failing;
  try {
    const [app, web, appModule, module] = await Promise.all([
      import("./app/soundfall.js"),
      import("./module/soundfall_web.js"),
      compile(APP, { tell, signal }),
      compile(MODULE, { signal }),
    ]);
    await Promise.all([app.default({ module_or_path: appModule }), web.default({ module_or_path: module })]);
    return { app, web: { ...web, module } };
  } catch (error) {
    // One of them failed: of the others nothing more is told.
    failing.abort();
    throw loadTrouble(error);
  }
}

/** Compiles a module while it comes in. */
export async function compile(url, { tell = () => {}, signal } = {}) {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`${url.pathname}: the host answers ${response.status}`);
  const total = Number(response.headers.get("Content-Length")) || undefined;
  const ratio = RATIO[response.headers.get("Content-Encoding")] ?? 1;
  let bytes = 0;
  const counter = new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (!signal?.aborted) tell(progress(bytes, total, ratio));
      controller.enqueue(chunk);
    },
  });
  // The type is set here, because not every host knows it.
  const headers = { "Content-Type": "application/wasm" };
  return WebAssembly.compileStreaming(new Response(response.body.pipeThrough(counter), { headers }));
}

/** What has come over the wire; `Content-Length` counts compressed bytes, the stream plain ones. */
function progress(bytes, total, ratio) {
  const wire = bytes / ratio / 1e6;
  if (total === undefined) return { megabytes: wire };
  const fraction = Math.min(0.99, (wire * 1e6) / total);
  return { megabytes: (fraction * total) / 1e6, total: total / 1e6, fraction };
}

function loadTrouble(error) {
  if (error instanceof WebAssembly.CompileError) {
    return new Trouble(
      "This browser cannot run soundfall",
      `Its WebAssembly refuses the program: ${error.message}`,
      "An up-to-date Chrome, Edge, Firefox or Safari runs it.",
    );
  }
  const offline = navigator.onLine === false;
  return new Trouble(
    "soundfall could not be loaded",
    offline ? "There is no connection to the network." : `The program did not arrive: ${error?.message ?? error}`,
    offline ? "Connect and try again." : "Check the connection and try again.",
  );
}
