// The page for long, for `cargo xtask soak`: what it holds is printed as a line of JSON on stderr every
// few seconds, until SIGINT.

import { launch } from "../tests/lib/browser.mjs";
import { serve } from "../tests/lib/server.mjs";
import { soak } from "../tests/lib/soak.mjs";
import { temporary, tone, wav } from "../tests/lib/wav.mjs";

const [secs, every] = ["SECS", "EVERY_SECS"].map((name) => Number(process.env[`SOUNDFALL_SOAK_${name}`]));
if (!(secs > 0 && every > 0)) throw new Error("SOUNDFALL_SOAK_SECS is not set; `cargo xtask soak` sets it");

let asked = true;
process.on("SIGINT", () => (asked = false));
const microphone = temporary("tone.wav", wav({ secs: 10, sample: tone(440) }));
const [server, browser] = await Promise.all([serve(), launch({ microphone, handleSIGINT: false })]);
try {
  const seen = (_, figures) => console.error(JSON.stringify(figures));
  const page = await soak({ browser, address: server.address }, { secs, every, seen, goOn: () => asked });
  if (page.problems.length > 0) throw new Error(page.problems.join("; "));
} finally {
  await browser.close();
  server.stop();
}
