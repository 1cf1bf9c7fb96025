/**
 * How late the marker is: from the stamp of a lens state to the moment at which the page showed it.
 *
 * `drawn_ms` is the time of a task posted from the animation frame that drew (a MessageChannel): it runs once that
 * frame has been handed to the compositor. `window.auxfocus.latency` holds the newest of these, for the benchmark.
 * @module latency
 */

const KEPT = 4000;

export class LatencyLog {
  #channel = new MessageChannel();
  #waiting = [];

  constructor() {
    /** @type {{stamp_ms: number, drawn_ms: number}[]} oldest first */
    this.samples = [];
    this.#channel.port1.onmessage = () => {
      const drawn_ms = performance.timeOrigin + performance.now();
      for (const stamp_ms of this.#waiting) this.samples.push({ stamp_ms, drawn_ms });
      this.#waiting = [];
      if (this.samples.length > KEPT) this.samples.splice(0, this.samples.length - KEPT);
    };
  }

  /** To be called in the animation frame that draws a state. @param {number} stamp_ms */
  drawing(stamp_ms) {
    this.#waiting.push(stamp_ms);
    this.#channel.port2.postMessage(0);
  }

  /**
   * @param {number} number of the newest samples
   * @returns {{n: number, median: number, p95: number}} milliseconds; NaN where there are none
   */
  summary(number = 200) {
    const late = this.samples.slice(-number).map(({ stamp_ms, drawn_ms }) => drawn_ms - stamp_ms);
    late.sort((a, b) => a - b);
    const at = (share) => (late.length ? late[Math.min(late.length - 1, Math.floor(share * late.length))] : NaN);
    return { n: late.length, median: at(0.5), p95: at(0.95) };
  }
}
