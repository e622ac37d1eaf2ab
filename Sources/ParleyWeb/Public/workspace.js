import { Api } from "./api.js";
import { Conversation } from "./conversation.js";
import { ConversationList, Renamed } from "./conversation-list.js";
import { ConversationView } from "./conversation-view.js";
import { confirmDialog } from "./confirm-dialog.js";
import { Drawer } from "./drawer.js";
import { h } from "./dom.js";
import { LiveConnection } from "./live-connection.js";
import { attempt, notify } from "./notices.js";
import { problemView } from "./problem-view.js";
import { Router } from "./router.js";
import { SidebarView } from "./sidebar-view.js";

/** What one signed-in person sees and does. Closing it ends every call and forgets every message. */
export class Workspace {
  element;
  #user;
  #unsent;
  #api;
  #live;
  #list;
  #router;
  #sidebar;
  #drawer;
  #conversation = null;
  #view = null;
  #sending = new Map();
  /** What is being deleted here: that it is gone is no news then. */
  #deleting = new Set();
  #control = new AbortController();
  #main = h("main", { class: "main", id: "main" });

  constructor({ session, unsent, onsignout }) {
    this.#user = session.user;
    this.#unsent = unsent;
    const { signal } = this.#control;
    this.#api = new Api({ signal, onSignedOut: () => session.ended() });
    this.#live = new LiveConnection({
      signal,
      onended: (why) => why !== "refused" && session.ended(why),
      ondoubt: () => session.check().catch(() => {}),
    });
    this.#list = new ConversationList(this.#api, signal);
    this.#live.addEventListener("event", ({ detail }) => this.#list.take(detail));
    this.#router = new Router((route) => this.#follow(route), signal);
    this.#sidebar = new SidebarView(this.#list, {
      user: this.#user,
      onnew: () => this.#router.go({ isNew: true }),
      onopen: (id) => this.#router.go({ id }),
      onrename: (id, title, from) => this.#rename(id, title, from),
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
    this.#live.addEventListener("state", () => (this.element.dataset.connection = this.#live.state));
    this.#start();
  }

  close() {
    this.#control.abort();
    this.#view?.close();
    this.#conversation?.leave();
  }

  async #start() {
    const { id } = this.#router.route;
    this.#live.start();
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
      if (error.status === 404) this.#list.remove(id);
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
    this.#conversation = again?.sending ? again : this.#make(id);
    this.#conversation.enter();
    this.#sidebar.setActive(id);
    return this.#conversation;
  }

  #make(id) {
    const parts = { api: this.#api, live: this.#live, list: this.#list, unsent: this.#unsent, user: this.#user };
    const conversation = new Conversation(id, parts);
    conversation.addEventListener("created", () => {
      if (conversation !== this.#conversation) return;
      this.#router.rewrite(conversation.id);
      this.#sidebar.setActive(conversation.id);
    });
    conversation.addEventListener("gone", () => this.#leaveGone(conversation));
    conversation.addEventListener("stale", () => {
      if (conversation === this.#conversation) this.#follow({ id: conversation.id });
    });
    return conversation;
  }

  /** Somebody has deleted it, moved it out of sight, or taken this person from its project. */
  #leaveGone(conversation) {
    const { id } = conversation;
    this.#list.remove(id);
    this.#sending.delete(id);
    if (conversation !== this.#conversation || this.#deleting.has(id)) return;
    this.#unsent.rescueDraft(id);
    this.#router.go({ isNew: true }, { replace: true });
    notify("The conversation you had open was deleted, or isn’t yours to see any more.");
  }

  #show(conversation) {
    this.#view = new ConversationView(conversation, {
      user: this.#user,
      live: this.#live,
      unsent: this.#unsent,
      menuButton: this.#drawer.button(),
      onrename: (title, from) => this.#rename(conversation.id, title, from),
      ondelete: () => this.#delete(conversation.info),
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

  /** True when it is renamed; the present title, where that isn't `from` any more. */
  async #rename(id, title, from) {
    let present;
    const open = () => (id === this.#conversation.id ? this.#conversation : null);
    const done = await attempt("It couldn’t be renamed.", async () => {
      try {
        const renamed = await this.#list.rename(id, title, from, (changes) => open()?.missed(changes));
        open()?.changed(renamed);
      } catch (error) {
        if (error instanceof Renamed) present = error.title;
        throw error;
      }
    });
    return present ?? done;
  }

  async #delete({ id, title }) {
    const sure = await confirmDialog({
      title: "Delete this conversation?",
      text: `“${title}” and all of its messages will be gone for good.`,
      action: "Delete",
    });
    if (!sure) return;
    this.#deleting.add(id);
    const done = await attempt("It couldn’t be deleted.", () => this.#list.delete(id));
    this.#deleting.delete(id);
    if (done && id === this.#conversation.id) this.#openMostRecent();
  }
}

function loading() {
  const text = h("span", { class: "visually-hidden" }, "Loading…");
  return h("div", { class: "loading", role: "status" }, text);
}
