import { linkButton } from "./controls.js";
import { h } from "./dom.js";

/** A message of one's own that the server doesn't have yet: on its way, or to be sent again. */
export class UnsentView {
  element;
  #message;
  #actions;
  #note = h("p", { class: "message-note", role: "status" });

  constructor(message, actions) {
    this.#message = message;
    this.#actions = actions;
    this.element = h(
      "article",
      { class: "message message-user message-unsent" },
      h("header", { class: "message-head" }, h("span", { class: "message-author" }, "You")),
      h("div", { class: "message-body", dir: "auto" }, message.text),
      this.#note,
    );
    this.update();
  }

  update() {
    const { problem } = this.#message;
    this.element.classList.toggle("is-stuck", Boolean(problem));
    if (!problem) return this.#note.replaceChildren("Sending…");
    const { onretry, onedit } = this.#actions;
    this.#note.replaceChildren(
      `Not sent: ${problem} `,
      linkButton("Try again", onretry),
      " or ",
      linkButton("edit", onedit),
    );
  }
}
