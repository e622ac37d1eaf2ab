import { FILLS, chart, sparkline } from "./charts.js";
import { h } from "./dom.js";
import { brief, dayNames, duration, number, percent, t } from "./operator-formats.js";
import { table } from "./operator-table.js";

/** From how much more on bad news is marked as such. */
const NOTABLE = 0.1;

const sum = (values) => values.reduce((total, value) => total + value, 0);
const messagesOf = ({ messages }) => sum(Object.values(messages));
const tokensOf = (figures) => figures.prompt_tokens + figures.completion_tokens;
const latencyOf = (key) => ({ latency_ms: latency }) => latency?.[key] ?? null;
const nameOf = ({ model }) => model ?? t.unknown;

/** What was done in some days: the totals, the drawings, and the models. They draw until `signal` is aborted. */
export function usageSections(usage, signal) {
  return [
    h("section", { "aria-labelledby": "operator-overview" }, heading("operator-overview", t.overview), tiles(usage)),
    h("section", { "aria-labelledby": "operator-days" }, heading("operator-days", t.byDay), charts(usage, signal)),
    models(usage),
  ];
}

const heading = (id, text) => h("h2", { class: "operator-heading", id }, text);

// Totals

function tiles({ days, total, before }) {
  const count = days.length;
  const tile = (name, valueOf, { format = brief, isBad = false, isTime = false } = {}) => {
    const [value, old] = [valueOf(total), valueOf(before)];
    const values = days.map(valueOf).map((each) => (isTime ? each : each ?? 0));
    return h(
      "div",
      { class: "tile", "data-figure": name },
      h("dt", {}, t.tiles[name]),
      h("dd", { class: "tile-value" }, h("bdi", {}, value === null ? "–" : format(value))),
      h("dd", { class: "tile-change" }, value === null ? t.nothing(count) : change(value, old, count, isBad)),
      h("dd", { class: "tile-drawing" }, sparkline(values)),
    );
  };
  return h(
    "dl",
    { class: "tiles" },
    tile("messages", messagesOf),
    tile("people", ({ people }) => people),
    tile("conversations", ({ conversations }) => conversations),
    tile("replies", ({ replies }) => replies),
    tile("tokens", tokensOf),
    tile("failed", ({ failed }) => failed, { isBad: true }),
    tile("latency", latencyOf("p50"), { format: duration, isBad: true, isTime: true }),
    tile("slow", latencyOf("p95"), { format: duration, isBad: true, isTime: true }),
  );
}

/** How much more or less than before, with an arrow and in words; what is no good news looks so. */
function change(value, old, days, isBad) {
  if (!old) return value ? t.change.first(days) : t.change.same(days);
  const share = (value - old) / old;
  if (Math.abs(share) < 0.005) return t.change.same(days);
  const direction = share > 0 ? "up" : "down";
  return h(
    "span",
    { class: isBad && share >= NOTABLE ? "change is-bad" : "change" },
    h("span", { class: "change-arrow", "aria-hidden": "true" }, share > 0 ? "▲" : "▼"),
    t.change[direction](percent(Math.abs(share)), days),
  );
}

// Drawings

function charts({ days, total }, signal) {
  const points = days.map(({ date }) => dayNames(date));
  const groups = modelGroups(total.models);
  const byModel = (valueOf) => groups.map(({ name, holds }, fill) => ({
    name, fill, values: days.map(({ models }) => sum(models.filter(holds).map(valueOf))),
  }));
  const roles = [["user", ["user"]], ["assistant", ["assistant"]], ["other", ["system", "tool"]]]
    .map(([role, keys], fill) => ({
      name: t.roles[role], fill, values: days.map(({ messages }) => sum(keys.map((key) => messages[key]))),
    }))
    .filter(({ values }, index) => index < 2 || values.some(Boolean));
  const one = (name, valueOf) => [{ name, fill: 0, values: days.map(valueOf) }];
  const line = (name, key, kind) => ({ name, line: kind, values: days.map(({ latency_ms: each }) => each?.[key] ?? null) });
  const card = (name, note, series, options) => chartCard(name, note, series, { points, signal, ...options });
  return h(
    "div",
    { class: "chart-cards" },
    card("messages", t.charts.messages.note(number(messagesOf(total))), roles, { hasTotal: true }),
    card("people", t.charts.people.note(number(total.people)), one(t.charts.people.title, ({ people }) => people)),
    card("replies", t.charts.replies.note(number(total.replies)), byModel(({ replies }) => replies), { hasTotal: true }),
    card("tokens", t.charts.tokens.note(number(tokensOf(total))), byModel(tokensOf), { hasTotal: true }),
    card("latency", t.charts.latency.note(), [line(t.median, "p50", 0), line(t.p95, "p95", 1)], {
      format: duration, peakOf: t.slowest,
    }),
    card("failed", t.charts.failed.note(number(total.failed), number(total.interrupted)), [
      { name: t.failed, fill: 5, values: days.map(({ failed }) => failed) },
      { name: t.interrupted, fill: 3, values: days.map(({ interrupted }) => interrupted) },
    ]),
    card("conversations", t.charts.conversations.note(number(total.conversations)),
      one(t.charts.conversations.title, ({ conversations }) => conversations)),
  );
}

/** The models that answered most by themselves, in one order in all drawings, and the others together. */
function modelGroups(models) {
  const names = models.map(nameOf);
  if (names.length <= FILLS) return names.map((name) => ({ name, holds: (each) => nameOf(each) === name }));
  const shown = names.slice(0, FILLS - 1);
  return [
    ...shown.map((name) => ({ name, holds: (each) => nameOf(each) === name })),
    { name: t.others, holds: (each) => !shown.includes(nameOf(each)) },
  ];
}

function chartCard(name, note, series, { points, signal, format = number, hasTotal = false, peakOf = t.peak }) {
  const { title } = t.charts[name];
  const totals = points.map((_, index) => {
    const values = series.map(({ values }) => values[index] ?? 0);
    return series.some(({ line }) => line !== undefined) ? Math.max(...values) : sum(values);
  });
  const most = Math.max(...totals, 0);
  const head = h("header", { class: "card-head" }, h("h3", {}, title), h("p", { class: "card-note" }, note));
  if (!most) return h("article", { class: "card", "data-chart": name }, head, h("p", { class: "card-empty" }, t.nothing(points.length)));
  const axis = format === duration ? duration : brief;
  const columns = [...series.map(({ name }) => name), ...(hasTotal && series.length > 1 ? [t.total] : [])];
  const rows = points.map(({ long }, index) => [
    long,
    ...series.map(({ values }) => (values[index] === null ? "–" : format(values[index]))),
    ...(columns.length > series.length ? [format(totals[index])] : []),
  ]);
  return h(
    "article",
    { class: "card", "data-chart": name },
    head,
    chart({
      label: title, summary: `${note}. ${peakOf(format(most), points[totals.indexOf(most)].long)}`,
      points, series, format, axis, sliderLabel: t.daySlider, none: t.none, signal,
    }),
    h(
      "details",
      { class: "card-table" },
      h("summary", {}, t.table, h("span", { class: "visually-hidden" }, `: ${title}`)),
      // The newest first: that is what one looks for.
      table(title, [t.day, ...columns], rows.toReversed()),
    ),
  );
}

// Models

function models({ total, days }) {
  const title = heading("operator-models", t.models.title);
  const rows = total.models.map((each) => [
    nameOf(each), number(each.replies), `${number(each.failed)} (${percent(each.replies ? each.failed / each.replies : 0)})`,
    number(each.prompt_tokens), number(each.completion_tokens),
    ...["p50", "p95", "mean"].map((key) => (each.latency_ms ? duration(each.latency_ms[key]) : "–")),
  ]);
  const names = t.models;
  const columns = [names.model, names.replies, names.failed, names.prompt, names.completion, t.median, t.p95, t.mean];
  return h(
    "section",
    { "aria-labelledby": "operator-models" },
    title,
    h(
      "div",
      { class: "card card-models" },
      h("p", { class: "card-note" }, names.note(days.length)),
      rows.length ? table(names.title, columns, rows) : h("p", { class: "card-empty" }, t.nothing(days.length)),
    ),
  );
}
