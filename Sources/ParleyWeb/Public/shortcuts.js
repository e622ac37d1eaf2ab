import { preference } from "./preferences.js";

/**
 * What is done by which keys, in the order of the list that `?` shows; `s.help.shortcuts` has their names. `Mod` is Ctrl,
 * on a Mac ⌘. Those without `does` are what a field or a dialog does by itself.
 */
export const shortcuts = [
  { name: "list", keys: ["?"], does: "list" },
  { name: "search", keys: ["/", "Mod+K"], does: "search" },
  { name: "create", keys: ["Mod+Shift+O"], does: "create" },
  { name: "previous", keys: ["Alt+ArrowUp"], does: "previous" },
  { name: "next", keys: ["Alt+ArrowDown"], does: "next" },
  { name: "compose", keys: ["C", "Shift+Escape"], does: "compose" },
  { name: "copy", keys: ["Mod+Shift+C"], does: "copy" },
  { name: "sidebar", keys: ["Mod+Shift+S"], does: "sidebar" },
  { name: "send", keys: ["Enter"] },
  { name: "line", keys: ["Shift+Enter"] },
  { name: "escape", keys: ["Escape"] },
];

export const isMac = /Mac|iP(hone|ad|od)/.test(navigator.platform);

/** Does what shortcuts ask for: `actions` holds a function for each. Not while a dialog or a veil is above the page. */
export function bindShortcuts(actions, signal) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const found = shortcuts.find(({ does, keys }) => does && keys.some((key) => isPressed(key, event)));
    if (!found || document.querySelector("dialog:modal")) return;
    event.preventDefault();
    actions[found.does]();
  }, { signal });
}

function isPressed(combination, event) {
  const key = combination.split("+").at(-1);
  const needs = (name) => combination.includes(`${name}+`);
  if (key.length === 1 && key === combination) return isSingle(key, event);
  const mod = isMac ? event.metaKey : event.ctrlKey;
  const other = isMac ? event.ctrlKey : event.metaKey;
  if (mod !== needs("Mod") || other || event.altKey !== needs("Alt") || event.shiftKey !== needs("Shift")) return false;
  // These keys open a list; and on a Mac they move by paragraphs, where there are some.
  if (event.altKey && (event.target.matches?.("select") || (isMac && event.target.value))) return false;
  return isSame(key, event);
}

/** Of a keyboard without Latin letters, what is printed beside them counts. */
function isSame(key, event) {
  const pressed = event.key.toUpperCase();
  return pressed === key.toUpperCase() || (!/^[!-~]+$/.test(event.key) && event.code === `Key${key}`);
}

/** A single character, which is also what one types: it counts only outside of fields, and can be turned off. */
function isSingle(key, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || preference("keys") === "off") return false;
  if (event.target.closest?.("input, textarea, select, [contenteditable], [role=menu]")) return false;
  return event.key.toUpperCase() === key;
}
