/**
 * Many wishes a second, few requests: at most one has not been taken, and the newest wish replaces the one that waits.
 *
 * A request is taken when it is answered, or when somebody says so before that (`taken`): a move is answered only when it has
 * ended, and by then a hand that drags has long had other wishes.
 * @module wishes
 */

/** A request that nobody says anything of holds up the next one no longer than this. */
const PATIENCE_MS = 150;

export class Wishes {
  #waiting = null;
  #sent = 0;
  #untaken = 0;
  #unanswered = 0;
  #lastSent = -Infinity;
  #timer = 0;

  /**
   * @param {(wish: any) => Promise<{ok: boolean, text: string}>} send
   * @param {(outcome: {ok: boolean, text: string}, wish: any) => void} answered called for the newest alone: older ones are past
   * @param {number} gapMs least time between two requests
   * @param {(older: any, newer: any) => any} [merge] what waits when a newer wish comes; without it the newer alone
   */
  constructor(send, answered, gapMs, merge = (_, newer) => newer) {
    this.send = send;
    this.answered = answered;
    this.gapMs = gapMs;
    this.merge = merge;
  }

  /** Whether a wish waits, or the newest request is unanswered. */
  get pending() {
    return this.#waiting !== null || this.#unanswered !== 0;
  }

  /** @param {any} wish sent at once, or as soon as the request before it is taken */
  wish(wish) {
    this.#waiting = { wish: this.#waiting === null ? wish : this.merge(this.#waiting.wish, wish) };
    this.#next();
  }

  /** The request that was sent last has been taken: the next may follow. */
  taken() {
    this.#untaken = 0;
    this.#next();
  }

  /** Forget the wish that waits. */
  drop() {
    this.#waiting = null;
  }

  #later(ms) {
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#next(), Math.max(1, ms));
  }

  #next() {
    if (this.#waiting === null) return;
    const since = performance.now() - this.#lastSent;
    if (this.#untaken !== 0 && since < PATIENCE_MS) {
      this.#later(PATIENCE_MS - since);
      return;
    }
    if (since < this.gapMs) {
      this.#later(this.gapMs - since);
      return;
    }
    const { wish } = this.#waiting;
    this.#waiting = null;
    this.#sent += 1;
    const number = this.#sent;
    this.#untaken = number;
    this.#unanswered = number;
    this.#lastSent = performance.now();
    this.send(wish).then((outcome) => {
      if (this.#untaken === number) this.#untaken = 0;
      if (this.#unanswered === number) {
        this.#unanswered = 0;
        if (this.#waiting === null) this.answered(outcome, wish);
      }
      this.#next();
    });
  }
}
