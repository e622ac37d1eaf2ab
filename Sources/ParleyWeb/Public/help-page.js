import { h, loadStyle } from "./dom.js";
import { s as t } from "./help-strings.js";
import { shortcutList } from "./shortcut-list.js";
import { s } from "./later-strings.js";

/** The page `/help`. */
export async function open({ menuButton }) {
  await loadStyle("help.css");
  const parts = t.sections.map(([title, paragraphs]) => section(title, ...paragraphs.map((text) => h("p", {}, text))));
  const element = h(
    "section",
    { class: "page", "aria-labelledby": "help-title" },
    h("header", { class: "bar" }, menuButton, h("h1", { class: "bar-title", id: "help-title" }, t.title)),
    h(
      "div",
      { class: "page-scroll", tabindex: 0, role: "group", "aria-labelledby": "help-title" },
      h("div", { class: "help" }, ...parts, section(s.preferences.shortcuts, shortcutList())),
    ),
  );
  return { element };
}

function section(title, ...content) {
  return h("section", { class: "help-part" }, h("h2", {}, title), ...content);
}
