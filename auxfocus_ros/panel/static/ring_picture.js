/**
 * How the focus ring looks: the engraved scale with the depth of field, the targets' marks, the goal and the glass; under it the
 * grip, foreshortened as on a barrel.
 * @module ring_picture
 */

import { colour, sharpCanvas } from "./dom.js";

const RIDGE_RAD = 0.052;
const FIGURE_PX = 9;
const MARKS_PX = 24;
const COLOURS = [
  "ring",
  "ring-edge",
  "ring-text",
  "ring-line",
  "grip",
  "grip-light",
  "grip-dark",
  "focus",
  "focus-ink",
  "points",
];
const font = (size) => `600 ${size}px ui-sans-serif, system-ui, sans-serif`;

export class RingPicture {
  #canvas;
  #colours = null;
  #engraved = null;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.#canvas = canvas;
  }

  /** Free space at either end of the scale, CSS pixels. */
  get margin() {
    return Math.min(30, Math.max(22, this.#canvas.clientWidth * 0.02));
  }

  /** Length of the scale, CSS pixels. */
  get length() {
    return Math.max(1, this.#canvas.clientWidth - 2 * this.margin);
  }

  /** Where the scale ends and the grip begins, CSS pixels from the top. */
  get foot() {
    return Math.round(this.#canvas.clientHeight * 0.62);
  }

  /** @param {number} position on the scale, 0 to 1 @returns {number} CSS pixels from the left */
  x(position) {
    return this.margin + position * this.length;
  }

  /** Colours have changed. */
  recolour() {
    this.#colours = null;
  }

  #paint() {
    this.#colours ??= Object.fromEntries(COLOURS.map((name) => [name, colour(name)]));
    return this.#colours;
  }

  /**
   * @param {{enabled: boolean, glass: number, goal: number, near: number|null, far: number|null, marks: any[]}} ring dioptres
   * @param {import("./scale.js").DistanceScale|null} scale
   * @param {number} turned how far the grip has been turned, CSS pixels
   */
  draw(ring, scale, turned) {
    const { context: ink, width, height } = sharpCanvas(this.#canvas);
    const paint = this.#paint();
    const { foot } = this;
    ink.clearRect(0, 0, width, height);
    ink.globalAlpha = ring.enabled ? 1 : 0.62;
    ink.fillStyle = paint.ring;
    ink.fillRect(0, 0, width, foot);
    this.#drawGrip(ink, paint, width, foot, height, turned);
    if (scale) {
      this.#drawDepthOfField(ink, paint, foot, ring, scale);
      this.#drawEngraving(ink, paint, foot, scale);
      this.#drawTargets(ink, paint, ring.marks, scale);
      this.#drawGoal(ink, paint, foot, ring.goal, scale);
      this.#drawGlass(ink, paint, height, ring.glass, scale);
    }
    ink.globalAlpha = 1;
  }

  #drawGrip(ink, paint, width, top, bottom, turned) {
    ink.fillStyle = paint.grip;
    ink.fillRect(0, top, width, bottom - top);
    const radius = width / 2;
    const shift = (turned / radius) % RIDGE_RAD;
    for (let angle = -1.5 + shift; angle < 1.5; angle += RIDGE_RAD) {
      const x = radius + radius * Math.sin(angle);
      const thick = Math.max(1, radius * RIDGE_RAD * Math.cos(angle) * 0.42);
      ink.fillStyle = paint["grip-light"];
      ink.fillRect(x, top + 5, thick, bottom - top - 9);
      ink.fillStyle = paint["grip-dark"];
      ink.fillRect(x + thick, top + 5, Math.max(0.7, thick * 0.6), bottom - top - 9);
    }
    const round = ink.createLinearGradient(0, 0, width, 0);
    for (const [stop, shade] of [
      [0, 0.6],
      [0.2, 0.14],
      [0.5, 0],
      [0.8, 0.14],
      [1, 0.6],
    ]) {
      round.addColorStop(stop, `rgba(0, 0, 0, ${shade})`);
    }
    ink.fillStyle = round;
    ink.fillRect(0, top, width, bottom - top);
    ink.fillStyle = paint["ring-edge"];
    ink.fillRect(0, top, width, 1);
  }

  #drawDepthOfField(ink, paint, foot, { near, far }, scale) {
    if (near === null || far === null) return;
    const from = this.x(scale.positionOf(near));
    const to = Math.max(this.x(Math.min(1, scale.positionOf(far))), from + 1);
    const alpha = ink.globalAlpha;
    ink.fillStyle = paint.focus;
    ink.globalAlpha = alpha * 0.26;
    ink.fillRect(from, MARKS_PX, to - from, foot - MARKS_PX);
    ink.globalAlpha = alpha;
    ink.fillRect(from, MARKS_PX, 1.5, foot - MARKS_PX);
    ink.fillRect(to - 1.5, MARKS_PX, 1.5, foot - MARKS_PX);
  }

  #drawEngraving(ink, paint, foot, scale) {
    const { length } = this;
    if (this.#engraved?.scale !== scale || this.#engraved.length !== length) {
      this.#engraved = { scale, length, ...scale.engraving(length, FIGURE_PX) };
    }
    const { labels, lines } = this.#engraved;
    ink.fillStyle = paint["ring-line"];
    for (const position of lines) ink.fillRect(this.x(position) - 0.5, foot - 9, 1, 8);
    ink.textAlign = "center";
    ink.textBaseline = "alphabetic";
    for (const { position, text } of labels) {
      const x = this.x(position);
      ink.fillStyle = paint["ring-text"];
      ink.fillRect(x - 1, foot - 15, 2, 14);
      ink.font = font(text === "∞" ? 22 : 15);
      ink.fillText(text, x, foot - 21);
    }
  }

  #drawTargets(ink, paint, marks, scale) {
    ink.font = font(11);
    ink.textAlign = "center";
    ink.textBaseline = "middle";
    const taken = [];
    for (const mark of marks) {
      const x = this.x(Math.min(1, scale.positionOf(mark.dioptre)));
      if (taken.some((other) => Math.abs(other - x) < 19)) continue;
      taken.push(x);
      ink.fillStyle = mark.selected ? paint.focus : paint.points;
      ink.beginPath();
      ink.roundRect(x - 9, 3, 18, 15, 3);
      ink.moveTo(x - 4, 17.5);
      ink.lineTo(x + 4, 17.5);
      ink.lineTo(x, 22);
      ink.fill();
      ink.fillStyle = paint["focus-ink"];
      ink.fillText(mark.text, x, 11);
    }
  }

  #drawGoal(ink, paint, foot, goal, scale) {
    if (Number.isNaN(goal)) return;
    const x = this.x(scale.positionOf(goal));
    ink.strokeStyle = paint["ring-text"];
    ink.lineWidth = 2;
    ink.setLineDash([4, 3]);
    ink.beginPath();
    ink.moveTo(x, MARKS_PX);
    ink.lineTo(x, foot - 1);
    ink.stroke();
    ink.setLineDash([]);
    ink.fillStyle = paint.ring;
    ink.beginPath();
    ink.moveTo(x - 8, foot + 13);
    ink.lineTo(x + 8, foot + 13);
    ink.lineTo(x, foot + 1);
    ink.closePath();
    ink.fill();
    ink.stroke();
  }

  #drawGlass(ink, paint, height, glass, scale) {
    if (Number.isNaN(glass)) return;
    const x = this.x(scale.positionOf(glass));
    ink.fillStyle = paint["focus-ink"];
    ink.fillRect(x - 3, 20, 6, height - 22);
    ink.fillStyle = paint.focus;
    ink.fillRect(x - 1.5, 20, 3, height - 22);
    ink.beginPath();
    ink.moveTo(x - 7, 20);
    ink.lineTo(x + 7, 20);
    ink.lineTo(x, 31);
    ink.closePath();
    ink.fill();
  }
}
