/**
 * Rates and latencies: a row a figure with its last minute as a line, and a row a node with what it says of itself.
 * @module rates
 */

import { byId, el, setText } from "./dom.js";

const KEPT = 60;
const SVG = "http://www.w3.org/2000/svg";
const ROWS = [
  ["image_hz", "Image, made", "Hz", 1],
  ["page_hz", "Image, shown", "Hz", 1],
  ["image_latency_ms", "Image, delay", "ms", 0],
  ["page_image_ms", "Panel to page", "ms", 0],
  ["lens_hz", "Lens states", "Hz", 1],
  ["lens_page_ms", "Lens to marker", "ms", 0],
  ["round_trip_ms", "There and back", "ms", 0],
  ["skipped", "Images left out", "", 0],
];
const LEVELS = ["ok", "warning", "error", "silent"];

/** @param {unknown} level of a diagnostic: number or word */
function levelOf(level) {
  if (typeof level === "number") return LEVELS[Math.min(level, 3)];
  const word = String(level ?? "ok").toLowerCase();
  return { warn: "warning", stale: "silent" }[word] ?? (LEVELS.includes(word) ? word : "ok");
}

export class RateTable {
  #rows = new Map();
  #nodes = new Map();

  constructor() {
    this.body = byId("rate-rows");
    this.nodes = byId("node-rows");
  }

  /** @param {Record<string, number>} figures by name, once a second; what is not finite is not known */
  show(figures) {
    for (const [name, label, unit, decimals] of ROWS) {
      const value = figures[name];
      if (value === undefined) continue;
      let row = this.#rows.get(name);
      if (!row) {
        row = this.#build(label);
        this.#rows.set(name, row);
        this.body.append(row.element);
      }
      const known = typeof value === "number" && Number.isFinite(value);
      row.history.push(known ? value : 0);
      if (row.history.length > KEPT) row.history.shift();
      setText(row.value, known ? `${value.toFixed(decimals)}${unit ? ` ${unit}` : ""}` : "–");
      const most = Math.max(...row.history, 1e-9);
      const points = row.history.map((past, index) => `${(index * 72) / (KEPT - 1)},${(17 - (15 * past) / most).toFixed(1)}`);
      row.line.setAttribute("points", points.join(" "));
    }
  }

  #build(label) {
    const picture = document.createElementNS(SVG, "svg");
    picture.setAttribute("viewBox", "0 0 72 18");
    picture.setAttribute("class", "spark");
    picture.setAttribute("aria-hidden", "true");
    const line = document.createElementNS(SVG, "polyline");
    picture.append(line);
    const value = el("td", { class: "number" });
    const element = el("tr", {}, el("th", { scope: "row" }, label), el("td", { class: "spark-cell" }, picture), value);
    return { element, value, line, history: [] };
  }

  /** @param {Record<string, {level: unknown, message: string}>} nodes */
  showNodes(nodes) {
    for (const [name, figures] of Object.entries(nodes ?? {})) {
      let row = this.#nodes.get(name);
      if (!row) {
        const light = el("span", { class: "light", "aria-hidden": "true" });
        const level = el("span", { class: "level" });
        const message = el("span", {});
        const more = el("dl", { class: "figures number" });
        const summary = el("summary", {}, light, el("strong", {}, name), " ", level, " ", message);
        row = { level, message, more, light, element: el("details", { class: "node" }, summary, more) };
        this.#nodes.set(name, row);
        this.nodes.append(row.element);
      }
      const level = levelOf(figures?.level);
      row.light.dataset.level = level;
      setText(row.level, level === "ok" ? "" : level);
      setText(row.message, String(figures?.message ?? ""));
      if (row.element.open) this.#details(row.more, figures);
      else row.element.ontoggle = () => this.#details(row.more, figures);
    }
  }

  #details(list, figures) {
    const rest = Object.entries({ ...figures, ...(figures.values ?? {}) }).filter(
      ([name]) => !["level", "message", "values"].includes(name),
    );
    list.replaceChildren(
      ...rest.flatMap(([name, value]) => [el("dt", {}, name.replaceAll("_", " ")), el("dd", {}, String(value))]),
    );
  }
}
