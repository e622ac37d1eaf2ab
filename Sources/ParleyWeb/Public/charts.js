import { h } from "./dom.js";

const namespace = "http://www.w3.org/2000/svg";
const HEIGHT = 176;
const MARGIN = { top: 10, right: 2, bottom: 22 };
/** How wide a character of the axis is, about. */
const CHARACTER = 6.4;
/** How many kinds of filling there are: who has more series than this puts the last ones together. */
export const FILLS = 5;

function v(tag, attributes = {}, ...children) {
  const element = document.createElementNS(namespace, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * The fillings of all charts: each differs from the others by its pattern, too. It must stand in the page, once, where
 * it is not `display: none`.
 */
export function chartFillings() {
  const pattern = (index, ...marks) => v(
    "pattern",
    { id: `fill-${index}`, width: 6, height: 6, patternUnits: "userSpaceOnUse" },
    v("rect", { class: `fill-ground-${index}`, width: 6, height: 6 }),
    ...marks,
  );
  const line = (index, d) => v("path", { class: `fill-mark-${index}`, d });
  return v(
    "svg",
    { class: "chart-fillings", width: 0, height: 0, "aria-hidden": "true" },
    v(
      "defs",
      {},
      pattern(0),
      pattern(1, line(1, "M-1 5L5 -1M1 7L7 1")),
      pattern(2, v("circle", { class: "fill-dot-2", cx: 3, cy: 3, r: 1.4 })),
      pattern(3, line(3, "M0 3H6")),
      pattern(4, line(4, "M-1 1L5 7M1 -1L7 5M-1 5L5 -1M1 7L7 1")),
      pattern(5, line(5, "M3 0V6")),
    ),
  );
}

/** What of a legend or a reading stands for a series: the same filling, or the same line. */
function swatch({ fill, line }) {
  const mark = line === undefined
    ? v("rect", { width: 12, height: 12, rx: 3, fill: `url(#fill-${fill})` })
    : v("path", { class: `line line-${line}`, d: "M0 6H14" });
  return v("svg", { class: "swatch", width: 14, height: 12, viewBox: "0 0 14 12", "aria-hidden": "true" }, mark);
}

/**
 * Numbers by day as a drawing, with a legend, and a slider over it that tells each day's numbers: to the mouse, the
 * finger, the keyboard and screen readers alike.
 *
 * - `label` names the drawing, `summary` says in a sentence what it shows.
 * - `points` are the days' names, short for the axis and long for the reading: `{ short, long }`.
 * - `series` is `{ name, values, fill }` for bars that stand on each other, `{ name, values, line }` for lines; a value
 *   that is null isn't there.
 * - `format` writes a value, `axis` a value on the axis.
 *
 * It draws itself again when its width changes, until `signal` is aborted.
 */
export function chart({ label, summary, points, series, format, axis = format, sliderLabel, none, signal }) {
  const drawing = h("div", { class: "plot-drawing", role: "img", "aria-label": `${label}. ${summary}` });
  const reading = h("div", { class: "reading", "aria-hidden": "true", hidden: true });
  const slider = h("input", {
    class: "plot-slider", type: "range", min: 0, max: points.length - 1, value: points.length - 1, step: 1,
    "aria-label": `${label}: ${sliderLabel}`,
  });
  const plot = h("div", { class: "plot", dir: "ltr" }, drawing, slider, reading);
  let width = 0;
  let cursor = null;
  /** Where the mouse or finger is; the slider's own idea of it is off by half of its knob. */
  let pointer = null;

  function textOf(index) {
    return series.map(({ name, values }) => `${name} ${values[index] === null ? none : format(values[index])}`).join(", ");
  }

  function draw() {
    if (!width) return;
    const scale = scaleOf(series, points.length, width, axis);
    const marks = series.some(({ line }) => line !== undefined) ? lines(series, scale) : bars(series, scale);
    cursor = v("rect", { class: "cursor", y: MARGIN.top, height: scale.bottom - MARGIN.top, width: 0 });
    drawing.replaceChildren(v(
      "svg",
      { class: "chart-svg", width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, "aria-hidden": "true" },
      ...grid(scale, axis), cursor, ...marks, ...dates(points, scale),
    ));
  }

  function point(index, shows) {
    slider.value = index;
    slider.setAttribute("aria-valuetext", `${points[index].long}: ${textOf(index)}`);
    reading.hidden = !shows;
    if (!shows || !width) return cursor?.setAttribute("width", 0);
    const scale = scaleOf(series, points.length, width, axis);
    const x = scale.x(index);
    cursor.setAttribute("x", x);
    cursor.setAttribute("width", scale.band);
    const rows = series.map((one) => h(
      "p",
      {},
      swatch(one), h("span", { class: "reading-name" }, one.name),
      h("b", {}, one.values[index] === null ? none : format(one.values[index])),
    ));
    reading.replaceChildren(h("p", { class: "reading-day" }, points[index].long), ...rows);
    const middle = x + scale.band / 2;
    const isRight = middle > width / 2;
    reading.style.left = isRight ? "auto" : `${middle + 10}px`;
    reading.style.right = isRight ? `${width - middle + 10}px` : "auto";
  }

  const indexAt = (clientX) => {
    const { left, band } = scaleOf(series, points.length, Math.max(width, 100), axis);
    const x = clientX - plot.getBoundingClientRect().left - left;
    return Math.min(points.length - 1, Math.max(0, Math.floor(x / band)));
  };
  const follow = ({ clientX }) => {
    pointer = clientX;
    point(indexAt(clientX), true);
  };
  slider.addEventListener("pointerdown", follow);
  slider.addEventListener("pointermove", follow);
  slider.addEventListener("pointerleave", () => {
    pointer = null;
    point(Number(slider.value), slider.matches(":focus-visible"));
  });
  slider.addEventListener("keydown", () => (pointer = null));
  slider.addEventListener("input", () => point(pointer === null ? Number(slider.value) : indexAt(pointer), true));
  slider.addEventListener("focus", () => point(Number(slider.value), slider.matches(":focus-visible")));
  slider.addEventListener("blur", () => point(Number(slider.value), false));

  const observer = new ResizeObserver(([{ contentRect }]) => {
    const next = Math.floor(contentRect.width);
    if (next === width) return;
    width = next;
    draw();
    point(Number(slider.value), false);
  });
  observer.observe(plot);
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
  point(points.length - 1, false);
  const legend = h("ul", { class: "legend" }, ...series.map((one) => h("li", {}, swatch(one), one.name)));
  return h("div", { class: "chart" }, legend, plot);
}

/** A small line without words, for beside a number; nothing where there is nothing but zeros. Values that are null leave a gap. `top` is what the full height means. */
export function sparkline(values, { top } = {}) {
  if (!values.some(Boolean)) return h("span");
  const [width, height] = [120, 32];
  const max = top ?? Math.max(...values.filter((value) => value !== null), 0);
  const x = (index) => (values.length < 2 ? width : (index / (values.length - 1)) * width);
  const y = (value) => height - 2 - (max > 0 ? value / max : 0) * (height - 4);
  const runs = runsOf(values);
  const area = (run) => `M${x(run[0])} ${height}` + run.map((i) => `L${x(i)} ${y(values[i])}`).join("") + `L${x(run.at(-1))} ${height}Z`;
  return v(
    "svg",
    { class: "sparkline", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    ...runs.map((run) => v("path", { class: "area", d: area(run) })),
    ...runs.map((run) => v("path", { class: "line line-0", d: path(run, x, (index) => y(values[index])) })),
  );
}

/** How high a bar is against the longest, as a drawing beside its number. */
export function meter(share) {
  return v(
    "svg",
    { class: "meter", viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" },
    v("rect", { class: "meter-ground", width: 100, height: 6 }),
    v("rect", { class: "meter-mark", width: Math.max(1, Math.min(100, share * 100)), height: 6 }),
  );
}

// Scales

function scaleOf(series, count, width, axis) {
  const isStacked = series.every(({ line }) => line === undefined);
  const heights = Array.from({ length: count }, (_, index) => {
    const values = series.map(({ values }) => values[index] ?? 0);
    return isStacked ? values.reduce((sum, value) => sum + value, 0) : Math.max(...values);
  });
  const ticks = ticksTo(Math.max(...heights, 0));
  const top = ticks.at(-1);
  const bottom = HEIGHT - MARGIN.bottom;
  const left = Math.ceil(Math.max(...ticks.map((tick) => axis(tick).length)) * CHARACTER) + 12;
  const band = (width - left - MARGIN.right) / count;
  return {
    width, count, ticks, bottom, band, left,
    x: (index) => left + index * band,
    y: (value) => bottom - (value / top) * (bottom - MARGIN.top),
  };
}

/** Round numbers from zero to one that is not under `max`, three to five of them; whole ones where `max` is small. */
function ticksTo(max) {
  if (max <= 1) return [0, 1];
  const rough = max / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((each) => each >= rough));
  const whole = step < 10 ? Math.ceil(step) : step;
  return Array.from({ length: Math.ceil(max / whole) + 1 }, (_, index) => index * whole);
}

/** Runs of places next to each other that have a value. */
function runsOf(values) {
  const runs = [];
  values.forEach((value, index) => {
    if (value === null) return;
    if (index === 0 || values[index - 1] === null) runs.push([]);
    runs.at(-1).push(index);
  });
  return runs;
}

const path = (run, x, y) => run.map((index, place) => `${place ? "L" : "M"}${x(index)} ${y(index)}`).join("");

// Parts of a drawing

function grid({ ticks, y, width, left }, axis) {
  return ticks.flatMap((tick) => [
    v("path", { class: tick ? "grid" : "grid grid-zero", d: `M${left} ${y(tick)}H${width - MARGIN.right}` }),
    v("text", { class: "tick", x: left - 8, y: y(tick) + 4, "text-anchor": "end" }, axis(tick)),
  ]);
}

/** As many days' names as there is room for. */
function dates(points, { x, band, count, width, left }) {
  const room = Math.max(1, Math.floor((width - left) / 76));
  const every = Math.ceil(count / room);
  return points.flatMap(({ short }, index) => {
    if ((count - 1 - index) % every) return [];
    const middle = x(index) + band / 2;
    // A name must not stick out over either end.
    const anchor = middle < left + 20 ? "start" : middle > width - 24 ? "end" : "middle";
    const place = { start: x(index), middle, end: width - MARGIN.right }[anchor];
    return [v("text", { class: "tick", x: place, y: HEIGHT - 5, "text-anchor": anchor }, short)];
  });
}

function bars(series, { x, y, band, count }) {
  const gap = band > 8 ? Math.min(6, band * 0.24) : band > 3 ? 1 : 0;
  const size = Math.max(1, Math.min(40, band - gap));
  const shapes = [];
  for (let index = 0; index < count; index += 1) {
    let sum = 0;
    for (const { values, fill } of series) {
      const value = values[index] ?? 0;
      if (!value) continue;
      const [low, high] = [y(sum), y(sum + value)];
      sum += value;
      shapes.push(v("rect", {
        class: "bar-mark", x: x(index) + (band - size) / 2, width: size, y: high,
        // However little it is, it is to be seen; between two that stand on each other a line of the ground shows.
        height: Math.max(1, low - high - (sum > value ? 1 : 0)), rx: Math.min(2, size / 4), fill: `url(#fill-${fill})`,
      }));
    }
  }
  return shapes;
}

function lines(series, { x, y, band, count }) {
  const middle = (index) => x(index) + band / 2;
  return series.flatMap(({ values, line }) => {
    const at = (index) => y(values[index]);
    const dots = count <= 31 ? values.flatMap((value, index) => (value === null ? [] : [dot(line, middle(index), y(value))])) : [];
    const runs = runsOf(values);
    const alone = count > 31 ? runs.filter((run) => run.length === 1).map(([i]) => dot(line, middle(i), at(i))) : [];
    return [...runs.map((run) => v("path", { class: `line line-${line}`, d: path(run, middle, at) })), ...dots, ...alone];
  });
}

function dot(line, x, y) {
  return line
    ? v("rect", { class: `dot dot-${line}`, x: x - 3, y: y - 3, width: 6, height: 6 })
    : v("circle", { class: `dot dot-${line}`, cx: x, cy: y, r: 3 });
}
