import { chartFillings } from "./charts.js";
import { h, loadStyle } from "./dom.js";
import { t } from "./operator-formats.js";
import { nowSection } from "./operator-now.js";
import { usageSections } from "./operator-usage.js";
import { problemView } from "./problem-view.js";
import { s } from "./later-strings.js";

const PERIODS = [7, 30, 90];
/** As often as the server takes a sample of itself. */
const REFRESH_MILLISECONDS = 10_000;

/**
 * The page `/operator`: what was done, day by day, and how the instance that answers is doing, which is asked again every
 * ten seconds while somebody can see it. For whoever is no operator there is nothing, as at the server.
 */
export async function open({ user, api, signal, go, menuButton }) {
  await loadStyle("operator.css");
  if (!user.operator) return { element: missing(go, menuButton) };
  const usage = h("div", { class: "operator-usage" });
  const now = h("div", { class: "operator-now" });
  const element = h(
    "section",
    { class: "operator", "aria-labelledby": "operator-title" },
    h(
      "header",
      { class: "bar" },
      menuButton,
      h("h1", { class: "bar-title", id: "operator-title" }, t.title),
      periods((days) => showUsage(days)),
    ),
    h(
      "div",
      { class: "operator-scroll", tabindex: 0, role: "group", "aria-labelledby": "operator-title" },
      chartFillings(),
      h("div", { class: "operator-page" }, usage, now, h("p", { class: "operator-foot" }, `${t.utc} ${t.privacy}`)),
    ),
  );

  let asked = 0;
  let drawn = new AbortController();

  /** The figures of so many days, unless others have been asked for meanwhile. */
  async function showUsage(days) {
    const number = (asked += 1);
    usage.setAttribute("aria-busy", "true");
    try {
      const figures = await api.get(`/operator/usage?days=${days}`);
      if (number !== asked || signal.aborted) return;
      drawn.abort();
      drawn = new AbortController();
      usage.replaceChildren(...usageSections(figures, AbortSignal.any([drawn.signal, signal])));
    } catch (error) {
      if (number !== asked || signal.aborted) return;
      drawn.abort();
      usage.replaceChildren(problemView({
        title: t.problem, text: error.message, action: s.common.tryAgain, onaction: () => showUsage(days),
      }));
    } finally {
      if (number === asked) usage.removeAttribute("aria-busy");
    }
  }

  const view = nowSection();
  now.append(view.element);
  let timer = null;

  async function showNow() {
    clearTimeout(timer);
    try {
      view.show(await api.get("/operator/now"));
    } catch {
      if (!signal.aborted) view.fail();
    }
    if (!signal.aborted && !document.hidden) timer = setTimeout(showNow, REFRESH_MILLISECONDS);
  }

  document.addEventListener("visibilitychange", () => !document.hidden && showNow(), { signal });
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  await Promise.all([showUsage(30), showNow()]);
  return { element };
}

/** As for any address that leads nowhere. */
function missing(go, menuButton) {
  const { title, text, action } = t.missing;
  return h(
    "section",
    { class: "operator" },
    h("header", { class: "bar" }, menuButton),
    problemView({ title, text, action, onaction: () => go({}) }),
  );
}

function periods(onchoose) {
  return h(
    "fieldset",
    { class: "periods" },
    h("legend", { class: "visually-hidden" }, t.period),
    ...PERIODS.map((days) => h(
      "label",
      { class: "period" },
      h("input", { type: "radio", name: "period", value: days, checked: days === 30, onchange: () => onchoose(days) }),
      h("span", {}, t.days(days)),
    )),
  );
}
