/**
 * Every display option, built from the descriptors that the node itself gives: choices as segments or selects, numbers as a
 * slider with a field, switches. What is not known here by name is shown all the same, under 'More'.
 * @module options
 */

import { byId, el, setText } from "./dom.js";
import { Wishes } from "./wishes.js";

/** Where an option stands: the first group one of whose patterns fits its name. */
const GROUPS = [
  [
    "Image",
    [
      /^layout$/,
      /^projection/,
      /^panel/,
      /^inset/,
      /^direction/,
      /^slant/,
      /^across/,
      /^opacity/,
      /^dimming/,
      /^field_of_view/,
      /^panorama/,
    ],
  ],
  ["Depth scale", [/^scale$/, /^near_m$/, /^far_m$/, /^depth_bins/, /^ticks$/, /^show_scale/, /^range_/]],
  ["Points", [/^point_/, /^mark_points/, /^hide/, /^hidden/, /^visible/, /^leave_out/]],
  ["Focus", [/^focus_/, /^mark_focal/, /^box_in_focus/]],
  [
    "Objects",
    [
      /^show_targets/,
      /^association/,
      /^layer/,
      /^most_layers/,
      /^object/,
      /^segment/,
      /^detector/,
      /^face/,
      /^people/,
      /^hold_s/,
      /^target/,
      /^large/,
      /^automatic/,
    ],
  ],
  ["Aids", [/^offset/, /^peaking/]],
  ["More", [/./]],
];
const LABELS = {
  across: "Other axis in",
  box_in_focus: "Box what is in focus",
  depth_bins: "Depth bins",
  detector_rate_hz: "Looked for in pictures",
  hide_occluded: "Hide what the camera cannot see",
  hold_s: "Hold a lost target",
  large_share: "Large from this share on",
  objects: "Split into objects",
  projection: "Project along",
  slant_rad: "Slant",
  dimming: "Dim the picture",
  far_m: "Far end",
  focus_area: "Depth of field",
  focus_colour: "Focus colour",
  focus_mark: "Focus mark",
  jpeg_quality: "Picture quality",
  lens_timeout_s: "Lens state too old after",
  mark_focal_plane: "Colour the focal plane",
  mark_points_in_focus: "Colour points in focus",
  most_layers: "Layers at most",
  near_m: "Near end",
  offset_bars: "Offset bars",
  offset_zones: "Zones",
  panel_first: "Panel first",
  panel_share: "Size of the panel",
  inset_share: "Size of the inset",
  peaking_threshold: "Peaking from",
  point_colours: "Colours",
  point_style: "Style",
  show_scale: "Show the scale",
  show_targets: "Show targets",
  text_scale: "Size of text",
};
const WORDS = {
  log: "Logarithmic",
  dioptre: "Dioptres",
  metric: "Metres",
  linear: "Metres",
  side_by_side: "Side by side",
  top_bottom: "Below",
  viridis: "Viridis",
};
const SEGMENTS_AT_MOST = 4;
const LETTERS_IN_A_ROW = 24;
const SLIDER_SPAN = 1500;

const plain = (name) => {
  const words = name.replace(/_(m|s|px|rad|hz)$/, "").replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
};
const labelOf = (name) => LABELS[name] ?? plain(name);
const wordOf = (choice) => WORDS[choice] ?? plain(choice || "none");

/**
 * @typedef {{name: string, kind: string, value: any, minimum?: number|null, maximum?: number|null, choices?: string[],
 *   unit?: string, description?: string}} Descriptor
 */

/** The step of a number's slider: fine enough for its range, and a number that people like. @param {Descriptor} descriptor */
export function stepOf({ kind, minimum, maximum }) {
  if (kind === "int") return 1;
  const span = maximum - minimum;
  return Number.isFinite(span) && span > 0 ? 10 ** Math.floor(Math.log10(span / 50)) : "any";
}

export class Options {
  #setters = new Map();
  #signature = "";
  #wishes;

  /**
   * @param {(values: Record<string, any>) => Promise<{ok: boolean, text: string}>} set
   * @param {(text: string, bad: boolean) => void} said
   */
  constructor(set, said) {
    this.root = byId("options");
    this.none = byId("options-none");
    this.values = {};
    this.#wishes = new Wishes(
      set,
      (outcome) => {
        if (outcome.ok) return;
        said(outcome.text || "the option could not be set", true);
        this.show(this.values);
      },
      120,
      (older, newer) => ({ ...older, ...newer }),
    );
  }

  /** @param {Descriptor[]} descriptors */
  build(descriptors) {
    for (const { name, value } of descriptors) this.values[name] = value;
    const signature = JSON.stringify(descriptors.map(({ value: _, ...rest }) => rest));
    if (signature !== this.#signature) {
      this.#signature = signature;
      this.#setters.clear();
      this.root.replaceChildren(...this.#groups(descriptors));
    }
    this.none.hidden = descriptors.length > 0;
    this.show(this.values);
  }

  /** @param {Record<string, any>} values as the node has them now */
  show(values) {
    Object.assign(this.values, values);
    for (const [name, value] of Object.entries(values)) this.#setters.get(name)?.(value);
  }

  #groups(descriptors) {
    const filled = GROUPS.map(([title]) => [title, []]);
    for (const descriptor of descriptors) {
      const index = GROUPS.findIndex(([, patterns]) => patterns.some((pattern) => pattern.test(descriptor.name)));
      filled[index][1].push(descriptor);
    }
    return filled
      .filter(([, members]) => members.length > 0)
      .map(([title, members]) =>
        el("fieldset", { class: "group" }, el("legend", {}, title), ...members.map((descriptor) => this.#control(descriptor))),
      );
  }

  #control(descriptor) {
    const build =
      { bool: this.#switch, choice: this.#choice, int: this.#number, float: this.#number }[descriptor.kind] ?? this.#text;
    return build.call(this, descriptor, `option-${descriptor.name}`);
  }

  #wish(name, value) {
    this.#wishes.wish({ [name]: value });
  }

  #described(descriptor, id) {
    return el("p", { class: "hint", id: `${id}-hint` }, descriptor.description ?? "");
  }

  #switch(descriptor, id) {
    const input = el("input", { type: "checkbox", role: "switch", id, "aria-describedby": `${id}-hint` });
    input.addEventListener("change", () => this.#wish(descriptor.name, input.checked));
    this.#setters.set(descriptor.name, (value) => {
      input.checked = Boolean(value);
    });
    return el(
      "div",
      { class: "option option-switch" },
      el("label", { for: id }, labelOf(descriptor.name)),
      input,
      this.#described(descriptor, id),
    );
  }

  #choice(descriptor, id) {
    const choices = descriptor.choices ?? [];
    const letters = choices.map(wordOf).join("").length;
    const hint = this.#described(descriptor, id);
    if (choices.length > SEGMENTS_AT_MOST || letters > 44) {
      const select = el(
        "select",
        { id, "aria-describedby": hint.id },
        ...choices.map((choice) => el("option", { value: choice }, wordOf(choice))),
      );
      select.addEventListener("change", () => this.#wish(descriptor.name, select.value));
      this.#setters.set(descriptor.name, (value) => {
        select.value = String(value);
      });
      return el("div", { class: "option option-row" }, el("label", { for: id }, labelOf(descriptor.name)), select, hint);
    }
    const radios = choices.map((choice) => {
      const radio = el("input", { type: "radio", name: id, value: choice, id: `${id}-${choice}` });
      radio.addEventListener("change", () => radio.checked && this.#wish(descriptor.name, choice));
      return radio;
    });
    this.#setters.set(descriptor.name, (value) => {
      for (const radio of radios) radio.checked = radio.value === value;
    });
    const segments = radios.map((radio) => el("label", {}, radio, el("span", {}, wordOf(radio.value))));
    return el(
      "div",
      { class: "option option-stack", role: "radiogroup", "aria-labelledby": `${id}-name`, "aria-describedby": hint.id },
      el("span", { class: "label", id: `${id}-name` }, labelOf(descriptor.name)),
      el("div", { class: `segments${letters > LETTERS_IN_A_ROW ? " two-rows" : ""}` }, ...segments),
      hint,
    );
  }

  #number(descriptor, id) {
    const { name, kind, unit } = descriptor;
    const minimum = Number.isFinite(descriptor.minimum) ? descriptor.minimum : null;
    const maximum = Number.isFinite(descriptor.maximum) ? descriptor.maximum : null;
    const step = minimum !== null && maximum !== null ? stepOf(descriptor) : kind === "int" ? 1 : "any";
    const hint = this.#described(descriptor, id);
    const field = el("input", {
      type: "number",
      id,
      min: minimum,
      max: maximum,
      step: kind === "int" ? 1 : "any",
      "aria-describedby": hint.id,
      class: "number",
    });
    field.addEventListener("change", () => {
      if (field.value !== "" && field.checkValidity()) this.#wish(name, Number(field.value));
      else this.show({ [name]: this.values[name] });
    });
    let slider = null;
    if (minimum !== null && maximum !== null && maximum - minimum <= SLIDER_SPAN) {
      slider = el("input", { type: "range", min: minimum, max: maximum, step, "aria-label": `${labelOf(name)}, slider` });
      slider.addEventListener("input", () => {
        field.value = slider.value;
        this.#wish(name, Number(slider.value));
      });
    }
    this.#setters.set(name, (value) => {
      if (document.activeElement !== field) field.value = String(Number(Number(value).toPrecision(6)));
      if (slider && document.activeElement !== slider) slider.value = String(value);
    });
    const label = el("label", { for: id }, labelOf(name), unit ? el("span", { class: "unit" }, ` (${unit})`) : "");
    return el(
      "div",
      { class: slider ? "option option-slider" : "option option-row" },
      label,
      ...(slider ? [slider] : []),
      field,
      hint,
    );
  }

  #text(descriptor, id) {
    const input = el("input", { type: "text", id, "aria-describedby": `${id}-hint` });
    input.addEventListener("change", () => this.#wish(descriptor.name, input.value));
    this.#setters.set(descriptor.name, (value) => {
      if (document.activeElement !== input) input.value = String(value);
    });
    return el(
      "div",
      { class: "option option-row" },
      el("label", { for: id }, labelOf(descriptor.name)),
      input,
      this.#described(descriptor, id),
    );
  }

  /** @param {boolean} allowed whether this page may change anything */
  allow(allowed) {
    setText(byId("options-who"), allowed ? "" : "Only who is at the helm can change these.");
    for (const group of this.root.querySelectorAll("fieldset")) group.disabled = !allowed;
  }
}
