import { iconButton, linkButton } from "./controls.js";
import { h } from "./dom.js";
import { MessageView } from "./message-view.js";
import { attempt } from "./notices.js";
import { ScrollKeeper } from "./scroll-keeper.js";
import { UnsentView } from "./unsent-view.js";

/** The messages of a conversation, oldest first; older ones are fetched as one scrolls towards them. */
export class LogView {
  element;
  jump;
  #conversation;
  #user;
  #unsent;
  #empty;
  #onedit;
  #keeper;
  #observer;
  #views = new Map();
  #unsentViews = new Map();
  #older = h("div", { class: "log-older" });
  #sent = h("div", { class: "log-part" });
  #notSent = h("div", { class: "log-part" });

  constructor(conversation, { user, unsent, empty, onedit, signal }) {
    this.#conversation = conversation;
    this.#user = user;
    this.#unsent = unsent;
    this.#empty = empty;
    this.#onedit = onedit;
    const content = h("div", { class: "log-content" }, this.#older, this.#sent, this.#notSent, empty);
    this.element = h("div", { class: "log", role: "log", tabindex: 0, "aria-label": "Messages" }, content);
    const hidden = { class: "jump-button", hidden: true };
    this.jump = iconButton("down", "To the newest message", () => this.scrollToEnd(), hidden);
    this.#keeper = new ScrollKeeper(this.element, content, (atEnd) => this.#showJump(atEnd));
    for (const message of conversation.messages) this.#put(message);
    this.#showUnsent();
    conversation.addEventListener("message", ({ detail }) => this.#put(detail), { signal });
    conversation.addEventListener("older", ({ detail }) => this.#prepend(detail), { signal });
    unsent.addEventListener("change", () => this.#showUnsent(), { signal });
  }

  start() {
    this.scrollToEnd();
    const nearTop = { root: this.element, rootMargin: "600px 0px 0px" };
    this.#observer = new IntersectionObserver(([top]) => top.isIntersecting && this.#loadOlder(), nearTop);
    this.#observer.observe(this.#older);
  }

  close() {
    this.#keeper.close();
    this.#observer?.disconnect();
  }

  scrollToEnd() {
    this.#keeper.scrollToEnd();
  }

  #put(message) {
    const view = this.#views.get(message.id);
    if (view) return view.update(message);
    const { messages } = this.#conversation;
    const follower = messages[messages.findLastIndex(({ id }) => id === message.id) + 1];
    this.#sent.insertBefore(this.#view(message), this.#views.get(follower?.id)?.element ?? null);
    this.#empty.remove();
    if (!follower && !this.jump.hidden) this.jump.classList.add("has-news");
  }

  /** Whoever reads further up isn't torn away from it, but sees that there is something new below. */
  #showJump(atEnd) {
    this.jump.hidden = atEnd;
    if (atEnd) this.jump.classList.remove("has-news");
  }

  #prepend(messages) {
    this.#keeper.keepPlace(() => this.#sent.prepend(...messages.map((message) => this.#view(message))));
    // Still in sight, the observer has nothing new to tell: ask it again.
    this.#observer.unobserve(this.#older);
    this.#observer.observe(this.#older);
  }

  #view(message) {
    const view = new MessageView(message, this.#user);
    this.#views.set(message.id, view);
    return view.element;
  }

  async #loadOlder() {
    if (!this.#conversation.hasOlder) return;
    this.#older.replaceChildren(h("p", {}, "Loading…"));
    const done = await attempt("Older messages couldn’t be loaded.", () => this.#conversation.loadOlder());
    const again = linkButton("Load older messages", () => this.#loadOlder());
    this.#older.replaceChildren(...(done ? [] : [again]));
  }

  #showUnsent() {
    const messages = this.#unsent.messages(this.#conversation.id);
    for (const [id, view] of this.#unsentViews) {
      if (messages.some((message) => message.id === id)) continue;
      view.element.remove();
      this.#unsentViews.delete(id);
    }
    for (const message of messages) {
      const view = this.#unsentViews.get(message.id);
      if (view) view.update();
      else this.#addUnsent(message);
    }
  }

  #addUnsent(message) {
    const view = new UnsentView(message, {
      onretry: () => this.#conversation.retry(message),
      onedit: () => this.#onedit(message),
    });
    this.#unsentViews.set(message.id, view);
    this.#notSent.append(view.element);
    this.#empty.remove();
  }
}
