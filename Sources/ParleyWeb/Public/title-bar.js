import { iconButton } from "./controls.js";
import { h } from "./dom.js";
import { renameForm } from "./rename-form.js";

/** The line above a conversation: its title, and what can be done with the whole of it. */
export class TitleBar {
  element;
  #conversation;
  #onrename;
  #title = h("h1", { class: "bar-title" });
  #tools;

  constructor(conversation, { menuButton, onrename, ondelete }) {
    this.#conversation = conversation;
    this.#onrename = onrename;
    this.#tools = h(
      "div",
      { class: "bar-tools" },
      iconButton("pencil", "Rename this conversation", () => this.#rename(), { title: "Rename" }),
      iconButton("trash", "Delete this conversation", ondelete, { title: "Delete" }),
    );
    this.element = h("header", { class: "bar" }, menuButton, this.#title, this.#tools);
    conversation.addEventListener("info", () => this.#update());
    this.#update();
  }

  #update() {
    const { info } = this.#conversation;
    this.#title.textContent = info?.title ?? "New conversation";
    this.#title.title = info?.title ?? "";
    this.#tools.hidden = !info;
  }

  #rename() {
    const form = renameForm(this.#conversation.info.title, {
      onsave: this.#onrename,
      onend: () => {
        form.replaceWith(this.#title);
        this.#tools.hidden = false;
        this.#tools.firstChild.focus();
      },
    });
    this.#title.replaceWith(form);
    this.#tools.hidden = true;
    form.elements.title.select();
  }
}
