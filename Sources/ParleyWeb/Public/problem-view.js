import { h } from "./dom.js";
import { icon } from "./icons.js";

/** In place of what can't be shown, with its heading: what is the matter, and the one thing to do about it. */
export function problemView({ title, text, action, onaction }) {
  return h(
    "div",
    { class: "problem", role: "alert" },
    icon("alert"),
    h("h1", {}, title),
    h("p", {}, text),
    h("button", { class: "button", type: "button", onclick: onaction }, action),
  );
}
