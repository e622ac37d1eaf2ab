import { h } from "./dom.js";
import { s } from "./later-strings.js";

/** Asks before something that can't be undone. Resolves to true when it shall happen; Escape means no. */
export function confirmDialog({ title, text, action }) {
  const dialog = h(
    "dialog",
    { class: "dialog", "aria-labelledby": "dialog-title", "aria-describedby": "dialog-text" },
    h(
      "form",
      { method: "dialog" },
      h("h2", { id: "dialog-title" }, title),
      h("p", { id: "dialog-text" }, text),
      h(
        "div",
        { class: "dialog-actions" },
        h("button", { class: "button", value: "no", autofocus: true }, s.common.cancel),
        h("button", { class: "button button-danger", value: "yes" }, action),
      ),
    ),
  );
  // A click beside the card hits the dialog itself, which its form covers everywhere else.
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close("no"));
  document.getElementById("app").append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}
