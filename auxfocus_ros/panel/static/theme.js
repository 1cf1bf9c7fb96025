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
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = (wanted) => {
    const theme = wanted in NEXT ? wanted : "auto";
    const shown = theme === "auto" ? (dark.matches ? "dark" : "light") : theme;
    Object.assign(document.documentElement.dataset, { theme, shown });
    button.setAttribute("aria-label", `Colours: ${NAMES[theme]}. Change`);
    button.title = `Colours: ${NAMES[theme]}`;
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
  dark.addEventListener("change", () => apply(read()));
  apply(read());
}
