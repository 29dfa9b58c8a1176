// Looks at screenshots: where ridges stand, how two pictures differ. Never takes one.

// How much of the top of the colour scale (yellow in viridis) is in a pixel: white words have none.
const heat = ([r, g, b]) => Math.min(r, g) - b;

// The part of the picture the landscape is in: without colour bar and lanes.
const LANDSCAPE = { left: 0.12, right: 0.95, top: 0.05, bottom: 0.74 };

/**
 * Where the loudest ridge stands, as a share of the picture's width: the middle of its hottest pixels;
 * `pixels` counts them, `spread` is the width in which half of them are.
 */
export function ridge(picture) {
  const { width, height } = picture;
  const found = [];
  for (let y = Math.round(height * LANDSCAPE.top); y < height * LANDSCAPE.bottom; y += 1) {
    for (let x = Math.round(width * LANDSCAPE.left); x < width * LANDSCAPE.right; x += 1) {
      if (heat(picture.at(x, y)) > 120) found.push(x);
    }
  }
  found.sort((a, b) => a - b);
  const part = (share) => (found[Math.floor(share * (found.length - 1))] ?? NaN) / width;
  return { x: part(0.5), spread: part(0.75) - part(0.25), pixels: found.length };
}

/** The share of the landscape's pixels that are lit. */
export function lit(picture) {
  const { width, height } = picture;
  let [bright, all] = [0, 0];
  for (let y = Math.round(height * LANDSCAPE.top); y < height * LANDSCAPE.bottom; y += 1) {
    for (let x = Math.round(width * LANDSCAPE.left); x < width * LANDSCAPE.right; x += 1) {
      const [r, g, b] = picture.at(x, y);
      bright += Math.max(r, g, b) > 60 ? 1 : 0;
      all += 1;
    }
  }
  return bright / all;
}

/** Mean and 99th percentile of the difference of the channels of all pixels, 0 to 255. */
export function difference(one, other) {
  if (one.width !== other.width || one.height !== other.height) {
    throw new Error(`${one.width}x${one.height} against ${other.width}x${other.height}`);
  }
  const counts = new Array(256).fill(0);
  for (let y = 0; y < one.height; y += 1) {
    for (let x = 0; x < one.width; x += 1) {
      const [a, b] = [one.at(x, y), other.at(x, y)];
      for (let i = 0; i < 3; i += 1) counts[Math.abs(a[i] - b[i])] += 1;
    }
  }
  const all = one.width * one.height * 3;
  const mean = counts.reduce((sum, count, level) => sum + count * level, 0) / all;
  let seen = 0;
  const p99 = counts.findIndex((count) => (seen += count) >= 0.99 * all);
  return { mean, p99 };
}
