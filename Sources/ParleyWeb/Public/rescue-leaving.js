import { h, loadStyle } from "./dom.js";
import { legacyKeys } from "./legacy-keys.js";
import { removeLegacy } from "./legacy-storage.js";
import { s as common } from "./strings.js";
import { s } from "./rescue-strings.js";

/**
 * Asks what shall become of what an older web app left here, before somebody signs out. Resolves to true when it is
 * gone and they may; leads to it when they want to see it first.
 */
export async function mayLeave(router) {
  await loadStyle("rescue.css");
  const dialog = h(
    "dialog",
    { class: "dialog rescue-leaving", "aria-labelledby": "leaving-title", "aria-describedby": "leaving-text" },
    h(
      "form",
      { method: "dialog" },
      h("h2", { id: "leaving-title" }, s.leavingTitle),
      h("p", { id: "leaving-text" }, s.leavingText),
      h(
        "div",
        { class: "dialog-actions rescue-actions" },
        h("button", { class: "button", value: "stay" }, common.common.cancel),
        h("button", { class: "button button-danger", value: "leave" }, s.leavingDelete),
        h("button", { class: "button button-primary", value: "look", autofocus: true }, s.leavingImport),
      ),
    ),
  );
  document.getElementById("app").append(dialog);
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  dialog.remove();
  if (dialog.returnValue === "look") router.go({ page: "rescue" });
  if (dialog.returnValue !== "leave") return false;
  removeLegacy(legacyKeys());
  return true;
}
