// Looks at screenshots: where ridges stand, how two pictures differ. Never takes one.

/** Brightness from 0 to 255 of a pixel. */
const brightness = ([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b;

/** The part of the picture the landscape is in: without words, colour bar and lanes. */
const LANDSCAPE = { left: 0.12, right: 0.9, top: 0.1, bottom: 0.76 };

/** The brightest pixel of each column of the landscape, as `[x, brightness]`. */
export function skyline(picture) {
  const { width, height } = picture;
  const out = [];
  for (let x = Math.round(width * LANDSCAPE.left); x < width * LANDSCAPE.right; x += 1) {
    let best = 0;
    for (let y = Math.round(height * LANDSCAPE.top); y < height * LANDSCAPE.bottom; y += 1) {
      best = Math.max(best, brightness(picture.at(x, y)));
    }
    out.push([x, best]);
  }
  return out;
}

/** Where the brightest ridge stands: the middle of the columns near the greatest brightness. */
export function ridge(picture) {
  const line = skyline(picture);
  const most = Math.max(...line.map(([, level]) => level));
  const bright = line.filter(([, level]) => level > 0.8 * most).map(([x]) => x);
  const middle = bright[Math.floor(bright.length / 2)];
  return { x: middle / picture.width, level: most, width: bright.length / picture.width };
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
