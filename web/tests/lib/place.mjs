// Where the built page, its server and the browser are. Never builds anything: `cargo xtask test`
// does, and says so here if it was not done.

import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const needed = (name, what) => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: ${what}. \`cargo xtask test\` sets it.`);
  return value;
};

export const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");
export const publicFolder = join(root, "web/public");
export const chromiumPath = process.env.CHROMIUM ?? "/usr/bin/chromium";
export const serveProgram = () => needed("SOUNDFALL_SERVE", "the path of the built xtask program");
export const dist = () => needed("SOUNDFALL_DIST", "the folder that `cargo xtask web` built");

/** A place for a picture that somebody may want to look at. */
export function picturePath(name) {
  const folder = process.env.SOUNDFALL_SHOTS ?? join(root, "out/web");
  mkdirSync(folder, { recursive: true });
  return join(folder, `${name}.png`);
}
