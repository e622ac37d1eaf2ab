import { h } from "./dom.js";
import { icon } from "./icons.js";

/** A button that shows only a drawing; its name is for screen readers, and its `title` for those who hover. */
export function iconButton(drawing, label, onclick, attributes = {}) {
  const own = { class: "icon-button", type: "button", "aria-label": label, onclick };
  return h("button", { ...own, ...attributes }, icon(drawing));
}

/** A button that stands in a sentence. */
export function linkButton(text, onclick) {
  return h("button", { class: "link", type: "button", onclick }, text);
}

/** The form for another title, once it is loaded. */
export let renameForm;
export const loadRenameForm = () => import("./rename-form.js").then((loaded) => ({ renameForm } = loaded));
// Who works by keys types on at once, and would be faster than the form.
addEventListener("keydown", () => loadRenameForm().catch(() => {}), { once: true });
