import { h, loadStyle } from "./dom.js";
import { during, field } from "./fields.js";
import { s } from "./later-strings.js";
import { hasLegacy } from "./legacy-keys.js";

const t = s.erase;

/**
 * Says what goes with one's account, and erases it when the password is right. Escape, and a click beside it, leave all as
 * it is. `onerase` gets the password; what it throws is told at the field.
 */
export async function openEraseDialog(onerase) {
  await loadStyle("sign-in.css");
  const password = h("input", {
    name: "password", type: "password", autocomplete: "current-password", autofocus: true,
  });
  const error = h("p", { class: "field-error", role: "alert", hidden: true });
  const button = h("button", { class: "button button-danger", disabled: true }, t.action);
  const form = h(
    "form",
    { novalidate: true },
    h("h2", { id: "erase-title" }, t.title),
    h("p", { id: "erase-text" }, t.goes, hasLegacy() && ` ${t.leftovers}`),
    h("p", {}, t.stays),
    field(t.password, password),
    error,
    h(
      "div",
      { class: "dialog-actions" },
      h("button", { class: "button", type: "button", onclick: () => dialog.close() }, s.common.cancel),
      button,
    ),
  );
  const dialog = h(
    "dialog",
    { class: "dialog", "aria-labelledby": "erase-title", "aria-describedby": "erase-text" },
    form,
  );
  password.addEventListener("input", () => { button.disabled = !password.value; });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    await during({ password }, error, () => onerase(password.value));
    button.disabled = !password.value;
  });
  // A click beside the card hits the dialog itself, which its form covers everywhere else.
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.getElementById("app").append(dialog);
  dialog.showModal();
}
