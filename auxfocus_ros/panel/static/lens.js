/**
 * The lens in figures: what it is focused on, large enough for arm's length, and how it is.
 * @module lens
 */

import { byId, setText } from "./dom.js";
import { distanceText, shortDistance } from "./distances.js";

export class LensReadout {
  constructor() {
    this.value = byId("readout-value");
    this.unit = byId("readout-unit");
    this.limits = byId("readout-limits");
    this.motion = byId("readout-motion");
    this.fields = Object.fromEntries(
      ["name", "position", "goal", "speed", "range", "glass", "fault"].map((name) => [name, byId(`lens-${name}`)]),
    );
  }

  /** @param {Record<string, any>} lens a message of type 'lens' */
  show(lens) {
    const root = document.documentElement;
    if (lens.alive === false) {
      root.dataset.lens = "silent";
      setText(this.motion, "silent");
      return;
    }
    const beyond = lens.focus_state === "beyond_infinity";
    const infinite = lens.focus_state === "infinity";
    root.dataset.lens = lens.fault_code ? "fault" : lens.moving ? "moving" : "still";
    setText(this.value, beyond ? "∞+" : infinite ? "∞" : shortDistance(lens.focus_distance_m));
    setText(this.unit, beyond || infinite ? "" : "m");
    setText(this.limits, this.#limits(lens, beyond));
    setText(this.motion, lens.fault_code ? "fault" : lens.moving ? "moving" : "at rest");
    const steps = (value) => (typeof value === "number" ? value.toFixed(1) : "–");
    setText(this.fields.name, lens.lens_name ?? "–");
    setText(this.fields.position, `${steps(lens.position_steps)} steps`);
    setText(this.fields.goal, lens.goal_position_steps === null ? "none" : `${steps(lens.goal_position_steps)} steps`);
    setText(this.fields.speed, `${steps(lens.velocity_steps_per_s)} steps/s`);
    setText(this.fields.range, `${steps(lens.min_position_steps)} to ${steps(lens.max_position_steps)} steps`);
    setText(
      this.fields.glass,
      lens.focal_length_m > 0 ? `${Number((1e3 * lens.focal_length_m).toPrecision(4))} mm, f/${lens.f_number}` : "–",
    );
    setText(this.fields.fault, lens.fault_code ? lens.fault_text || `number ${lens.fault_code}` : "none");
  }

  #limits(lens, beyond) {
    if (beyond) return "beyond infinity: nothing is sharp";
    if (!(lens.near_limit_m > 0)) return "depth of field unknown";
    return `sharp ${shortDistance(lens.near_limit_m)} – ${distanceText(lens.far_limit_m)}`;
  }
}
