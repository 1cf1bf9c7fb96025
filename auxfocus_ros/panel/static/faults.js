/**
 * Faults as they happen: what is wrong now stands above the picture and is spoken; what was wrong stays in the list, greyed.
 * @module faults
 */

import { byId, el, setText } from "./dom.js";

const KEPT = 60;
const SOURCES = { lens: "Lens", aux_focus: "Image", gimbal_rig: "Rig", panel: "Panel" };

/** @param {number} ms @returns {string} '14:03:27' */
const clock = (ms) =>
  new Date(ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });

export class FaultList {
  #faults = [];

  constructor() {
    this.alerts = byId("alerts");
    this.list = byId("fault-list");
    this.none = byId("fault-none");
    this.count = byId("fault-count");
  }

  /** @param {Record<string, any>} message of type 'fault' */
  add(message) {
    // The panel knows one fault of a source at a time: another in its place ends it.
    const open = this.#faults.find((fault) => !fault.cleared && fault.source === message.source);
    const same = open && !message.cleared && open.text === message.text;
    if (same) Object.assign(open, { level: message.level });
    else if (open) Object.assign(open, { cleared: true, cleared_ms: Date.now() });
    if (!message.cleared && !same) this.#faults.unshift({ ...message, since_ms: message.since_ms ?? Date.now() });
    this.#faults.splice(KEPT);
    this.#show();
  }

  /** The panel says anew what is wrong when a connection opens: what it does not say any more is over. */
  forget() {
    for (const fault of this.#faults) if (!fault.cleared) Object.assign(fault, { cleared: true, cleared_ms: Date.now() });
    this.#show();
  }

  /** Faults that are not over. */
  get open() {
    return this.#faults.filter((fault) => !fault.cleared);
  }

  #show() {
    const { open } = this;
    const wanted = open.map((fault) => `${fault.source}\n${fault.text}`).join("\n\n");
    if (this.alerts.dataset.shown !== wanted) {
      this.alerts.dataset.shown = wanted;
      this.alerts.replaceChildren(...open.map((fault) => this.#plate(fault)));
    }
    this.list.replaceChildren(...this.#faults.map((fault) => this.#row(fault)));
    this.none.hidden = this.#faults.length > 0;
    setText(this.count, open.length ? String(open.length) : "");
  }

  #plate(fault) {
    return el(
      "p",
      { class: `alert ${fault.level === "error" ? "error" : "warning"}` },
      el("strong", {}, `${SOURCES[fault.source] ?? fault.source}: `),
      fault.text,
      el("span", { class: "since number" }, ` since ${clock(fault.since_ms)}`),
    );
  }

  #row(fault) {
    const times = fault.cleared ? `${clock(fault.since_ms)} to ${clock(fault.cleared_ms)}` : `since ${clock(fault.since_ms)}`;
    return el(
      "li",
      { class: `fault ${fault.level === "error" ? "error" : "warning"}${fault.cleared ? " cleared" : ""}` },
      el("span", { class: "fault-source" }, SOURCES[fault.source] ?? fault.source),
      el("span", { class: "fault-text" }, fault.text),
      el("span", { class: "fault-time number" }, fault.cleared ? `over: ${times}` : times),
    );
  }
}
