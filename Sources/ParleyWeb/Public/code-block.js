import { copyText } from "./clipboard.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";

const thanksFor = 2000;

/** A listing with its language and a button that copies it. */
export function codeBlock(text, language) {
  const button = h("button", { class: "copy-button", type: "button", onclick: copy });
  reset();

  function reset() {
    button.replaceChildren(icon("copy"), "Copy");
  }

  async function copy() {
    const done = await copyText(text);
    button.replaceChildren(icon(done ? "check" : "alert"), done ? "Copied" : "Couldn’t copy");
    setTimeout(reset, thanksFor);
  }

  return h(
    "figure",
    { class: "code" },
    h("figcaption", {}, h("span", {}, language || "text"), button),
    h("pre", { tabindex: 0 }, h("code", {}, text)),
  );
}
