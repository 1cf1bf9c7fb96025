/**
 * The targets as a list of buttons, for the keyboard and for screen readers, and the scene in words.
 * @module targets
 */

import { byId, el, setText } from "./dom.js";
import { distanceText, spokenDistance } from "./distances.js";

const SPOKEN_EVERY_MS = 4000;
const MENTIONED = 4;

/** What a target without a label is called, by where it comes from. */
const UNNAMED = { point: "spot", box: "region", whole_frame: "whole picture", face: "face", person: "person" };

/** @param {Record<string, any>} target @returns {string} 'person 3' */
export const nameOf = (target) => `${target.label || UNNAMED[target.source] || "object"} ${target.id}`;

/** @param {string} words @returns {string} beginning with a capital, ending with a full stop */
const sentence = (words) => `${words.charAt(0).toUpperCase()}${words.slice(1).replace(/\.$/, "")}.`;

/** @param {Record<string, any>} target */
function stateOf(target) {
  if (target.state === "lost") return "lost";
  if (target.state === "held") return "out of sight, last depth held";
  return target.in_focus ? "in focus" : "out of focus";
}

/**
 * The scene in one sentence or two.
 * @param {Record<string, any>|null} lens
 * @param {Record<string, any>|null} targets the message
 * @returns {string}
 */
export function sceneInWords(lens, targets) {
  const parts = [];
  if (!lens || lens.alive === false) parts.push("The lens says nothing.");
  else if (lens.focus_state === "beyond_infinity") parts.push("The focus is beyond infinity: nothing is sharp.");
  else {
    const sharp =
      lens.near_limit_m > 0
        ? `, sharp from ${spokenDistance(lens.near_limit_m).replace(" metres", "")} to ${spokenDistance(lens.far_limit_m)}`
        : "";
    parts.push(`Focus at ${spokenDistance(lens.focus_state === "infinity" ? Infinity : lens.focus_distance_m)}${sharp}.`);
  }
  if (targets?.message) parts.push(sentence(targets.message));
  const listed = (targets?.targets ?? []).slice().sort((a, b) => Number(b.selected) - Number(a.selected));
  for (const target of listed.slice(0, MENTIONED)) {
    const depth = target.depth_m > 0 ? ` at ${Number(target.depth_m.toPrecision(2))} m` : "";
    parts.push(`${nameOf(target)}${depth}, ${stateOf(target)}${target.selected ? ", chosen" : ""}.`);
  }
  if (listed.length > MENTIONED) parts.push(`${listed.length - MENTIONED} more.`);
  return parts.join(" ");
}

export class TargetList {
  #rows = new Map();

  /**
   * @param {{choose: (id: number) => void, focus: (depth_m: number) => void, point: (id: number) => void}} to
   */
  constructor(to) {
    this.to = to;
    this.list = byId("target-list");
    this.none = byId("target-none");
    this.message = byId("target-message");
  }

  /** @param {Record<string, any>} message of type 'targets' @param {boolean} allowed */
  show(message, allowed) {
    const targets = message.targets ?? [];
    const present = new Set(targets.map((target) => target.id));
    for (const [id, row] of this.#rows) {
      if (!present.has(id)) {
        row.item.remove();
        this.#rows.delete(id);
      }
    }
    for (const target of targets) this.#row(target, allowed);
    this.none.hidden = targets.length > 0;
    setText(this.message, message.message ?? "");
    this.message.hidden = !message.message;
  }

  #row(target, allowed) {
    let row = this.#rows.get(target.id);
    if (!row) {
      row = this.#build(target.id);
      this.#rows.set(target.id, row);
      this.list.append(row.item);
    }
    row.depth_m = target.depth_m;
    setText(row.name, nameOf(target));
    setText(row.depth, target.depth_m > 0 ? distanceText(target.depth_m) : "no depth");
    setText(row.state, stateOf(target));
    row.item.classList.toggle("in-focus", Boolean(target.in_focus));
    row.item.classList.toggle("chosen", Boolean(target.selected));
    row.choose.setAttribute("aria-pressed", String(Boolean(target.selected)));
    row.choose.disabled = !allowed;
    row.focus.disabled = !allowed || !(target.depth_m > 0);
    row.focus.setAttribute("aria-label", `Focus on ${nameOf(target)}`);
  }

  #build(id) {
    const name = el("span", { class: "target-name" });
    const depth = el("span", { class: "target-depth number" });
    const state = el("span", { class: "target-state" });
    const point = (on) => () => this.to.point(on ? id : 0);
    const choose = el(
      "button",
      {
        type: "button",
        class: "target-choose",
        on: {
          click: () => this.to.choose(id),
          pointerenter: point(true),
          pointerleave: point(false),
          focus: point(true),
          blur: point(false),
        },
      },
      name,
      depth,
      state,
    );
    const row = { item: el("li", { class: "target" }), name, depth, state, choose, focus: null, depth_m: null };
    row.focus = el(
      "button",
      { type: "button", class: "quiet target-focus", on: { click: () => this.to.focus(row.depth_m) } },
      "Focus",
    );
    row.item.append(choose, row.focus);
    return row;
  }
}

/** Speaks the scene, seldom, and only when it is another. */
export class SceneVoice {
  #last = -Infinity;
  #timer = 0;
  #text = "";

  constructor() {
    this.region = byId("scene-words");
  }

  /** @param {string} text */
  say(text) {
    this.#text = text;
    if (this.#timer) return;
    const wait = Math.max(0, this.#last + SPOKEN_EVERY_MS - performance.now());
    this.#timer = window.setTimeout(() => {
      this.#timer = 0;
      this.#last = performance.now();
      setText(this.region, this.#text);
    }, wait);
  }
}
