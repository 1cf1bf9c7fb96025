/**
 * Pictures: the newest alone. One is under way at a time; the next is asked for when the last has been drawn, so that a slow
 * browser sees fewer and never older ones.
 * @module stream
 */

import { socketAddress, waitBefore } from "./socket.js";

const STALLED_MS = 3000;

/**
 * @typedef {{stamp: [number, number], sent_ms: number, width: number, height: number, dropped: number}} PictureHeader
 */

/**
 * Takes a message of the stream apart.
 * @param {ArrayBuffer} data 4 bytes big-endian length, header in JSON, JPEG
 * @returns {{header: PictureHeader, jpeg: Blob}}
 */
export function readPicture(data) {
  const length = new DataView(data).getUint32(0, false);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
  return { header, jpeg: new Blob([new Uint8Array(data, 4 + length)], { type: "image/jpeg" }) };
}

export class PictureStream {
  #socket = null;
  #name = "";
  #trial = 0;
  #retry = 0;
  #decoding = false;
  #newest = null;
  #watchdog = 0;

  /**
   * @param {(picture: ImageBitmap, header: PictureHeader) => void} draw called in an animation frame
   * @param {(problem: string) => void} problem a picture that cannot be read
   */
  constructor(draw, problem) {
    this.draw = draw;
    this.problem = problem;
    document.addEventListener("visibilitychange", () => document.hidden || (this.#name && this.#connect()));
  }

  /** @param {string} name 'aux', 'camera', or '' for none */
  show(name) {
    if (name === this.#name && this.#socket) return;
    this.#name = name;
    this.#trial = 0;
    this.#close();
    if (name) this.#connect();
  }

  #close() {
    window.clearTimeout(this.#retry);
    window.clearInterval(this.#watchdog);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #connect() {
    if (this.#socket) return;
    window.clearTimeout(this.#retry);
    this.#trial += 1;
    const socket = new WebSocket(socketAddress(`stream/${this.#name}`));
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    let heard = performance.now();
    socket.addEventListener("message", (event) => {
      heard = performance.now();
      this.#trial = 0;
      this.#newest = { data: event.data, socket };
      this.#decode();
    });
    socket.addEventListener("close", () => {
      if (socket !== this.#socket) return;
      this.#close();
      this.#retry = window.setTimeout(() => this.#connect(), waitBefore(Math.max(1, this.#trial)));
    });
    this.#watchdog = window.setInterval(() => {
      // An answer of ours may have been lost with a frame that was never drawn: ask again.
      if (!document.hidden && performance.now() - heard > STALLED_MS) {
        heard = performance.now();
        this.#ask(socket);
      }
    }, STALLED_MS);
  }

  #ask(socket) {
    if (socket === this.#socket && socket.readyState === WebSocket.OPEN) socket.send("next");
  }

  async #decode() {
    if (this.#decoding || !this.#newest) return;
    this.#decoding = true;
    const { data, socket } = this.#newest;
    this.#newest = null;
    try {
      const { header, jpeg } = readPicture(data);
      const bitmap = await createImageBitmap(jpeg);
      await new Promise((resolve) => window.requestAnimationFrame(resolve));
      if (socket === this.#socket) this.draw(bitmap, header);
      bitmap.close();
    } catch (error) {
      this.problem(`a picture could not be read: ${error instanceof Error ? error.message : error}`);
    }
    this.#decoding = false;
    this.#ask(socket);
    this.#decode();
  }
}
