// Decodes the PNG pictures of the tests: 8 bits a channel, RGB or RGBA, not interlaced. Never
// writes one.

import { inflateSync } from "node:zlib";

/** `{width, height, at(x, y)}` with [r, g, b] from 0 to 255. */
export function decode(bytes) {
  let at = 8;
  let head = null;
  const parts = [];
  while (at < bytes.length) {
    const length = bytes.readUInt32BE(at);
    const name = bytes.toString("latin1", at + 4, at + 8);
    const body = bytes.subarray(at + 8, at + 8 + length);
    if (name === "IHDR") head = body;
    if (name === "IDAT") parts.push(body);
    at += 12 + length;
  }
  const [width, height] = [head.readUInt32BE(0), head.readUInt32BE(4)];
  const size = { 2: 3, 6: 4 }[head[9]];
  if (head[8] !== 8 || !size || head[12] !== 0) throw new Error("a PNG of another kind");
  const data = unfilter(inflateSync(Buffer.concat(parts)), width * size, height, size);
  const pixel = (x, y) => {
    const start = (y * width + x) * size;
    return [data[start], data[start + 1], data[start + 2]];
  };
  return { width, height, at: pixel };
}

function unfilter(raw, stride, height, size) {
  const out = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y += 1) {
    const filter = raw[y * (stride + 1)];
    for (let i = 0; i < stride; i += 1) {
      const left = i >= size ? out[y * stride + i - size] : 0;
      const up = y > 0 ? out[(y - 1) * stride + i] : 0;
      const corner = i >= size && y > 0 ? out[(y - 1) * stride + i - size] : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
      out[y * stride + i] = raw[y * (stride + 1) + 1 + i] + guess;
    }
  }
  return out;
}

function paeth(left, up, corner) {
  const [l, u, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  if (l <= u && l <= c) return left;
  return u <= c ? up : corner;
}
