/**
 * The helm: who may move the lens, who asks for it, and handing it over where everybody sees it.
 * @module helm
 */

import { byId, el, setText } from "./dom.js";

export class HelmPanel {
  #state = { helm: null, you: false, wanted_by: [], viewers: 1 };
  #asked = "";

  /**
   * @param {(fields: {take?: boolean, give?: number}) => void} ask
   */
  constructor(ask) {
    this.ask = ask;
    this.me = null;
    this.who = byId("helm-who");
    this.button = byId("helm-button");
    this.plea = byId("helm-plea");
    this.pleaText = byId("helm-plea-text");
    this.pleaButtons = byId("helm-plea-buttons");
    this.rule = byId("helm-rule");
    this.button.addEventListener("click", () => this.ask({ take: !(this.you || this.waiting) }));
  }

  /** Whether this page is at the helm. */
  get you() {
    return this.#state.helm !== null && this.#state.helm === this.me;
  }

  /** Whether this page has asked for it. */
  get waiting() {
    return this.#state.wanted_by.includes(this.me);
  }

  /** Who has it, in words. */
  get words() {
    if (this.you) return "You have the helm";
    return this.#state.helm === null ? "Nobody has the helm" : `Viewer ${this.#state.helm} has the helm`;
  }

  /** @param {Record<string, any>} state a message of type 'helm', or the parts of 'hello' */
  show(state) {
    this.#state = { ...this.#state, ...state };
    const { viewers, helm } = this.#state;
    setText(this.who, `${this.words}${viewers > 1 ? ` · ${viewers} viewers` : ""}`);
    document.documentElement.dataset.helm = this.you ? "mine" : helm === null ? "free" : "other";
    setText(this.button, this.you ? "Lay down" : this.waiting ? "Ask no more" : helm === null ? "Take it" : "Ask for it");
    this.button.setAttribute(
      "aria-label",
      this.you
        ? "Lay down the helm"
        : this.waiting
          ? "Ask no more for the helm"
          : helm === null
            ? "Take the helm"
            : "Ask for the helm",
    );
    this.#showPlea();
  }

  #showPlea() {
    const { wanted_by: wanted } = this.#state;
    const others = wanted.filter((viewer) => viewer !== this.me);
    const asked = JSON.stringify([this.you, others, this.waiting]);
    if (asked === this.#asked) return;
    this.#asked = asked;
    this.plea.hidden = !(this.you && others.length) && !this.waiting;
    if (this.you && others.length) {
      const names = others.length === 1 ? `Viewer ${others[0]} asks` : `Viewers ${others.join(", ")} ask`;
      setText(this.pleaText, `${names} for the helm. Without an answer it goes over in a few seconds.`);
      const give = el(
        "button",
        { type: "button", class: "primary", id: "helm-give", on: { click: () => this.ask({ give: others[0] }) } },
        `Hand over to viewer ${others[0]}`,
      );
      const keep = el("button", { type: "button", id: "helm-keep", on: { click: () => this.ask({ take: true }) } }, "Keep it");
      this.pleaButtons.replaceChildren(give, keep);
    } else if (this.waiting) {
      setText(this.pleaText, "You have asked for the helm. It is yours as soon as it is handed over, or in a few seconds.");
      this.pleaButtons.replaceChildren();
    }
  }
}
