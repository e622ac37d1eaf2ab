import { meter, sparkline } from "./charts.js";
import { h } from "./dom.js";
import { age, duration, fraction, number, percent, t as all, time } from "./operator-formats.js";
import { table } from "./operator-table.js";

const t = all.now;
/** Ten minutes of samples are the least that a line is drawn for. */
const LEAST_SAMPLES = 60;

/** How the instance that answers is doing: `show` takes what it says, `fail` says that it said nothing this time. */
export function nowSection() {
  const about = h("p", { class: "now-about" });
  const state = h("p", { class: "now-state", role: "status" });
  const strip = h("dl", { class: "tiles now-strip" });
  const early = h("p", { class: "card-note now-early" }, t.early);
  const details = h("div", { class: "now-details" });
  const element = h(
    "section",
    { "aria-labelledby": "operator-now" },
    h("div", { class: "now-head" }, h("h2", { class: "operator-heading", id: "operator-now" }, t.title), about),
    state,
    strip,
    early,
    details,
    h("p", { class: "card-note" }, t.others),
  );
  return {
    element,
    show(report) {
      state.textContent = "";
      about.replaceChildren(
        h("span", { class: "now-dot", "aria-hidden": "true" }),
        `${t.about(report.instance, report.version)} · ${t.running(age(report.uptime_seconds))} · ${t.updated(time(new Date()))}`,
      );
      strip.replaceChildren(...tiles(report));
      early.hidden = report.series.samples.length > 1;
      keepingPlace(details, () => details.replaceChildren(...cards(report)));
    },
    fail() {
      state.textContent = all.stale;
    },
  };
}

/** What is drawn anew every ten seconds must not take the keyboard's place, or a table's, from whoever reads it. */
function keepingPlace(element, work) {
  const scrollers = () => [...element.querySelectorAll(".table-scroll")];
  const places = scrollers().map(({ scrollLeft, scrollTop }) => ({ scrollLeft, scrollTop }));
  const focused = scrollers().indexOf(document.activeElement);
  work();
  scrollers().forEach((each, index) => Object.assign(each, places[index] ?? {}));
  if (focused >= 0) scrollers()[focused]?.focus({ preventScroll: true });
}

function tiles({ live, requests, cache, replies, slow_statements: slow, series: { samples } }) {
  const last = samples.at(-1);
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const [failures, slowOnes] = ["failed_replies", "slow_statements"].map((key) => samples.map((each) => each[key]));
  const tile = (name, label, value, note, values, options) => h(
    "div",
    { class: "tile", "data-figure": name },
    h("dt", {}, label),
    h("dd", { class: "tile-value" }, h("bdi", {}, value)),
    h("dd", { class: "tile-change" }, note),
    h("dd", { class: "tile-drawing" }, values?.length > 1 && sparkline(padded(values), options)),
  );
  const connections = live.sockets + live.streams;
  const asked = cache && cache.hits + cache.misses > 0;
  return [
    tile("connections", t.connections, number(connections),
      t.connectionsOf(number(live.sockets), number(live.streams), number(live.people)), samples.map((each) => each.connections)),
    tile("requests", t.requests, last ? fraction(last.requests_per_second) : "–", t.requestsOf(number(requests.total)),
      samples.map((each) => each.requests_per_second)),
    tile("running", t.replies, number(replies.running), t.repliesOf(number(replies.delivered)),
      samples.map((each) => each.running_replies)),
    tile("failures", t.failures, number(sum(failures)), t.failuresOf(number(replies.failed), number(replies.interrupted)), failures),
    tile("cache", t.cache, asked ? percent(cache.rate) : "–",
      !cache ? t.noCache : asked ? t.cacheOf(number(cache.hits), number(cache.misses)) : t.idleCache,
      cache ? samples.map((each) => each.cache_rate ?? null) : null, { top: 1 }),
    tile("slowStatements", t.slowHour, number(sum(slowOnes)),
      t.slowOf(number(sum(slow.statements.map(({ count }) => count)))), slowOnes),
  ];
}

/** Soon after the start a line is not to look as if it were an hour's: what was before it is left empty. */
function padded(values) {
  return [...Array(Math.max(0, LEAST_SAMPLES - values.length)).fill(null), ...values];
}

function cards({ requests, store, slow_statements: slow }) {
  return [
    card("statuses", t.statuses, null, statuses(requests)),
    card("slow", t.slow, slow.threshold_ms ? t.slowNote(duration(slow.threshold_ms)) : t.slowOff, slowStatements(slow)),
    card("store", t.store, t.storeNote, operations(store)),
  ];
}

function card(name, title, note, content) {
  const head = h("header", { class: "card-head" }, h("h3", {}, title), note && h("p", { class: "card-note" }, note));
  return h("article", { class: "card", "data-chart": name }, head, content);
}

function statuses({ total, by_status: counts }) {
  const rows = Object.entries(counts).filter(([, count]) => count > 0).map(([name, count]) => [
    `${name} ${t.status[name]}`, h("span", { class: "with-meter" }, meter(total ? count / total : 0), value(number(count))),
  ]);
  return rows.length ? table(t.statuses, [t.statusName, t.count], rows) : h("p", { class: "card-empty" }, t.noStore);
}

const value = (text) => h("span", { class: "meter-value" }, text);

function operations(store) {
  if (!store.length) return h("p", { class: "card-empty" }, t.noStore);
  const longest = Math.max(...store.map(({ p95_ms: each }) => each), 0.001);
  const rows = store.map((each) => [
    each.operation, number(each.count), number(each.failed), duration(each.p50_ms),
    h("span", { class: "with-meter" }, meter(each.p95_ms / longest), value(duration(each.p95_ms))),
  ]);
  return table(t.store, [t.operation, t.count, t.failed, t.median, t.p95], rows);
}

function slowStatements({ statements }) {
  if (!statements.length) return h("p", { class: "card-empty" }, t.noSlow);
  const rows = statements.map((each) => [
    each.name, number(each.count), duration(each.slowest_ms), time(new Date(each.last_at)),
  ]);
  return table(t.slow, [t.operation, t.count, t.slowest, t.last], rows);
}
