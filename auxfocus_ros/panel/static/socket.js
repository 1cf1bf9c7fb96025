/**
 * The connection to the panel: state in, requests with numbered answers out, and a new one when it breaks.
 * @module socket
 */

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;
const PING_MS = 2000;
const SILENT_MS = 7000;
/** The panel closes a connection that sends more than 50 requests a second. */
const REQUESTS_PER_S = 40;

/**
 * @param {string} path of a WebSocket beside the page
 * @returns {URL}
 */
export function socketAddress(path) {
  const address = new URL(path, window.location.href);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  address.search = "";
  address.hash = "";
  return address;
}

/**
 * How long to wait before a trial: doubled each time up to a bound, never all browsers at once.
 * @param {number} trial from 1
 * @returns {number} milliseconds
 */
export function waitBefore(trial) {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (trial - 1)) * (0.8 + 0.4 * Math.random());
}

/**
 * @typedef {{ok: boolean, text: string}} Outcome
 * @typedef {{state: "connecting"|"open"|"waiting", trial: number, wait_ms: number, reason: string}} ConnectionState
 */

export class Connection {
  #socket = null;
  #numbers = 0;
  #open = new Map();
  #trial = 0;
  #retry = 0;
  #heard = 0;
  #sent = [];
  #pinger = 0;

  /**
   * @param {(message: Record<string, any>) => void} onMessage
   * @param {(state: ConnectionState) => void} onState
   */
  constructor(onMessage, onState) {
    this.onMessage = onMessage;
    this.onState = onState;
    window.addEventListener("online", () => this.now());
    document.addEventListener("visibilitychange", () => document.hidden || this.now());
  }

  /** Connects, at once. Nothing happens when a connection stands. */
  now() {
    if (this.#socket) return;
    window.clearTimeout(this.#retry);
    this.#trial += 1;
    this.onState({ state: "connecting", trial: this.#trial, wait_ms: 0, reason: "" });
    const socket = new WebSocket(socketAddress("ws"));
    this.#socket = socket;
    socket.addEventListener("open", () => this.#opened());
    socket.addEventListener("message", (event) => this.#received(event.data));
    socket.addEventListener("close", (event) => this.#closed(socket, event));
  }

  #opened() {
    this.#trial = 0;
    this.#heard = performance.now();
    this.onState({ state: "open", trial: 0, wait_ms: 0, reason: "" });
    window.clearInterval(this.#pinger);
    this.#pinger = window.setInterval(() => this.#ping(), PING_MS);
    this.#ping();
  }

  #ping() {
    if (performance.now() - this.#heard > SILENT_MS) this.#drop("the panel has gone silent");
    else this.#write({ type: "ping", sent_ms: Date.now() });
  }

  #received(data) {
    this.#heard = performance.now();
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return; // nothing of ours
    }
    if (message.type === "outcome" && this.#open.has(message.request)) {
      const answer = this.#open.get(message.request);
      this.#open.delete(message.request);
      answer({ ok: message.ok === true, text: String(message.text ?? "") });
    }
    this.onMessage(message);
  }

  #drop(reason) {
    const socket = this.#socket;
    socket?.close();
    this.#closed(socket, { code: 0, reason }); // a dead peer would keep 'close' waiting
  }

  #closed(socket, event) {
    if (socket !== this.#socket || socket === null) return;
    this.#socket = null;
    window.clearInterval(this.#pinger);
    for (const answer of this.#open.values()) answer({ ok: false, text: "the connection broke before an answer came" });
    this.#open.clear();
    const wait = waitBefore(this.#trial + 1);
    const reason = event.reason || (event.code === 1008 ? "the panel closed the connection: its rules were broken" : "");
    this.onState({ state: "waiting", trial: this.#trial + 1, wait_ms: wait, reason });
    this.#retry = window.setTimeout(() => this.now(), wait);
  }

  #write(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /**
   * Asks for something.
   * @param {string} type
   * @param {Record<string, unknown>} [fields]
   * @returns {Promise<Outcome>} never rejected: what goes wrong is an outcome as well
   */
  request(type, fields = {}) {
    const now = performance.now();
    this.#sent = this.#sent.filter((then) => now - then < 1000);
    if (this.#sent.length >= REQUESTS_PER_S) return Promise.resolve({ ok: false, text: "too much at once: try again" });
    this.#sent.push(now);
    this.#numbers += 1;
    const number = this.#numbers;
    return new Promise((resolve) => {
      this.#open.set(number, resolve);
      if (!this.#write({ type, request: number, ...fields })) {
        this.#open.delete(number);
        resolve({ ok: false, text: "not connected to the panel" });
      }
    });
  }
}
