/**
 * Light, dark, or as the device has it; kept in this browser.
 * @module theme
 */

const KEY = "auxfocus.theme";
const NEXT = { auto: "light", light: "dark", dark: "auto" };
const NAMES = { auto: "as the device", light: "light", dark: "dark" };

/**
 * @param {HTMLElement} button
 * @param {() => void} changed called when colours are others
 */
export function followTheme(button, changed) {
  const read = () => {
    try {
      return localStorage.getItem(KEY) ?? "auto";
    } catch {
      return "auto"; // storage is switched off
    }
  };
  const apply = (theme) => {
    document.documentElement.dataset.theme = theme in NEXT ? theme : "auto";
    button.setAttribute("aria-label", `Colours: ${NAMES[theme] ?? NAMES.auto}. Change`);
    button.title = `Colours: ${NAMES[theme] ?? NAMES.auto}`;
    changed();
  };
  button.addEventListener("click", () => {
    const theme = NEXT[document.documentElement.dataset.theme] ?? "auto";
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // it holds until the page is left
    }
    apply(theme);
  });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
  apply(read());
}
