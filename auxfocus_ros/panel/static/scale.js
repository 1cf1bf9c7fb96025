/**
 * The scale of the focus ring: 0 is the nearest distance, 1 the farthest, which is infinity for most lenses.
 *
 * Both kinds count in dioptres, so that infinity has a place. 'dioptre' is even in them, and therefore nearly even in the motion
 * of the glass; 'log' is logarithmic in the distance up to far off, and eases into infinity.
 * @module scale
 */

import { shortDistance } from "./distances.js";

/** Distances that may be engraved, the most wanted first, metres. */
const ENGRAVED = (() => {
  const rows = [[1], [2, 5], [3], [1.5, 4], [7], [2.5, 6, 8], [1.2, 1.8, 3.5, 9]];
  const decades = [1, 10, 0.1, 100, 0.01, 1000];
  return rows.flatMap((row) => decades.flatMap((decade) => row.map((digit) => Number((digit * decade).toPrecision(3)))));
})();
const LINES = (() => {
  const all = [];
  for (const decade of [0.01, 0.1, 1, 10, 100]) for (let tenth = 10; tenth < 100; tenth += 1) all.push((tenth * decade) / 10);
  return all.map((metres) => Number(metres.toPrecision(3)));
})();

export class DistanceScale {
  /**
   * @param {number} nearestM the nearest distance of the lens, metres
   * @param {number} farthestM the farthest; `Infinity` for most
   * @param {"log"|"dioptre"} kind
   */
  constructor(nearestM, farthestM, kind) {
    this.kind = kind;
    this.nearDioptre = 1 / nearestM;
    this.farDioptre = farthestM === Infinity ? 0 : 1 / farthestM;
    this.knee = Math.max(this.nearDioptre / 60, this.farDioptre / 2);
    this.low = this.#bent(this.farDioptre);
    this.high = this.#bent(this.nearDioptre);
  }

  #bent(dioptre) {
    return this.kind === "dioptre" ? dioptre : Math.log1p(dioptre / this.knee);
  }

  /** A power the lens can take. */
  clamp(dioptre) {
    return Math.min(Math.max(dioptre, this.farDioptre), this.nearDioptre);
  }

  /**
   * @param {number} dioptre
   * @returns {number} 0 (nearest) to 1 (farthest); a little more beyond infinity
   */
  positionOf(dioptre) {
    if (dioptre < this.farDioptre) return 1.012;
    return 1 - (this.#bent(Math.min(dioptre, this.nearDioptre)) - this.low) / (this.high - this.low);
  }

  /**
   * @param {number} position clipped to 0..1
   * @returns {number} dioptres
   */
  dioptreAt(position) {
    if (position >= 1) return this.farDioptre;
    if (position <= 0) return this.nearDioptre;
    const bent = this.low + (1 - position) * (this.high - this.low);
    return this.clamp(this.kind === "dioptre" ? bent : Math.expm1(bent) * this.knee);
  }

  /**
   * What is engraved on a scale of a length.
   * @param {number} lengthPx
   * @param {number} figurePx width of a figure of a label
   * @returns {{labels: {position: number, text: string}[], lines: number[]}}
   */
  engraving(lengthPx, figurePx) {
    const labels = [
      { position: 1, text: this.farDioptre === 0 ? "∞" : shortLabel(1 / this.farDioptre) },
      { position: 0, text: shortLabel(1 / this.nearDioptre) },
    ];
    const inside = (metres) => 1 / metres < this.nearDioptre && 1 / metres > this.farDioptre;
    for (const metres of ENGRAVED.filter(inside)) {
      const position = this.positionOf(1 / metres);
      const text = shortLabel(metres);
      const room = (other) => (figurePx * (text.length + other.text.length + 4)) / 2;
      if (labels.every((other) => Math.abs(other.position - position) * lengthPx >= room(other))) labels.push({ position, text });
    }
    const lines = [];
    for (const metres of LINES.filter(inside)) {
      const position = this.positionOf(1 / metres);
      if (lines.length === 0 || Math.abs(position - lines[lines.length - 1]) * lengthPx >= 6) lines.push(position);
    }
    return { labels, lines };
  }
}

function shortLabel(metres) {
  const text = shortDistance(Number(metres.toPrecision(2)));
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/**
 * Where the glass goes, in dioptres, learnt from where it has been: the sensor's distance f / (1 - f D) is straight in motor
 * steps.
 */
export class StepsToDioptre {
  #first = null;
  #last = null;

  /** @param {{position_steps: number, focal_length_m: number, lens_name: string}} lens @param {number} dioptre */
  learn(lens, dioptre) {
    if (!(dioptre >= 0) || !(lens.focal_length_m > 0)) return;
    const sample = { steps: lens.position_steps, extension: this.#extension(lens.focal_length_m, dioptre), of: lens.lens_name };
    if (!this.#first || this.#first.of !== sample.of) this.#first = sample;
    if (Math.abs(sample.steps - this.#first.steps) > 2) this.#last = sample;
    this.focal = lens.focal_length_m;
  }

  #extension(focal, dioptre) {
    return focal / (1 - focal * dioptre);
  }

  /**
   * @param {number} steps
   * @returns {number} dioptres; NaN while too little is known
   */
  dioptreAt(steps) {
    if (!this.#first || !this.#last || this.#last.of !== this.#first.of) return NaN;
    const slope = (this.#last.extension - this.#first.extension) / (this.#last.steps - this.#first.steps);
    return 1 / this.focal - 1 / (this.#first.extension + slope * (steps - this.#first.steps));
  }
}
