import { iconButton, loadRenameForm, renameForm } from "./controls.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { relativeTime } from "./relative-time.js";
import { addressOf } from "./router.js";
import { s } from "./strings.js";
import { fullTime } from "./time.js";

/**
 * A conversation in the sidebar. A row is used for one after the other; `actions` are `onopen`, `onrename`, `onmenu`,
 * and what is asked of a conversation: `isActive`, `isUnread` and `mayWrite`.
 */
export class ConversationRow {
  element;
  item = null;
  /** The number of its place in the list. */
  index = 0;
  #actions;
  #title = h("span", { class: "row-title", dir: "auto" });
  #pin = h("span", { class: "row-pin", hidden: true }, icon("pin"), hidden(s.sidebar.pinned));
  #dot = h("span", { class: "row-dot", hidden: true }, hidden(s.sidebar.unread));
  #time = h("time", { class: "row-time" });
  #preview = h("span", { class: "row-preview", dir: "auto" });
  #link;
  #pencil;
  #more;
  #tools;
  #form = null;

  constructor(actions) {
    this.#actions = actions;
    this.#link = h(
      "a",
      { class: "row-link", tabindex: -1, onclick: (event) => this.#open(event) },
      this.#title,
      h("span", { class: "row-side" }, this.#pin, this.#time),
      this.#preview,
      this.#dot,
    );
    const tool = { tabindex: -1, "aria-haspopup": "menu" };
    this.#pencil = iconButton("pencil", "", () => this.rename(), { tabindex: -1, title: s.sidebar.rename });
    this.#more = iconButton("more", "", () => this.openMenu(), { ...tool, title: s.sidebar.more });
    this.#tools = h("div", { class: "row-tools" }, this.#pencil, this.#more);
    this.element = h("li", { class: "row" }, this.#link, this.#tools);
  }

  /** Shows a conversation, or newer values of it. */
  update(item) {
    if (item !== this.item) this.#fill(item);
    this.refresh();
  }

  /** Shows anew what doesn't stand in the conversation: how long ago, whether it is open, unread, one's to change. */
  refresh() {
    const { item } = this;
    const time = relativeTime(item.updated_at);
    if (this.#time.textContent !== time) this.#time.textContent = time;
    const isActive = this.#actions.isActive(item);
    this.element.classList.toggle("is-active", isActive);
    if (isActive) this.#link.setAttribute("aria-current", "page");
    else this.#link.removeAttribute("aria-current");
    const isUnread = this.#actions.isUnread(item);
    this.element.classList.toggle("is-unread", isUnread);
    this.#dot.hidden = !isUnread;
    this.#tools.hidden = Boolean(this.#form) || !this.#actions.mayWrite(item);
  }

  /** Makes it the one that the Tab key reaches, with its buttons; or not. */
  setStop(isStop) {
    for (const one of [this.#link, this.#pencil, this.#more]) one.tabIndex = isStop ? 0 : -1;
  }

  focus() {
    (this.#form ? this.#form.elements.title : this.#link).focus({ preventScroll: true });
  }

  /** Leaves its place: what it shows is nobody's to find. */
  forget() {
    this.#endRenaming();
    this.setStop(false);
    this.item = null;
    for (const one of [this.#title, this.#preview, this.#time]) one.textContent = "";
    this.#link.removeAttribute("href");
  }

  async rename() {
    const { id, title } = this.item;
    if (!this.#actions.mayWrite(this.item)) return;
    if (!renameForm) await loadRenameForm();
    if (this.#form || this.item?.id !== id) return;
    this.#form = renameForm(title, {
      onsave: (text, from) => this.#actions.onrename(id, text, from),
      onend: () => {
        if (!this.#endRenaming()) return;
        (this.#pencil.checkVisibility() ? this.#pencil : this.#link).focus({ preventScroll: true });
      },
    });
    this.#link.replaceWith(this.#form);
    this.#tools.hidden = true;
    this.#form.elements.title.select();
  }

  openMenu() {
    this.#actions.onmenu(this.item, this.#more, () => this.rename());
  }

  #endRenaming() {
    const form = this.#form;
    this.#form = null;
    if (!form) return false;
    form.replaceWith(this.#link);
    this.#tools.hidden = false;
    return true;
  }

  #fill(item) {
    const time = item.updated_at;
    if (item.id !== this.item?.id) this.#link.href = addressOf(item.id);
    this.item = item;
    this.#title.textContent = item.title;
    this.#pin.hidden = !item.pinned;
    this.#time.dateTime = time;
    this.#time.title = fullTime(time);
    this.#preview.textContent = item.preview?.trim().slice(0, 140) || s.sidebar.noMessages;
    this.#pencil.setAttribute("aria-label", s.sidebar.renameOf(item.title));
    this.#more.setAttribute("aria-label", s.sidebar.moreOf(item.title));
  }

  #open(event) {
    // With a modifier the browser opens a tab or window of its own.
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    this.#actions.onopen(this.item.id);
  }
}

function hidden(text) {
  return h("span", { class: "visually-hidden" }, text);
}
