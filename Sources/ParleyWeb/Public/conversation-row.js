import { iconButton } from "./controls.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { renameForm } from "./rename-form.js";
import { addressOf } from "./router.js";
import { fullTime, shortTime } from "./time.js";

/** A conversation in the sidebar. */
export class ConversationRow {
  element;
  #item;
  #actions;
  #title = h("span", { class: "row-title" });
  #pin = h("span", { class: "row-pin", hidden: true }, icon("pin"), h("span", { class: "visually-hidden" }, "Pinned"));
  #time = h("time", { class: "row-time" });
  #preview = h("span", { class: "row-preview" });
  #link;
  #tools;

  constructor(item, actions) {
    this.#actions = actions;
    this.#link = h(
      "a",
      { class: "row-link", href: addressOf(item.id), onclick: (event) => this.#open(event) },
      this.#title,
      h("span", { class: "row-side" }, this.#pin, this.#time),
      this.#preview,
    );
    this.#tools = h(
      "div",
      { class: "row-tools" },
      iconButton("pencil", "Rename", () => this.#rename(), { title: "Rename" }),
      iconButton("trash", "Delete", () => actions.ondelete(this.#item), { title: "Delete" }),
    );
    this.element = h("li", { class: "row" }, this.#link, this.#tools);
    this.update(item);
  }

  update(item) {
    if (item === this.#item) return;
    this.#item = item;
    const time = item.updated_at;
    this.#title.textContent = item.title;
    this.#pin.hidden = !item.pinned;
    this.#time.textContent = shortTime(time);
    this.#time.dateTime = time;
    this.#time.title = fullTime(time);
    this.#preview.textContent = item.preview?.trim().slice(0, 140) || "No messages yet";
    for (const tool of this.#tools.children) tool.setAttribute("aria-label", `${tool.title} “${item.title}”`);
  }

  setActive(active) {
    this.element.classList.toggle("is-active", active);
    if (active) this.#link.setAttribute("aria-current", "page");
    else this.#link.removeAttribute("aria-current");
  }

  #open(event) {
    // With a modifier the browser opens a tab or window of its own.
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    this.#actions.onopen(this.#item.id);
  }

  #rename() {
    const form = renameForm(this.#item.title, {
      onsave: (title, from) => this.#actions.onrename(this.#item.id, title, from),
      onend: () => {
        form.replaceWith(this.#link);
        this.#tools.hidden = false;
        this.#tools.firstChild.focus();
      },
    });
    this.#link.replaceWith(form);
    this.#tools.hidden = true;
    form.elements.title.select();
  }
}
