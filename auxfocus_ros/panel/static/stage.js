/**
 * The picture and what is laid over it: the focus marker, the crosshair, the box that is being drawn. A click, a tap or a drawn
 * box becomes a selection in pixels of the camera's picture; a click beside the picture, on the distribution, is a depth to
 * focus on.
 * @module stage
 */

import { colour, sharpCanvas } from "./dom.js";
import { axisDepth, drawMarker, hasAxis, markedFocus, runsVertically } from "./marker.js";

const BOX_PX = 7;
const NUDGE_PX = 8;

/** @typedef {[number, number, number, number]} Box left, top, width, height in pixels of the camera's picture */

export class Stage {
  #frame;
  #image;
  #over;
  #press = null;
  #cross = null;
  #pending = false;
  #lensNews = null;
  #colours = null;

  /**
   * @param {{frame: HTMLElement, image: HTMLCanvasElement, over: HTMLCanvasElement}} elements focusable frame, canvases
   * @param {{point: (x: number, y: number) => void, box: (box: Box) => void, depth: (depth_m: number) => void,
   *   drawn: (stamp_ms: number) => void}} to
   */
  constructor({ frame, image, over }, to) {
    this.#frame = frame;
    this.#image = image;
    this.#over = over;
    this.to = to;
    this.stream = "aux";
    this.header = null;
    this.marker = null;
    this.lens = null;
    this.auxiliary = true;
    this.targets = [];
    this.hovered = 0;
    this.pictures = 0;
    /** Where the marker was drawn last, in pixels of the image; null: it was not. */
    this.markerPx = null;
    over.addEventListener("pointerdown", (event) => this.#down(event));
    over.addEventListener("pointermove", (event) => this.#move(event));
    over.addEventListener("pointerup", (event) => this.#up(event));
    over.addEventListener("pointercancel", () => this.cancel());
    frame.addEventListener("keydown", (event) => this.#key(event));
    frame.addEventListener("blur", () => this.#setCross(null));
    new ResizeObserver(() => this.redraw()).observe(over);
  }

  /** @param {ImageBitmap} bitmap @param {import("./stream.js").PictureHeader} header */
  show(bitmap, header) {
    const resized = this.#image.width !== bitmap.width || this.#image.height !== bitmap.height;
    if (resized) {
      this.#image.width = bitmap.width;
      this.#image.height = bitmap.height;
      this.#frame.style.setProperty("--ratio", String(bitmap.width / bitmap.height));
      this.redraw();
    }
    this.#image.getContext("2d", { alpha: false }).drawImage(bitmap, 0, 0);
    this.header = header;
    this.pictures += 1;
    this.#frame.classList.add("live");
  }

  /** Wipes the picture: another stream begins. @param {string} stream */
  clear(stream) {
    this.stream = stream;
    this.header = null;
    this.#frame.classList.remove("live");
    this.redraw();
  }

  /** @param {Record<string, any>} lens a new state: drawn with the next frame */
  setLens(lens) {
    this.lens = lens;
    this.#lensNews = lens.stamp_ms ?? null;
    this.redraw();
  }

  /** Colours have changed, light to dark or back. */
  recolour() {
    this.#colours = null;
    this.redraw();
  }

  /** Draws what is laid over the picture with the next frame. */
  redraw() {
    if (this.#pending) return;
    this.#pending = true;
    window.requestAnimationFrame(() => {
      this.#pending = false;
      this.#draw();
    });
  }

  /** Gives up a box that is being drawn. @returns {boolean} whether there was one */
  cancel() {
    const had = this.#press !== null || this.#cross !== null;
    this.#press = null;
    this.#setCross(null);
    this.redraw();
    return had;
  }

  // Places.

  /** Whether the marker's geometry is that of what is shown. */
  get #hasMarker() {
    const { marker, header } = this;
    return (
      this.stream === "aux" &&
      this.auxiliary &&
      hasAxis(marker) &&
      (!header || (header.width === marker.image_width_px && header.height === marker.image_height_px))
    );
  }

  /** Where the camera's picture stands in the image. @returns {Box} */
  get picture() {
    const { marker } = this;
    if (this.#hasMarker && marker.picture?.[2] > 0) return marker.picture;
    return [0, 0, this.#image.width, this.#image.height];
  }

  #scale() {
    return this.#over.clientWidth / (this.#image.width || 1);
  }

  #imagePoint(event) {
    const box = this.#over.getBoundingClientRect();
    return [
      ((event.clientX - box.left) * this.#image.width) / box.width,
      ((event.clientY - box.top) * this.#image.height) / box.height,
    ];
  }

  #inPicture([x, y]) {
    const [left, top, width, height] = this.picture;
    return x >= left && y >= top && x < left + width && y < top + height;
  }

  // Hands.

  #down(event) {
    if (event.button !== 0 || !this.header) return;
    event.preventDefault();
    this.#frame.focus({ preventScroll: true });
    this.#over.setPointerCapture(event.pointerId);
    const at = this.#imagePoint(event);
    this.#press = { pointer: event.pointerId, from: at, to: at, inside: this.#inPicture(at), box: false };
    this.#setCross(null);
  }

  #move(event) {
    const at = this.#imagePoint(event);
    const onDepth = this.#hasMarker && !this.#inPicture(at);
    this.#over.classList.toggle("rows", onDepth && runsVertically(this.marker));
    this.#over.classList.toggle("columns", onDepth && !runsVertically(this.marker));
    const press = this.#press;
    if (!press || press.pointer !== event.pointerId || !press.inside) return;
    press.to = at;
    press.box ||= Math.hypot(at[0] - press.from[0], at[1] - press.from[1]) * this.#scale() > BOX_PX;
    if (press.box) this.redraw();
  }

  #up(event) {
    const press = this.#press;
    if (!press || press.pointer !== event.pointerId) return;
    this.#press = null;
    this.redraw();
    const [left, top, width, height] = this.picture;
    if (!press.inside) {
      if (this.#hasMarker) this.to.depth(axisDepth(this.marker, press.from[runsVertically(this.marker) ? 1 : 0]));
      return;
    }
    const within = ([x, y]) => [Math.min(Math.max(x - left, 0), width - 0.5), Math.min(Math.max(y - top, 0), height - 0.5)];
    const [a, b] = [within(press.from), within(press.to)];
    if (!press.box) {
      this.to.point(a[0], a[1]);
      return;
    }
    const corner = [Math.floor(Math.min(a[0], b[0])), Math.floor(Math.min(a[1], b[1]))];
    const size = [Math.max(1, Math.round(Math.abs(a[0] - b[0]))), Math.max(1, Math.round(Math.abs(a[1] - b[1])))];
    this.to.box([...corner, ...size]);
  }

  #key(event) {
    if (event.target !== this.#frame || event.altKey || event.ctrlKey || event.metaKey || !this.header) return;
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const [left, top, width, height] = this.picture;
    const now = this.#cross ?? [left + width / 2, top + height / 2];
    if (event.key in ways) {
      const step = (event.shiftKey ? 1 : NUDGE_PX) / this.#scale();
      const [dx, dy] = ways[event.key];
      const next = [now[0] + dx * step, now[1] + dy * step];
      this.#setCross([Math.min(Math.max(next[0], left), left + width - 1), Math.min(Math.max(next[1], top), top + height - 1)]);
    } else if ((event.key === "Enter" || event.key === " ") && this.#cross) {
      this.to.point(this.#cross[0] - left, this.#cross[1] - top);
    } else return;
    event.preventDefault();
  }

  #setCross(place) {
    if (place === this.#cross) return;
    this.#cross = place;
    this.redraw();
  }

  // Drawing.

  #draw() {
    const { context: ink, width, height } = sharpCanvas(this.#over);
    ink.clearRect(0, 0, width, height);
    const scale = this.#scale();
    this.#colours ??= { focus: colour("focus"), ink: colour("focus-ink"), points: colour("points") };
    const colours = this.#colours;
    this.#drawTargets(ink, scale, colours);
    const focus = this.#hasMarker && this.lens ? markedFocus(this.marker, this.lens) : null;
    this.markerPx = focus ? focus.px : null;
    if (focus) drawMarker(ink, this.marker, focus, scale, colours);
    if (this.#press?.box) this.#drawBox(ink, scale, this.#press.from, this.#press.to, colours);
    if (this.#cross) this.#drawCross(ink, scale, this.#cross, colours);
    if (focus && this.#lensNews !== null) this.to.drawn(this.#lensNews);
    this.#lensNews = null;
  }

  /** In the camera's own picture nothing is drawn yet: all targets; in the image only the one that is pointed at in the list. */
  #drawTargets(ink, scale, colours) {
    const [left, top] = this.picture;
    for (const target of this.targets) {
      if (this.stream !== "camera" && target.id !== this.hovered) continue;
      const [x, y, width, height] = target.box;
      ink.strokeStyle = colours.ink;
      ink.lineWidth = 4;
      ink.strokeRect((left + x) * scale, (top + y) * scale, width * scale, height * scale);
      ink.strokeStyle = target.selected || target.id === this.hovered ? colours.focus : colours.points;
      ink.lineWidth = 2;
      ink.setLineDash(target.state === "tracked" ? [] : [6, 4]);
      ink.strokeRect((left + x) * scale, (top + y) * scale, width * scale, height * scale);
      ink.setLineDash([]);
      if (this.stream === "camera") this.#drawNumber(ink, target, (left + x) * scale, (top + y) * scale, colours);
    }
  }

  #drawNumber(ink, target, x, y, colours) {
    const text = String(target.id);
    ink.font = "600 11px ui-sans-serif, system-ui, sans-serif";
    const wide = ink.measureText(text).width + 8;
    ink.fillStyle = target.selected ? colours.focus : colours.points;
    ink.fillRect(x - 1, Math.max(0, y - 15), wide, 15);
    ink.fillStyle = colours.ink;
    ink.textAlign = "center";
    ink.textBaseline = "middle";
    ink.fillText(text, x - 1 + wide / 2, Math.max(0, y - 15) + 8);
  }

  #drawBox(ink, scale, from, to, colours) {
    const [x, y] = [Math.min(from[0], to[0]) * scale, Math.min(from[1], to[1]) * scale];
    const [wide, high] = [Math.abs(from[0] - to[0]) * scale, Math.abs(from[1] - to[1]) * scale];
    ink.strokeStyle = colours.ink;
    ink.lineWidth = 4;
    ink.strokeRect(x, y, wide, high);
    ink.strokeStyle = colours.focus;
    ink.lineWidth = 2;
    ink.strokeRect(x, y, wide, high);
  }

  #drawCross(ink, scale, [x, y], colours) {
    for (const [stroke, thick] of [
      [colours.ink, 4],
      [colours.focus, 1.5],
    ]) {
      ink.strokeStyle = stroke;
      ink.lineWidth = thick;
      ink.beginPath();
      for (const [dx, dy] of [
        [1, 0],
        [-1, 0],
        [0, 1],
        [0, -1],
      ]) {
        ink.moveTo(x * scale + 5 * dx, y * scale + 5 * dy);
        ink.lineTo(x * scale + 20 * dx, y * scale + 20 * dy);
      }
      ink.stroke();
    }
  }
}
