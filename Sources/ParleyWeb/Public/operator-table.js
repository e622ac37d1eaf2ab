import { h } from "./dom.js";

/** A table that scrolls by itself where it is wide: a name in the first column, numbers in the others. */
export function table(caption, columns, rows) {
  return h(
    "div",
    { class: "table-scroll", tabindex: 0, role: "group", "aria-label": caption },
    h(
      "table",
      { class: "figures" },
      h("caption", { class: "visually-hidden" }, caption),
      h("thead", {}, h("tr", {}, ...columns.map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, ...rows.map(([name, ...cells]) => h(
        "tr",
        {},
        h("th", { scope: "row" }, h("bdi", {}, name)),
        ...cells.map((cell) => h("td", {}, h("bdi", {}, cell))),
      ))),
    ),
  );
}
