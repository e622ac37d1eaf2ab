import { Api } from "./api.js";
import { Conversation } from "./conversation.js";
import { ConversationList } from "./conversation-list.js";
import { ConversationView } from "./conversation-view.js";
import { confirmDialog } from "./confirm-dialog.js";
import { Drawer } from "./drawer.js";
import { h } from "./dom.js";
import { attempt } from "./notices.js";
import { problemView } from "./problem-view.js";
import { Router } from "./router.js";
import { SidebarView } from "./sidebar-view.js";

/** What one signed-in person sees and does. Closing it ends every call and forgets every message. */
export class Workspace {
  element;
  #user;
  #unsent;
  #api;
  #list;
  #router;
  #sidebar;
  #drawer;
  #conversation = null;
  #view = null;
  #sending = new Map();
  #control = new AbortController();
  #main = h("main", { class: "main", id: "main" });

  constructor({ session, unsent, onsignout }) {
    this.#user = session.user;
    this.#unsent = unsent;
    const { signal } = this.#control;
    this.#api = new Api({ signal, onSignedOut: () => session.ended() });
    this.#list = new ConversationList(this.#api);
    this.#router = new Router((route) => this.#follow(route), signal);
    this.#sidebar = new SidebarView(this.#list, {
      user: this.#user,
      onnew: () => this.#router.go({ isNew: true }),
      onopen: (id) => this.#router.go({ id }),
      onrename: (id, title) => this.#rename(id, title),
      ondelete: (item) => this.#delete(item),
      onsignout,
    });
    this.#drawer = new Drawer(this.#sidebar.element, this.#main, signal);
    this.element = h(
      "div",
      { class: "workspace" },
      h("a", { class: "skip-link", href: "#composer" }, "Skip to the message field"),
      this.#sidebar.element,
      this.#drawer.scrim,
      this.#main,
    );
    this.#start();
  }

  close() {
    this.#control.abort();
    this.#view?.close();
  }

  async #start() {
    const { id } = this.#router.route;
    if (id) this.#follow({ id });
    await this.#list.loadMore();
    // Meanwhile the person may have left, or begun a new conversation.
    if (this.#conversation || this.#control.signal.aborted) return;
    // What was begun before the session ended comes before what is merely recent.
    if (this.#unsent.holds(null)) this.#router.go({ isNew: true }, { replace: true });
    else this.#openMostRecent();
  }

  /** Without an address to go by. */
  #openMostRecent() {
    if (this.#list.problem) return this.#showProblem(this.#list.problem, () => this.#start());
    const [newest] = this.#list.items;
    this.#router.go(newest ? { id: newest.id } : { isNew: true }, { replace: true });
  }

  async #follow({ id, isNew }) {
    this.#drawer.close();
    if (!id && !isNew) return this.#openMostRecent();
    const conversation = this.#enter(id);
    if (!id || conversation.sending) return this.#show(conversation);
    this.#main.replaceChildren(loading());
    try {
      await conversation.load();
      if (conversation === this.#conversation) this.#show(conversation);
    } catch (error) {
      if (conversation !== this.#conversation || error.name === "AbortError") return;
      this.#showProblem(error, () => this.#follow({ id }));
    }
  }

  /** Leaves the conversation that is open for another one. */
  #enter(id) {
    this.#view?.close();
    this.#view = null;
    this.#conversation?.leave();
    if (this.#conversation?.sending) this.#sending.set(this.#conversation.id, this.#conversation);
    const again = this.#sending.get(id);
    this.#sending.delete(id);
    const parts = { api: this.#api, list: this.#list, unsent: this.#unsent };
    this.#conversation = again?.sending ? again : new Conversation(id, parts);
    this.#conversation.enter();
    this.#sidebar.setActive(id);
    return this.#conversation;
  }

  #show(conversation) {
    this.#view = new ConversationView(conversation, {
      user: this.#user,
      unsent: this.#unsent,
      menuButton: this.#drawer.button(),
      onrename: (title) => this.#rename(conversation.id, title),
      ondelete: () => this.#delete(conversation.info),
    });
    conversation.addEventListener("created", () => {
      if (conversation !== this.#conversation) return;
      this.#router.rewrite(conversation.id);
      this.#sidebar.setActive(conversation.id);
    });
    this.#main.replaceChildren(this.#view.element);
    this.#view.start();
  }

  #showProblem(error, retry) {
    const missing = error.status === 404;
    this.#main.replaceChildren(
      h("header", { class: "bar" }, this.#drawer.button()),
      problemView({
        title: missing ? "There is no such conversation" : "This couldn’t be loaded",
        text: missing ? "It was deleted, or it belongs to someone else." : error.message,
        action: missing ? "Start a new one" : "Try again",
        onaction: missing ? () => this.#router.go({ isNew: true }, { replace: true }) : retry,
      }),
    );
  }

  #rename(id, title) {
    return attempt("It couldn’t be renamed.", async () => {
      const renamed = await this.#list.rename(id, title);
      if (id === this.#conversation.id) this.#conversation.setInfo(renamed);
    });
  }

  async #delete({ id, title }) {
    const sure = await confirmDialog({
      title: "Delete this conversation?",
      text: `“${title}” and all of its messages will be gone for good.`,
      action: "Delete",
    });
    if (!sure) return;
    const done = await attempt("It couldn’t be deleted.", () => this.#list.delete(id));
    if (done && id === this.#conversation.id) this.#openMostRecent();
  }
}

function loading() {
  const text = h("span", { class: "visually-hidden" }, "Loading…");
  return h("div", { class: "loading", role: "status" }, text);
}
