/**
 * The focus: every way to move it ends here. At most one request is on its way to the lens, the newest wish waits, older ones are
 * dropped. The lens has taken a request when its goal is another than before; the answer comes when the move has ended.
 * @module focus
 */

import { byId } from "./dom.js";
import { dioptreOf, distanceText, readDistance } from "./distances.js";
import { FocusRing } from "./ring.js";
import { StepsToDioptre } from "./scale.js";
import { Wishes } from "./wishes.js";

/** The ring and the lens may differ by rounding at the ends: the glass is asked for a hair less. */
const HAIR = 1e-9;
const GAP_MS = 33;
const GOAL_KEPT_MS = 600;
/** Where the ring begins while the lens's nearest distance is not known. */
const GUESSED_NEAREST_M = 0.25;

export class FocusControl {
  #lens = null;
  #goal = NaN;
  #wishedAt = -Infinity;
  #nearest = NaN;
  #goalBefore = null;
  #steps = new StepsToDioptre();
  #wishes;

  /**
   * @param {{request: (fields: Record<string, unknown>) => Promise<{ok: boolean, text: string}>,
   *   say: (text: string, bad?: boolean) => void,
   *   allowed: () => boolean, refused: () => void}} to
   */
  constructor(to) {
    this.to = to;
    this.entry = byId("entry");
    this.ring = new FocusRing(byId("ring"), {
      wish: (dioptre) => this.#wishDioptre(dioptre),
      refused: to.refused,
      digit: (character) => {
        this.entry.value = character;
        this.entry.focus();
      },
    });
    this.#wishes = new Wishes(
      (wish) => {
        this.#goalBefore = this.#lens?.goal_position_steps ?? null;
        return to.request({ by: wish.by, value: wish.value });
      },
      (outcome, wish) => this.#answered(outcome, wish),
      GAP_MS,
    );
    this.#listen();
  }

  /** @param {Record<string, any>} lens a state, alive */
  show(lens) {
    this.#lens = lens;
    if (typeof lens.goal_position_steps === "number" && lens.goal_position_steps !== this.#goalBefore) this.#wishes.taken();
    this.#steps.learn(lens, dioptreOf(lens));
    const nearest = lens.nearest_distance_m > 0 ? lens.nearest_distance_m : GUESSED_NEAREST_M;
    this.#nearest = 1 / nearest;
    this.ring.setRange(nearest, lens.farthest_distance_m > 0 ? lens.farthest_distance_m : Infinity);
    this.#draw();
  }

  #draw() {
    const lens = this.#lens;
    if (!lens) return;
    const fresh = this.ring.held || this.#wishes.pending || performance.now() - this.#wishedAt < GOAL_KEPT_MS;
    if (!fresh && !lens.moving) this.#goal = NaN;
    const sent = typeof lens.goal_position_steps === "number" ? this.#steps.dioptreAt(lens.goal_position_steps) : NaN;
    const near = lens.near_limit_m > 0 ? 1 / lens.near_limit_m : null;
    this.ring.show({
      glass: dioptreOf(lens),
      goal: Number.isNaN(this.#goal) && lens.moving ? sent : this.#goal,
      near,
      far: near === null ? null : lens.far_limit_m > 0 ? 1 / lens.far_limit_m : 0,
      moving: lens.moving,
    });
  }

  /** @param {number} metres `Infinity` is allowed */
  wishDistance(metres) {
    if (!this.to.allowed()) {
      this.to.refused();
      return;
    }
    this.#wish(1 / metres, { by: "distance", value: metres === Infinity ? "infinity" : metres });
    this.#draw();
  }

  #wishDioptre(dioptre) {
    if (dioptre === 0) this.#wish(0, { by: "distance", value: "infinity" });
    else this.#wish(dioptre, { by: "dioptre", value: dioptre >= this.#nearest ? dioptre * (1 - HAIR) : dioptre });
  }

  #wish(dioptre, fields) {
    this.#goal = dioptre;
    this.#wishedAt = performance.now();
    this.#wishes.wish({ ...fields, words: distanceText(1 / dioptre) });
  }

  #answered(outcome, wish) {
    this.#wishedAt = performance.now();
    if (outcome.ok) return;
    this.to.say(outcome.text || `the lens did not go to ${wish.words}`, true);
    this.#goal = NaN;
    this.#draw();
  }

  /** Forget what was wished for and has not been sent. */
  drop() {
    this.#wishes.drop();
    this.#goal = NaN;
  }

  #listen() {
    const { entry } = this;
    byId("entry-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const metres = readDistance(entry.value);
      entry.setAttribute("aria-invalid", String(metres === null));
      if (metres === null) {
        this.to.say("Type a distance in metres, such as 2.5 or 2,5, or 'inf'.", true);
        return;
      }
      entry.select();
      this.wishDistance(metres);
    });
    entry.addEventListener("input", () => entry.removeAttribute("aria-invalid"));
    entry.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      entry.value = "";
      this.ring.focus();
    });
    byId("fine").addEventListener("click", (event) => {
      this.ring.fine = !this.ring.fine;
      event.currentTarget.setAttribute("aria-pressed", String(this.ring.fine));
    });
    byId("ring-kind").addEventListener("click", (event) => {
      this.ring.setKind(this.ring.kind === "log" ? "dioptre" : "log");
      event.currentTarget.setAttribute("aria-pressed", String(this.ring.kind === "dioptre"));
    });
  }
}
