import { linkButton } from "./controls.js";
import { h } from "./dom.js";
import { s } from "./strings.js";

/** A message of one's own that the server doesn't have yet: on its way, waiting, or refused. */
export class UnsentView {
  element;
  #message;
  #actions;
  #shown;
  #note = h("p", { class: "message-note", role: "status" });

  constructor(message, actions) {
    this.#message = message;
    this.#actions = actions;
    this.element = h(
      "article",
      { class: "message message-user message-unsent", "aria-label": s.unsent.label },
      h("header", { class: "message-head" }, h("span", { class: "message-author" }, s.unsent.you)),
      h("div", { class: "message-body", dir: "auto" }, message.text),
      this.#note,
    );
    this.update();
  }

  update() {
    const { state, problem } = this.#message;
    // What stands there already would be read out again, and would lose the focus.
    if (this.#shown === state + problem) return;
    this.#shown = state + problem;
    this.element.dataset.state = state;
    this.element.classList.toggle("is-stuck", state === "refused");
    const { onretry, onedit } = this.#actions;
    const retry = state !== "answer" && linkButton(s.unsent.retry, onretry);
    const links = [retry, linkButton(s.unsent.edit, onedit), linkButton(s.unsent.discard, () => this.#message.discard())];
    const text = state === "refused" ? s.unsent.refused(problem) : s.unsent[state];
    this.#note.replaceChildren(text, ...(state === "sending" ? [] : links.filter(Boolean).flatMap((link) => [" ", link])));
  }
}
