import { h } from "./dom.js";
import { s as t } from "./help-strings.js";
import { preference, setPreference } from "./preferences.js";
import { isMac, shortcuts } from "./shortcuts.js";

/** All shortcuts with their keys, and the choice whether single keys are some. */
export function shortcutList() {
  const rows = shortcuts.map(({ name, keys }) => {
    const shown = keys.flatMap((key, index) => (index ? [` ${t.or} `, combination(key)] : [combination(key)]));
    return h("div", { class: "shortcut" }, h("dt", {}, t.shortcuts[name]), h("dd", {}, ...shown));
  });
  return h("div", { class: "shortcuts" }, h("dl", {}, ...rows), singleKeys());
}

function combination(text) {
  const keys = text.split("+").map((key) => h("kbd", {}, key === "Mod" && isMac ? "⌘" : t.keys[key] ?? key));
  return h("span", { class: "combination" }, ...keys);
}

function singleKeys() {
  const box = h("input", {
    type: "checkbox",
    checked: preference("keys") !== "off",
    "aria-describedby": "single-keys-hint",
    onchange: () => setPreference("keys", box.checked ? null : "off"),
  });
  return h(
    "div",
    { class: "single-keys" },
    h("label", {}, box, t.singleKeys),
    h("p", { id: "single-keys-hint" }, t.singleKeysHint),
  );
}
