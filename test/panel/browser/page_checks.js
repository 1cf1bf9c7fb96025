/** Checks that the browser tests run in the page: each gives a list of what is wrong, empty when nothing is. */

const shown = (element) => !element.closest("[hidden]") && element.getClientRects().length > 0;

/** Controls and landmarks without an accessible name. */
function nameless() {
  const text = (ids) =>
    (ids ?? "")
      .split(" ")
      .map((id) => document.getElementById(id)?.textContent ?? "")
      .join(" ");
  return [...document.querySelectorAll("button, input, select, summary, fieldset, section, [role], [tabindex]")]
    .filter((element) => shown(element) && !["status", "alert"].includes(element.getAttribute("role")))
    .filter((element) => {
      const labels = [...(element.labels ?? [])].map((label) => label.textContent).join(" ");
      const own = ["BUTTON", "SUMMARY"].includes(element.tagName) ? element.textContent : "";
      const legend = element.tagName === "FIELDSET" ? (element.querySelector("legend")?.textContent ?? "") : "";
      const name =
        labels + own + legend + (element.getAttribute("aria-label") ?? "") + text(element.getAttribute("aria-labelledby"));
      return name.trim() === "";
    })
    .map((element) => element.outerHTML.slice(0, 120));
}

/** Text whose contrast with its ground is below WCAG's AA for normal text; controls that are switched off need none. */
function poorContrast() {
  const rgb = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const linear = (part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!text || !shown(element) || element.closest(".stage, .away, .skip, noscript, option, :disabled")) continue;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(`${ratio.toFixed(2)}: ${element.tagName} ${text.slice(0, 40)}`);
  }
  return poor;
}

/** Buttons smaller than WCAG's least target size. */
function tooSmall() {
  return [...document.querySelectorAll("button, select, .segments label")]
    .filter(shown)
    .filter((element) => Math.min(element.getBoundingClientRect().width, element.getBoundingClientRect().height) < 24)
    .map((element) => element.outerHTML.slice(0, 120));
}

/** Ids that stand twice, and references to ids that are nowhere. */
function brokenIds() {
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  const twice = ids.filter((id, index) => ids.indexOf(id) !== index);
  const lost = ["aria-labelledby", "aria-describedby", "for"].flatMap((name) =>
    [...document.querySelectorAll(`[${name}]`)]
      .flatMap((element) => element.getAttribute(name).split(" "))
      .filter((id) => !ids.includes(id)),
  );
  return [...twice, ...lost];
}

/** Keeps in `window.seen` where the marker stood in each animation frame that showed another lens state. */
function watchMarker() {
  window.seen = [];
  const look = () => {
    const { lens, markerPx } = window.auxfocus;
    if (window.seen.at(-1)?.stamp !== lens.stamp_ms)
      window.seen.push({ stamp: lens.stamp_ms, moving: lens.moving, px: markerPx });
    requestAnimationFrame(look);
  };
  look();
}
