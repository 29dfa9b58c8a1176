// The quiet landscape of ridges behind the start page. Decoration only: stands still where the
// visitor prefers that, stops for good when the picture begins.

const ROWS = 30;
const STEP = 4;
const FRAME_MS = 50;
// Frames later than this, and how many of them, before it stands still.
const SLOW_MS = 70;
const MAX_SLOW = 12;
const MAX_PIXELS = 2.5e6;
const NIGHT = "#0a0f1a";
const STOPS = [
  [0, "236, 228, 140"],
  [0.3, "120, 206, 124"],
  [0.6, "38, 150, 150"],
  [0.85, "22, 84, 132"],
  [1, "14, 40, 90"],
];

export class Backdrop {
  constructor(canvas) {
    this.canvas = canvas;
    this.pen = canvas.getContext("2d");
    this.running = true;
    this.last = 0;
    this.seen = 0;
    this.slow = 0;
    this.still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    addEventListener("resize", () => this.draw(this.last));
    this.draw(0);
    if (!this.still) this.#tick(0);
  }

  stop() {
    this.running = false;
  }

  draw(now) {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!this.running || width === 0) return;
    const ratio = Math.min(devicePixelRatio, Math.sqrt(MAX_PIXELS / (width * height)));
    this.canvas.width = width * ratio;
    this.canvas.height = height * ratio;
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const time = now / 1000;
    for (let row = 0; row < ROWS; row += 1) this.#ridge(row, time, width, height);
  }

  /** Draws on until the page is left, or until this machine is seen to be busy with better things. */
  #tick(now) {
    if (now - this.seen > SLOW_MS) this.slow += 1;
    this.seen = now;
    if (!this.running || this.slow > MAX_SLOW) return;
    if (now - this.last >= FRAME_MS || now === 0) {
      this.last = now;
      this.draw(now);
    }
    requestAnimationFrame((next) => this.#tick(next));
  }

  /** One ridge, from the horizon (row 0) to the front. */
  #ridge(row, time, width, height) {
    const near = (row + 1) / ROWS;
    const depth = near ** 1.7;
    const base = height * (0.34 + 0.7 * depth);
    const reach = height * (0.06 + 0.3 * depth);
    const spread = width * (1.02 + 0.35 * near);
    const left = (width - spread) / 2;
    const pen = this.pen;
    pen.beginPath();
    pen.moveTo(left - 4, height + 4);
    for (let x = 0; x <= spread; x += STEP) {
      const level = landscape(x / spread, row * 0.31 - time * 0.35);
      pen.lineTo(left + x, base - level * reach);
    }
    pen.lineTo(left + spread + 4, height + 4);
    pen.closePath();
    pen.fillStyle = NIGHT;
    pen.fill();
    pen.fillStyle = this.#colours(base, reach, 0.16 + 0.2 * near);
    pen.fill();
    pen.strokeStyle = this.#colours(base, reach, 0.25 + 0.6 * near);
    pen.lineWidth = 0.6 + 1.1 * near;
    pen.stroke();
  }

  /** The colour scale over the height of a ridge. */
  #colours(base, reach, alpha) {
    const scale = this.pen.createLinearGradient(0, base - reach, 0, base + reach * 0.15);
    STOPS.forEach(([at, colour]) => scale.addColorStop(at, `rgba(${colour}, ${at < 1 ? alpha : 0})`));
    return scale;
  }
}

/** A level from 0 to about 1 over position 0 to 1 and time: a few partials that come and go. */
function landscape(x, time) {
  let level = 0.16 * Math.exp(-x * 2.2) * (1 + 0.4 * Math.sin(time * 1.3 + x * 9));
  for (let k = 0; k < 9; k += 1) {
    const centre = 0.07 + 0.1 * k + 0.012 * Math.sin(time * 0.6 + k * 1.9);
    const width = 0.012 + 0.008 * Math.sin(k * 2.3) ** 2;
    const strength = Math.max(0, Math.sin(time * (0.5 + 0.13 * k) + k * 2.1)) * (0.85 - 0.07 * k);
    level += strength * Math.exp(-(((x - centre) / width) ** 2));
  }
  return level + 0.025 * Math.sin(x * 90 + time * 3) * Math.sin(x * 31 - time);
}
