/**
 * Distances as people read, say and type them. Metres throughout; `Infinity` is focus at infinity.
 * @module distances
 */

/**
 * Number of decimals that mean something at a distance.
 * @param {number} metres
 */
function decimals(metres) {
  if (metres < 1) return 3;
  if (metres < 10) return 2;
  return metres < 100 ? 1 : 0;
}

/**
 * @param {number|null|undefined} metres null: infinity, as the panel's protocol has it
 * @returns {string} '2.35', '14.2', '∞'
 */
export function shortDistance(metres) {
  if (metres === null || metres === undefined || metres === Infinity) return "∞";
  return Number.isFinite(metres) ? metres.toFixed(decimals(metres)) : "–";
}

/**
 * @param {number|null|undefined} metres
 * @returns {string} '2.35 m', '∞'
 */
export function distanceText(metres) {
  const text = shortDistance(metres);
  return text === "∞" || text === "–" ? text : `${text} m`;
}

/**
 * For screen readers, without digits that nobody wants to hear.
 * @param {number|null|undefined} metres
 * @returns {string} '2.35 metres', 'infinity'
 */
export function spokenDistance(metres) {
  if (metres === null || metres === undefined || metres === Infinity) return "infinity";
  return Number.isFinite(metres) ? `${Number(metres.toPrecision(3))} metres` : "unknown";
}

/**
 * What somebody typed as a distance.
 * @param {string} text '2.5', '2,5', '2.5 m', '250 cm', 'inf', '∞'
 * @returns {number|null} metres, `Infinity`, or null when it is no distance
 */
export function readDistance(text) {
  const typed = text.trim().toLowerCase();
  if (/^(inf|infinity|infinite|∞|oo)$/.test(typed)) return Infinity;
  const parts = /^\+?(\d+(?:[.,]\d*)?|[.,]\d+)\s*(m|metres?|meters?|cm|mm)?$/.exec(typed);
  if (!parts) return null;
  const unit = parts[2] === "cm" ? 0.01 : parts[2] === "mm" ? 0.001 : 1;
  const metres = Number(parts[1].replace(",", ".")) * unit;
  return metres > 0 ? metres : null;
}

/**
 * The focus of a lens state as a power.
 * @param {{focus_distance_m?: number|null, focus_state?: string}} lens
 * @returns {number} dioptres; 0: infinity; below 0: beyond it; NaN: unknown
 */
export function dioptreOf(lens) {
  if (lens.focus_state === "beyond_infinity") return -Number.MIN_VALUE;
  if (lens.focus_state === "infinity") return 0;
  return lens.focus_distance_m > 0 ? 1 / lens.focus_distance_m : NaN;
}
