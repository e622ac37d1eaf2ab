import { stateOf } from "./connection-line.js";
import { h } from "./dom.js";
import "./later-icons.js";
import { openMenu } from "./menu.js";
import { notify } from "./notices.js";
import { applyTheme, languages, preference, setPreference, themes } from "./preferences.js";
import { s } from "./later-strings.js";
import { tongue } from "./strings.js";

const t = s.preferences;

/** The menu of the account row: what one likes, the pages, and the way out. */
export function openAccountMenu(button, { user, live, unsent, go, onsignout, onerase, onshortcuts }) {
  const state = stateOf(live);
  const head = h(
    "p",
    { class: "menu-head" },
    h("span", { class: "menu-who", dir: "auto" }, user.name || user.email),
    h("span", { class: "menu-state" }, h("span", { class: "account-dot", "data-state": state }), s.connection.state[state]),
  );
  const page = (icon, text, name) => ({ icon, text, run: () => go({ page: name }) });
  return openMenu(button, t.account, [
    head,
    "-",
    { heading: t.theme, choices: themes.map(themeItem) },
    { heading: t.language, choices: Object.entries(languages).map((each) => languageItem(each, unsent)) },
    "-",
    page("help", t.help, "help"),
    { icon: "keyboard", text: t.shortcuts, run: onshortcuts },
    user.operator && page("chart", t.operator, "operator"),
    { icon: "archive", text: t.exportAll, run: download },
    "-",
    { icon: "leave", text: t.signOut, run: onsignout },
    { icon: "trash", text: s.erase.menu, run: onerase },
  ]);
}

/** The browser saves it while the server writes it. */
function download() {
  h("a", { href: "/api/export?format=jsonl", download: "" }).click();
}

function themeItem(name) {
  return {
    text: t.themes[name],
    isChecked: (preference("theme") ?? "system") === name,
    run: () => {
      setPreference("theme", name === "system" ? null : name);
      applyTheme();
    },
  };
}

/** The words are read once, when the page is loaded. Nobody's unsent words are given up for that. */
function languageItem([tag, text], unsent) {
  return {
    text,
    isChecked: tongue === tag,
    run: () => {
      setPreference("language", tag);
      if (tag === tongue) return;
      if (unsent.holdsAny) notify(t.languageLater);
      else location.reload();
    },
  };
}
