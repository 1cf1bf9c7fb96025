"use strict";
// The read-out: where the pointer or the arrow keys are on the timeline, in words. All else on the page works without this.
{
  const { frames, each, texts } = JSON.parse(document.getElementById("data").textContent);
  const stack = document.getElementById("stack");
  const said = document.getElementById("read-out");
  if (stack && texts.length) {
    const cursor = stack.querySelector(".cursor");
    let at = 0;
    const say = (text) => {
      const entries = text.split(" · ").map((entry) => Object.assign(document.createElement("span"), { textContent: entry }));
      said.replaceChildren(...entries.flatMap((entry, place) => (place ? [" · ", entry] : [entry])));
    };
    const show = (column) => {
      at = Math.min(texts.length - 1, Math.max(0, column));
      cursor.style.setProperty("--at", (at + 0.5) / texts.length);
      cursor.hidden = false;
      say(texts[at]);
      stack.setAttribute("aria-valuenow", Math.min(frames - 1, at * each));
      stack.setAttribute("aria-valuetext", texts[at]);
    };
    const point = (event) => {
      const { left, width } = stack.querySelector(".area").getBoundingClientRect();
      show(Math.floor(((event.clientX - left) / width) * texts.length));
    };
    const jump = Math.max(1, Math.round(texts.length / 20));
    const keys = {
      ArrowRight: () => at + 1,
      ArrowLeft: () => at - 1,
      PageUp: () => at + jump,
      PageDown: () => at - jump,
      Home: () => 0,
      End: () => texts.length - 1,
    };
    const attributes = { tabindex: 0, role: "slider", "aria-label": "Frame", "aria-valuemin": 0, "aria-valuemax": frames - 1 };
    for (const [name, value] of Object.entries(attributes)) stack.setAttribute(name, value);
    stack.addEventListener("pointermove", point);
    stack.addEventListener("pointerdown", point);
    stack.addEventListener("focus", () => show(at));
    stack.addEventListener("keydown", (event) => {
      const where = keys[event.key];
      if (!where || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      show(where());
    });
    for (const link of document.querySelectorAll("[data-frame]"))
      link.addEventListener("click", () => show(Math.floor(link.dataset.frame / each)));
    said.hidden = false;
    say(texts[0]);
    for (const hint of document.querySelectorAll(".scripted")) hint.hidden = false;
  }
}
