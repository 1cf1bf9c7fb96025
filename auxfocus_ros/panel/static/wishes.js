/**
 * Many wishes a second, few requests: at most one is unanswered, and the newest wish replaces the one that waits.
 * @module wishes
 */

export class Wishes {
  #waiting = null;
  #busy = false;
  #lastSent = -Infinity;
  #timer = 0;

  /**
   * @param {(wish: any) => Promise<{ok: boolean, text: string}>} send
   * @param {(outcome: {ok: boolean, text: string}, wish: any) => void} answered
   * @param {number} gapMs least time between two requests
   * @param {(older: any, newer: any) => any} [merge] what waits when a newer wish comes; without it the newer alone
   */
  constructor(send, answered, gapMs, merge = (_, newer) => newer) {
    this.send = send;
    this.answered = answered;
    this.gapMs = gapMs;
    this.merge = merge;
  }

  /** Whether a request is unanswered or a wish waits. */
  get pending() {
    return this.#busy || this.#waiting !== null;
  }

  /** @param {any} wish sent at once, or as soon as the request before it is answered */
  wish(wish) {
    this.#waiting = { wish: this.#waiting === null ? wish : this.merge(this.#waiting.wish, wish) };
    this.#next();
  }

  /** Forget the wish that waits. */
  drop() {
    this.#waiting = null;
  }

  #next() {
    if (this.#busy || this.#waiting === null) return;
    const wait = this.#lastSent + this.gapMs - performance.now();
    if (wait > 0) {
      window.clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => this.#next(), wait);
      return;
    }
    const { wish } = this.#waiting;
    this.#waiting = null;
    this.#busy = true;
    this.#lastSent = performance.now();
    this.send(wish).then((outcome) => {
      this.#busy = false;
      this.answered(outcome, wish);
      this.#next();
    });
  }
}
