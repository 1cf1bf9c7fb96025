/**
 * The focus ring: a fixed distance scale over a grip that turns.
 *
 * Amber is where the glass is, and moves while it moves; the hollow mark is where it was sent. The grip follows the hand without
 * inertia: where the hand stops, the wish stops. Shift, the button 'Fine', or a finger dragged away from the ring make it eight
 * times finer. A click on the scale sends the glass to that distance.
 * @module ring
 */

import { spokenDistance } from "./distances.js";
import { RingPicture } from "./ring_picture.js";
import { DistanceScale } from "./scale.js";

const FINE = 1 / 8;
const AWAY_PX = 90;
const STEP = 1 / 160;
const PAGE = 1 / 16;
const NOTCH_PX = 100;
const SPOKEN_EVERY_MS = 400;
const TAP_PX = 4;

export class FocusRing {
  #canvas;
  #picture;
  #scale = null;
  #drag = null;
  #turned = 0;
  #spoken = 0;
  #frame = 0;

  /**
   * @param {HTMLCanvasElement} canvas role="slider"
   * @param {{wish: (dioptre: number) => void, digit: (character: string) => void, refused: () => void}} to
   */
  constructor(canvas, to) {
    this.#canvas = canvas;
    this.#picture = new RingPicture(canvas);
    this.to = to;
    this.kind = "log";
    this.fine = false;
    this.enabled = false;
    this.glass = NaN;
    this.goal = NaN;
    this.near = null;
    this.far = null;
    this.marks = [];
    canvas.addEventListener("pointerdown", (event) => this.#grab(event));
    canvas.addEventListener("pointermove", (event) => this.#pull(event));
    canvas.addEventListener("pointerup", (event) => this.#release(event, true));
    canvas.addEventListener("pointercancel", (event) => this.#release(event, false));
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.redraw()).observe(canvas);
  }

  /** Whether a hand is on the ring. */
  get held() {
    return this.#drag !== null;
  }

  /** @param {number} nearestM @param {number} farthestM @param {"log"|"dioptre"} [kind] */
  setRange(nearestM, farthestM, kind = this.kind) {
    if (!(nearestM > 0) || !(farthestM > nearestM)) return;
    this.kind = kind;
    const now = this.#scale;
    const wanted = new DistanceScale(nearestM, farthestM, kind);
    if (now && now.kind === kind && now.nearDioptre === wanted.nearDioptre && now.farDioptre === wanted.farDioptre) return;
    this.#scale = wanted;
    this.redraw();
  }

  /** @param {"log"|"dioptre"} kind */
  setKind(kind) {
    if (this.#scale)
      this.setRange(1 / this.#scale.nearDioptre, this.#scale.farDioptre ? 1 / this.#scale.farDioptre : Infinity, kind);
    this.kind = kind;
  }

  /** @param {boolean} enabled whether this page may move the glass */
  setEnabled(enabled) {
    this.enabled = enabled;
    this.#canvas.setAttribute("aria-disabled", String(!enabled));
    if (!enabled) this.#drag = null;
    this.redraw();
  }

  /**
   * What the lens is doing.
   * @param {{glass: number, goal: number, near: number|null, far: number|null, moving: boolean}} now dioptres;
   *   NaN: unknown, null: none
   */
  show({ glass, goal, near, far, moving }) {
    Object.assign(this, { glass, goal, near, far });
    this.#speak(false, moving);
    this.redraw();
  }

  /** @param {{dioptre: number, text: string, selected: boolean}[]} marks of targets, beside the scale */
  setMarks(marks) {
    this.marks = marks;
    this.redraw();
  }

  /** Take the keyboard. */
  focus() {
    this.#canvas.focus();
  }

  /** Colours have changed, light to dark or back. */
  recolour() {
    this.#picture.recolour();
    this.redraw();
  }

  /** Draws with the next frame. */
  redraw() {
    if (this.#frame) return;
    this.#frame = window.requestAnimationFrame(() => {
      this.#frame = 0;
      this.#picture.draw(this, this.#scale, this.#turned);
    });
  }

  // The hand.

  get #base() {
    const dioptre = Number.isNaN(this.goal) ? this.glass : this.goal;
    return Number.isNaN(dioptre) || !this.#scale ? NaN : Math.min(this.#scale.positionOf(dioptre), 1);
  }

  #allowed() {
    if (this.enabled && this.#scale && !Number.isNaN(this.#base)) return true;
    this.to.refused();
    return false;
  }

  #wish(position) {
    const held = Math.min(Math.max(position, 0), 1);
    this.goal = this.#scale.dioptreAt(held);
    this.to.wish(this.goal);
    this.#speak(true);
    this.redraw();
    return held;
  }

  #grab(event) {
    if (event.button !== 0 || !this.#allowed()) return;
    event.preventDefault();
    this.#canvas.focus({ preventScroll: true });
    this.#canvas.setPointerCapture(event.pointerId);
    this.#drag = { pointer: event.pointerId, x: event.clientX, position: this.#base, moved: 0 };
    this.#canvas.classList.add("held");
  }

  #pull(event) {
    const drag = this.#drag;
    if (!drag || event.pointerId !== drag.pointer) return;
    const dx = event.clientX - drag.x;
    drag.x = event.clientX;
    drag.moved += Math.abs(dx);
    if (drag.moved < TAP_PX || dx === 0) return;
    const box = this.#canvas.getBoundingClientRect();
    const away = event.clientY < box.top - AWAY_PX || event.clientY > box.bottom + AWAY_PX;
    const fine = event.shiftKey || this.fine || (event.pointerType === "touch" && away);
    const share = (dx * (fine ? FINE : 1)) / this.#picture.length;
    this.#turned += dx * (fine ? FINE : 1);
    drag.position = this.#wish(drag.position + share);
  }

  #release(event, wanted) {
    const drag = this.#drag;
    if (!drag || event.pointerId !== drag.pointer) return;
    this.#drag = null;
    this.#canvas.classList.remove("held");
    const box = this.#canvas.getBoundingClientRect();
    if (wanted && drag.moved < TAP_PX && event.clientY - box.top < this.#picture.foot) {
      const x = event.clientX - box.left;
      const near = this.marks.find((mark) => Math.abs(this.#picture.x(this.#scale.positionOf(mark.dioptre)) - x) < 9);
      this.#wish(
        near && event.clientY - box.top < 24
          ? this.#scale.positionOf(near.dioptre)
          : (x - this.#picture.margin) / this.#picture.length,
      );
    }
    this.redraw();
  }

  #wheel(event) {
    if (event.ctrlKey) return; // the browser's zoom
    event.preventDefault();
    if (!this.#allowed()) return;
    const delta = event.deltaY !== 0 ? -event.deltaY : event.deltaX; // Shift turns one into the other
    const pixels = event.deltaMode === 1 ? delta * 33 : event.deltaMode === 2 ? delta * NOTCH_PX : delta;
    const step = (pixels / NOTCH_PX) * 2 * STEP * (event.shiftKey || this.fine ? FINE : 1);
    this.#turned += step * this.#picture.length;
    this.#wish(this.#base + step);
  }

  #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (/^[\d.,]$/.test(event.key)) {
      event.preventDefault();
      this.to.digit(event.key);
      return;
    }
    const fine = event.shiftKey || this.fine ? FINE : 1;
    const steps = { ArrowRight: STEP, ArrowUp: STEP, ArrowLeft: -STEP, ArrowDown: -STEP, PageUp: PAGE, PageDown: -PAGE };
    const ends = { Home: 0, End: 1 };
    if (!(event.key in steps) && !(event.key in ends)) return;
    event.preventDefault();
    if (!this.#allowed()) return;
    if (event.key in ends) this.#wish(ends[event.key]);
    else {
      this.#turned += steps[event.key] * fine * this.#picture.length;
      this.#wish(this.#base + steps[event.key] * fine);
    }
  }

  // What a screen reader hears.

  #speak(wished, moving = false) {
    const scale = this.#scale;
    const now = performance.now();
    if (!scale || (!wished && this.held) || (moving && now - this.#spoken < SPOKEN_EVERY_MS)) return;
    this.#spoken = now;
    const dioptre = wished ? this.goal : this.glass;
    const canvas = this.#canvas;
    if (Number.isNaN(dioptre)) {
      canvas.setAttribute("aria-valuetext", "the focus is unknown");
      return;
    }
    canvas.setAttribute("aria-valuenow", (100 * Math.min(scale.positionOf(dioptre), 1)).toFixed(1));
    canvas.setAttribute("aria-valuetext", wished ? `to ${spokenDistance(1 / dioptre)}` : this.#words(dioptre));
  }

  #words(dioptre) {
    if (dioptre < 0) return "beyond infinity, nothing is in focus";
    const limits =
      this.near === null
        ? ""
        : `, depth of field ${spokenDistance(1 / this.near).replace(" metres", "")} to ${spokenDistance(1 / this.far)}`;
    return spokenDistance(1 / dioptre) + limits;
  }
}
