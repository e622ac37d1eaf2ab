import { stateOf } from "./connection-line.js";
import { h } from "./dom.js";
import { notify } from "./notices.js";
import { s } from "./strings.js";

/**
 * Who is signed in, and whether they are connected; a press opens what they can do about themselves. `context` is `user`,
 * `live`, `unsent`, `signal`, `go` (to a route), `onsignout` and `onerase`.
 */
export function accountRow(context) {
  const { user: { name, email }, live, signal } = context;
  const dot = h("span", { class: "account-dot" });
  const button = h(
    "button",
    { class: "account-button", type: "button", "aria-haspopup": "menu", "aria-expanded": "false", onclick: open },
    h("span", { class: "visually-hidden" }, `${s.preferences.account}: `),
    h("span", { class: "avatar", "aria-hidden": "true" }, (name || email).slice(0, 1).toUpperCase(), dot),
    h(
      "span",
      { class: "account-who" },
      h("span", { class: "account-name", dir: "auto" }, name || email),
      name && h("span", { class: "account-email" }, email),
    ),
  );
  async function open() {
    try {
      const { openAccountMenu } = await import("./account-menu.js");
      await openAccountMenu(button, context);
    } catch {
      notify(s.common.unreachable);
    }
  }
  function show() {
    const state = stateOf(live);
    dot.dataset.state = state;
    button.title = s.connection.state[state];
  }
  live.addEventListener("state", show, { signal });
  addEventListener("online", show, { signal });
  addEventListener("offline", show, { signal });
  show();
  return h("div", { class: "account" }, button);
}
