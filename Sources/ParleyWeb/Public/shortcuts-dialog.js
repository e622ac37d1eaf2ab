import { iconButton } from "./controls.js";
import { h } from "./dom.js";
import { shortcutList } from "./shortcut-list.js";
import { s } from "./later-strings.js";

/** Shows the list of shortcuts above the page, until it is closed or `signal` is aborted. */
export function showShortcuts(signal) {
  const dialog = h(
    "dialog",
    { class: "dialog shortcuts-dialog", "aria-labelledby": "shortcuts-title", onclose: () => dialog.remove() },
    h(
      "header",
      { class: "shortcuts-head" },
      h("h2", { id: "shortcuts-title" }, s.preferences.shortcuts),
      iconButton("close", s.common.close, () => dialog.close()),
    ),
    shortcutList(),
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  signal.addEventListener("abort", () => dialog.close(), { once: true });
  document.getElementById("app").append(dialog);
  dialog.showModal();
}
