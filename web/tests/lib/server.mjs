// The project's own server on a free port. One a test file; ended with it.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { dist, serveProgram } from "./place.mjs";

/** Gives `{address, stop}`; `plain` leaves out the headers that isolate a page. */
export async function serve({ plain = false } = {}) {
  const words = ["serve", "--port", "0", "--dir", dist(), ...(plain ? ["--plain"] : [])];
  const child = spawn(serveProgram(), words, { stdio: ["ignore", "pipe", "inherit"] });
  const first = await new Promise((resolve, reject) => {
    const lines = createInterface({ input: child.stdout });
    lines.once("line", resolve);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the server ended with code ${code}`)));
  });
  const address = /http:\/\/\S+/.exec(first)?.[0];
  if (!address) throw new Error(`the server's first line holds no address: ${first}`);
  return { address: address.endsWith("/") ? address : `${address}/`, stop: () => child.kill() };
}
