import { h, isTouch } from "./dom.js";
import { icon } from "./icons.js";

/** Where a message is written. It grows with what is typed; while an answer comes, its button stops the answer. */
export class ComposerView {
  element;
  #field;
  #button;
  #busy = false;
  #canStop = false;
  #actions;

  constructor({ text, ...actions }) {
    this.#actions = actions;
    this.#field = h("textarea", {
      id: "composer",
      rows: 1,
      placeholder: "Write a message",
      "aria-label": "Message",
      enterkeyhint: isTouch() ? "enter" : "send",
      oninput: () => this.#typed(),
      onkeydown: (event) => this.#key(event),
    });
    this.#button = h("button", { class: "send-button", type: "submit" });
    this.element = h(
      "form",
      { class: "composer", onsubmit: (event) => this.#submit(event) },
      h("div", { class: "composer-box" }, this.#field, this.#button),
      h(
        "p",
        { class: "composer-hint", "aria-hidden": "true" },
        h("kbd", {}, "Enter"),
        " sends, ",
        h("kbd", {}, "Shift + Enter"),
        " starts a new line",
      ),
    );
    this.#field.value = text;
    this.#update();
  }

  focus() {
    this.#grow();
    // On a phone the keyboard would cover the answer that one came to read.
    if (!isTouch()) this.#field.focus();
  }

  setState({ busy, canStop }) {
    this.#busy = busy;
    this.#canStop = canStop;
    this.#update();
  }

  /** Offers a beginning, unless something has been begun already. */
  propose(text) {
    if (!this.#field.value.trim()) this.#fill(text);
    this.#field.focus();
  }

  putBack(text) {
    this.#fill([text, this.#field.value].filter((part) => part.trim()).join("\n\n"));
    this.#field.focus();
  }

  #fill(text) {
    this.#field.value = text;
    this.#typed();
  }

  #typed() {
    this.#grow();
    this.#update();
    this.#actions.ontyped(this.#field.value);
  }

  #key(event) {
    // Enter also ends the composing of a word in Japanese, Chinese or Korean; and a phone has no Shift+Enter.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || isTouch()) return;
    event.preventDefault();
    if (!this.#busy) this.element.requestSubmit();
  }

  #submit(event) {
    event.preventDefault();
    if (this.#busy) return this.#actions.onstop();
    const text = this.#field.value.trim();
    if (!text) return;
    this.#field.value = "";
    this.#grow();
    this.#actions.onsend(text);
    this.#update();
  }

  #grow() {
    this.#field.style.height = "auto";
    this.#field.style.height = `${this.#field.scrollHeight}px`;
  }

  #update() {
    const label = this.#busy ? "Stop the answer" : "Send";
    if (this.#button.getAttribute("aria-label") !== label) {
      this.#button.setAttribute("aria-label", label);
      this.#button.title = label;
      this.#button.replaceChildren(icon(this.#busy ? "stop" : "send"));
    }
    this.#button.disabled = this.#busy ? !this.#canStop : !this.#field.value.trim();
  }
}
