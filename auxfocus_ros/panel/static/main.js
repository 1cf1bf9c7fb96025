/**
 * The operator's page: puts its parts together. Every part draws what it is told and says what is asked for; only this file knows
 * them all.
 * @module main
 */

import { byId, setText } from "./dom.js";
import { distanceText } from "./distances.js";
import { FaultList } from "./faults.js";
import { FocusControl } from "./focus.js";
import { HelmPanel } from "./helm.js";
import { LatencyLog } from "./latency.js";
import { LensReadout } from "./lens.js";
import { Options } from "./options.js";
import { RateTable } from "./rates.js";
import { Connection } from "./socket.js";
import { Stage } from "./stage.js";
import { PictureStream } from "./stream.js";
import { SceneVoice, sceneInWords, TargetList } from "./targets.js";
import { followTheme } from "./theme.js";

const STREAM_NAMES = { aux: "Focus image", camera: "Camera" };

const latency = new LatencyLog();
const readout = new LensReadout();
const faults = new FaultList();
const rates = new RateTable();
const voice = new SceneVoice();
const now = { lens: null, targets: null, enabled: true, connected: false, roundTrip: NaN, dropped: 0, imageMs: NaN };

// Words at the foot of the picture: what came of the last request.

let hush = 0;
function say(text, bad = false) {
  const line = byId("said");
  setText(line, text);
  line.classList.toggle("bad", bad);
  window.clearTimeout(hush);
  hush = window.setTimeout(
    () => {
      setText(line, "");
      line.classList.remove("bad");
    },
    bad ? 9000 : 4000,
  );
}

async function ask(type, fields, good = "") {
  const outcome = await connection.request(type, fields);
  if (!outcome.ok) say(outcome.text || "that could not be done", true);
  else if (outcome.text || good) say(outcome.text || good);
  return outcome;
}

// The focus.

function refused() {
  if (!now.connected) say("Not connected to the panel.", true);
  else if (!helm.you) say(`${helm.words}: ${helm.waiting ? "it has been asked for" : "ask for it first"}.`, true);
  else say("The lens has not said where it is yet.", true);
}

const focus = new FocusControl({
  request: (fields) => connection.request("focus", fields),
  say,
  allowed: () => now.connected && helm.you,
  refused,
});

// The picture.

const stage = new Stage(
  { frame: byId("stage"), image: byId("image"), over: byId("over") },
  {
    point: (x, y) => select({ mode: "point", x, y }, "chosen"),
    box: (box) => select({ mode: "box", box }, "box chosen"),
    depth: (depth_m) => {
      if (!helm.you) return refused();
      say(`Focus at ${distanceText(depth_m)}`);
      return focus.wishDistance(depth_m);
    },
    drawn: (stamp_ms) => latency.drawing(stamp_ms),
  },
);

function select(fields, good = "") {
  if (!helm.you) return refused();
  const where = fields.mode === "point" || fields.mode === "box" ? { stamp: stage.header?.stamp } : {};
  return ask("select", { ...fields, ...where }, good);
}

const stream = new PictureStream(
  (bitmap, header) => {
    stage.show(bitmap, header);
    now.dropped += header.dropped ?? 0;
    now.imageMs = Date.now() - header.sent_ms;
  },
  (problem) => say(problem, true),
);

function showStream(name) {
  for (const input of document.querySelectorAll("input[name=stream]")) input.checked = input.value === name;
  stage.clear(name);
  stream.show(name);
}

// Targets, options, helm.

const targetList = new TargetList({
  choose: (id) => {
    const chosen = now.targets?.targets?.find((target) => target.id === id)?.selected;
    select(chosen ? { mode: "clear" } : { mode: "identity", id });
  },
  focus: (depth_m) => focus.wishDistance(depth_m),
  point: (id) => {
    stage.hovered = id;
    stage.redraw();
  },
});

const options = new Options((values) => connection.request("set", { values }), say);
const helm = new HelmPanel((fields) => ask("helm", fields));

function allow() {
  const may = now.connected && helm.you;
  focus.ring.setEnabled(may);
  options.allow(may);
  for (const control of document.querySelectorAll("[data-helm-only]")) control.disabled = !may;
  if (now.targets) targetList.show(now.targets, may);
}

function showTargets(message) {
  now.targets = message;
  stage.targets = message.targets ?? [];
  targetList.show(message, now.connected && helm.you);
  const marks = stage.targets.filter((target) => target.depth_m > 0).sort((a, b) => Number(b.selected) - Number(a.selected));
  focus.ring.setMarks(
    marks.map((target) => ({ dioptre: 1 / target.depth_m, text: String(target.id), selected: target.selected })),
  );
  stage.redraw();
  speakScene();
}

function speakScene() {
  if (byId("speak").checked && !now.lens?.moving) voice.say(sceneInWords(now.lens, now.targets));
}

function showAutofocus({ available, mode, message, state }) {
  byId("autofocus").hidden = !available;
  if (!available) return;
  byId("autofocus-follow").setAttribute("aria-pressed", String(mode === "continuous"));
  setText(byId("autofocus-state"), [mode === "off" || !mode ? "off" : state, message].filter(Boolean).join(": "));
}

// What the panel says.

const handlers = {
  hello: (message) => {
    if (helm.me !== message.viewer) {
      // A new connection: the panel says anew what is wrong and who asks. The same viewer is greeted again when options change.
      faults.forget();
      helm.me = message.viewer;
      helm.show({ wanted_by: [] });
    }
    helm.show({ helm: message.helm, viewers: message.viewers });
    setText(helm.rule, message.rule ?? "");
    options.build(message.options ?? []);
    showAutofocus({ available: message.autofocus === true });
    for (const input of document.querySelectorAll("input[name=stream]"))
      input.disabled = !(message.streams ?? ["aux"]).includes(input.value);
    allow();
  },
  lens: (message) => {
    now.lens = message.alive === false ? { ...now.lens, alive: false, text: message.text } : message;
    stage.setLens(now.lens);
    readout.show(now.lens);
    if (message.alive !== false) focus.show(message);
    speakScene();
  },
  marker: (message) => {
    stage.marker = message;
    stage.redraw();
  },
  targets: showTargets,
  enabled: ({ value }) => {
    now.enabled = value;
    stage.auxiliary = value;
    byId("mode-aux").checked = value;
    byId("mode-plain").checked = !value;
    stage.redraw();
  },
  rates: (message) => {
    const { n, p95 } = latency.summary();
    rates.show({
      image_hz: message.image_hz,
      image_latency_ms: message.image_latency_ms,
      lens_hz: message.lens_hz,
      page_hz: stage.pictures - shownBefore,
      page_image_ms: now.imageMs,
      lens_page_ms: n ? p95 : NaN,
      round_trip_ms: now.roundTrip,
      skipped: now.dropped,
    });
    shownBefore = stage.pictures;
    rates.showNodes(message.node);
    showLatency(n ? p95 : NaN);
  },
  fault: (message) => faults.add(message),
  helm: (message) => {
    helm.show(message);
    allow();
  },
  options: ({ values, options: descriptors }) => {
    if (descriptors) options.build(descriptors);
    if (values) options.show(values);
    allow();
  },
  autofocus: showAutofocus,
  pong: ({ sent_ms }) => {
    now.roundTrip = Date.now() - sent_ms;
  },
};
let shownBefore = 0;

function showLatency(p95) {
  const chip = byId("latency");
  chip.hidden = Number.isNaN(p95);
  chip.dataset.heat = p95 <= 60 ? "cool" : p95 <= 100 ? "warm" : "hot";
  setText(chip, `marker ${Math.round(p95)} ms`);
}

let countdown = 0;
function showConnection({ state, trial, wait_ms, reason }) {
  now.connected = state === "open";
  document.documentElement.dataset.connection = state;
  window.clearInterval(countdown);
  byId("retry").hidden = state !== "waiting";
  const text = byId("connection-text");
  if (state === "open") setText(text, "Connected");
  else if (state === "connecting") setText(text, trial > 1 ? `Connecting again, trial ${trial}` : "Connecting");
  else {
    const ends = performance.now() + wait_ms;
    const why = reason ? `: ${reason}` : "";
    const rest_s = () => Math.max(1, Math.ceil((ends - performance.now()) / 1000));
    const tick = () => setText(text, `Connection lost${why}. Trial ${trial} in ${rest_s()} s`);
    tick();
    countdown = window.setInterval(tick, 1000);
  }
  if (state !== "open") focus.drop();
  allow();
}

const connection = new Connection((message) => {
  if (Object.hasOwn(handlers, message.type)) handlers[message.type](message);
}, showConnection);

// What people do.

byId("stop").addEventListener("click", () => {
  focus.drop();
  ask("stop", {}, "stopped");
});
byId("explain").addEventListener("change", (event) => byId("options").classList.toggle("explained", event.currentTarget.checked));
for (const input of document.querySelectorAll("input[name=mode]")) {
  input.addEventListener("change", async () => {
    const outcome = await ask("enable", { value: input.value === "aux" });
    if (!outcome.ok) handlers.enabled({ value: now.enabled });
  });
}
for (const input of document.querySelectorAll("input[name=stream]")) {
  setText(input.nextElementSibling, STREAM_NAMES[input.value] ?? input.value);
  input.addEventListener("change", () => showStream(input.value));
}
for (const button of document.querySelectorAll("[data-select]")) {
  button.addEventListener("click", () => select({ mode: button.dataset.select }));
}
for (const button of document.querySelectorAll("[data-autofocus]")) {
  button.addEventListener("click", () => {
    const region = now.targets?.selected_id ? "target" : "whole_frame";
    ask("autofocus", { mode: button.dataset.autofocus, region });
  });
}
byId("retry").addEventListener("click", () => connection.now());
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || stage.cancel()) return;
  if (now.targets?.selected_id && helm.you) select({ mode: "clear" });
});
followTheme(byId("theme"), () => {
  focus.ring.recolour();
  stage.recolour();
});

/** For the benchmark and for people who look behind the page: nothing here is a way in. */
window.auxfocus = {
  latency: latency.samples,
  get lens() {
    return now.lens;
  },
  get picture() {
    return { count: stage.pictures, header: stage.header, rect: stage.picture };
  },
  get markerPx() {
    return stage.markerPx;
  },
  get marker() {
    return stage.marker;
  },
  get targets() {
    return now.targets;
  },
};

showStream("aux");
connection.now();
