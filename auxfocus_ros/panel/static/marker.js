/**
 * The focus in the picture, drawn from the lens's own state: it follows the glass and not the next frame.
 *
 * The geometry comes with every change of the image's layout: `axis_depth_m` and `axis_px` are the drawn depth axis as a
 * polyline, `direction` says which way depth grows (0 up, 1 down, 2 left, 3 right).
 * @module marker
 */

import { distanceText } from "./distances.js";

/**
 * @typedef {{direction: number, axis_depth_m: number[], axis_px: number[], image_width_px: number, image_height_px: number,
 *   picture: number[], plot: number[], state?: string}} Marker
 */

/** Whether depth runs up or down in the image. @param {Marker} marker */
export const runsVertically = (marker) => marker.direction < 2;

/** @param {Marker|null} marker @returns {boolean} whether an axis is drawn at all */
export const hasAxis = (marker) =>
  Boolean(marker && marker.axis_px?.length > 1 && marker.axis_px.length === marker.axis_depth_m?.length);

/**
 * Where a depth stands on the axis.
 * @param {Marker} marker
 * @param {number} depth_m
 * @returns {{px: number, off: -1|0|1}} row or column of the image; off: nearer (-1) or farther (1) than the axis reaches
 */
export function axisPx(marker, depth_m) {
  const { axis_depth_m: depths, axis_px: pixels } = marker;
  const last = depths.length - 1;
  if (depth_m < depths[0]) return { px: pixels[0], off: -1 };
  if (depth_m > depths[last]) return { px: pixels[last], off: 1 };
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (depths[middle] <= depth_m) low = middle;
    else high = middle;
  }
  const share = depths[high] > depths[low] ? (depth_m - depths[low]) / (depths[high] - depths[low]) : 0;
  return { px: pixels[low] + share * (pixels[high] - pixels[low]), off: 0 };
}

/**
 * The depth at a place on the axis: the inverse of `axisPx`, clipped to it.
 * @param {Marker} marker
 * @param {number} px
 * @returns {number} metres
 */
export function axisDepth(marker, px) {
  const { axis_depth_m: depths, axis_px: pixels } = marker;
  for (let index = 1; index < pixels.length; index += 1) {
    const [from, to] = [pixels[index - 1], pixels[index]];
    if (from !== to && (px - from) * (px - to) <= 0) {
      return depths[index - 1] + ((px - from) / (to - from)) * (depths[index] - depths[index - 1]);
    }
  }
  const last = pixels.length - 1;
  return Math.abs(px - pixels[0]) < Math.abs(px - pixels[last]) ? depths[0] : depths[last];
}

/**
 * Where the focus and its limits stand for a lens state.
 * @param {Marker} marker
 * @param {Record<string, any>} lens
 * @returns {{px: number, off: number, near: number|null, far: number|null, text: string}|null} null: nothing to draw
 */
export function markedFocus(marker, lens) {
  if (!hasAxis(marker) || !lens || lens.alive === false) return null;
  const state = lens.focus_state;
  if (state !== "finite" && state !== "infinity" && state !== "beyond_infinity") return null;
  const depth = state === "finite" ? lens.focus_distance_m : Infinity;
  if (!(depth > 0)) return null;
  const place = axisPx(marker, depth);
  const near = axisPx(marker, lens.near_limit_m);
  const far = axisPx(marker, lens.far_limit_m ?? Infinity);
  const onAxis = state !== "beyond_infinity" && lens.near_limit_m > 0 && (near.off === 0 || near.off !== far.off);
  return {
    ...place,
    near: onAxis ? near.px : null,
    far: onAxis ? far.px : null,
    text: state === "beyond_infinity" ? "beyond ∞" : distanceText(depth),
  };
}

/**
 * Draws the focus line, its value and the edges of the depth of field.
 * @param {CanvasRenderingContext2D} context in CSS pixels of the shown image
 * @param {Marker} marker
 * @param {ReturnType<typeof markedFocus>} focus
 * @param {number} scale CSS pixels a pixel of the image
 * @param {{focus: string, ink: string}} colours
 */
export function drawMarker(context, marker, focus, scale, colours) {
  const vertical = runsVertically(marker);
  const [left, top, width, height] = marker.plot?.[2] > 0 ? marker.plot : [0, 0, marker.image_width_px, marker.image_height_px];
  const [start, end] = (vertical ? [left, left + width] : [top, top + height]).map((px) => px * scale);
  const at = (px) => (px + 0.5) * scale;
  const line = (px, from, to) => {
    context.beginPath();
    if (vertical) {
      context.moveTo(from, px);
      context.lineTo(to, px);
    } else {
      context.moveTo(px, from);
      context.lineTo(px, to);
    }
    context.stroke();
  };
  context.lineCap = "round";
  const edge = Math.min(26, (end - start) / 6);
  for (const limit of [focus.near, focus.far]) {
    if (limit === null) continue;
    for (const [stroke, thick] of [
      [colours.ink, 4.5],
      [colours.focus, 2],
    ]) {
      context.strokeStyle = stroke;
      context.lineWidth = thick;
      line(at(limit), start + 3, start + edge);
      line(at(limit), end - edge, end - 3);
    }
  }
  if (focus.near !== null && focus.far !== null) {
    context.strokeStyle = colours.focus;
    context.lineWidth = 2;
    for (const side of [start + 3, end - 3]) {
      context.beginPath();
      if (vertical) {
        context.moveTo(side, at(focus.near));
        context.lineTo(side, at(focus.far));
      } else {
        context.moveTo(at(focus.near), side);
        context.lineTo(at(focus.far), side);
      }
      context.stroke();
    }
  }
  const place = at(focus.px);
  if (focus.off === 0) {
    for (const [stroke, thick] of [
      [colours.ink, 5],
      [colours.focus, 2.5],
    ]) {
      context.strokeStyle = stroke;
      context.lineWidth = thick;
      line(place, start + 1.5, end - 1.5);
    }
  }
  drawPlate(
    context,
    focus,
    { vertical, place, start, end, nearerIsMore: marker.axis_px[0] > marker.axis_px[marker.axis_px.length - 1] },
    colours,
  );
}

/** The value on a plate of the focus' colour; an arrow beside it when the focus stands off the axis. */
function drawPlate(context, focus, { vertical, place, start, end, nearerIsMore }, colours) {
  const towardMore = focus.off !== 0 && focus.off < 0 === nearerIsMore;
  const arrow = focus.off === 0 ? "" : vertical ? (towardMore ? " ↓" : " ↑") : towardMore ? " →" : " ←";
  const text = focus.text + arrow;
  context.font = "600 14px ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace";
  const wide = context.measureText(text).width + 14;
  const high = 22;
  const limit = vertical ? context.canvas.clientHeight : context.canvas.clientWidth;
  const half = (vertical ? high : wide) / 2;
  const centre = Math.min(Math.max(place, half + 1), limit - half - 1);
  const x = vertical ? Math.max(start, end - wide - 10) : centre - wide / 2;
  const y = vertical ? centre - high / 2 : start + 8;
  context.fillStyle = colours.ink;
  context.beginPath();
  context.roundRect(x - 1.5, y - 1.5, wide + 3, high + 3, 5);
  context.fill();
  context.fillStyle = colours.focus;
  context.beginPath();
  context.roundRect(x, y, wide, high, 4);
  context.fill();
  context.fillStyle = colours.ink;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(text, x + wide / 2, y + high / 2 + 1);
}
