import { accountRow } from "./account-row.js";
import { Api } from "./api.js";
import { ConnectionLine } from "./connection-line.js";
import { Conversation } from "./conversation.js";
import { ConversationList } from "./conversation-list.js";
import { ConversationView } from "./conversation-view.js";
import { DraftKeeper } from "./draft-keeper.js";
import { Drawer } from "./drawer.js";
import { h, loadStyle } from "./dom.js";
import { hasLegacy } from "./legacy-keys.js";
import { LiveConnection } from "./live-connection.js";
import { MarkdownRenderer } from "./markdown-renderer.js";
import { announce, attempt, notify } from "./notices.js";
import { problemView } from "./problem-view.js";
import { Projects } from "./projects.js";
import { ReadMarks } from "./read-marks.js";
import { Router } from "./router.js";
import { bindShortcuts } from "./shortcuts.js";
import { SidebarView } from "./sidebar-view.js";
import { s } from "./strings.js";

/**
 * What is not a conversation, loaded when somebody goes there. Each module exports `open(context)`, which resolves to
 * `{ element, close? }`. The context is `user`, `api`, `live`, `unsent`, `signal` (aborted when the page is left), `go`
 * (to a route) and `menuButton`.
 */
const pages = {
  operator: () => import("./operator-page.js"),
  help: () => import("./help-page.js"),
  rescue: () => import("./rescue-page.js"),
};

/** How far from its end a log may be for that to be in sight, in pixels. */
const nearEnd = 64;

/** What one signed-in person sees and does. Closing it ends every call and forgets every message. */
export class Workspace {
  element;
  #user;
  #unsent;
  #api;
  #renderer;
  #live;
  #line;
  #list;
  #drafts;
  #projects;
  #marks;
  #actions = null;
  #router;
  #sidebar;
  #drawer;
  #conversation = null;
  #view = null;
  /** The page that is open in place of a conversation: what to abort when it is left. */
  #page = null;
  #sending = new Map();
  #control = new AbortController();
  /** Notes what is read in the conversation on the screen. */
  #reading = null;
  #main = h("main", { class: "main", id: "main", tabindex: -1 });

  constructor({ session, unsent, onsignout }) {
    this.#user = session.user;
    this.#unsent = unsent;
    const { signal } = this.#control;
    this.#api = new Api({
      signal, onSignedOut: (asked) => session.ended(asked), onForbidden: () => this.#projects.load(),
    });
    this.#live = new LiveConnection({
      signal,
      onended: (why) => why !== "refused" && session.closed(why),
      ondoubt: () => session.check().catch(() => {}),
    });
    this.#line = new ConnectionLine(this.#live, signal);
    this.#renderer = new MarkdownRenderer(this.#api, signal);
    this.#drafts = new DraftKeeper({ api: this.#api, live: this.#live, unsent, signal });
    this.#list = new ConversationList(this.#api, signal);
    const shared = { api: this.#api, live: this.#live, list: this.#list, user: this.#user, signal };
    this.#projects = new Projects(shared);
    this.#projects.addEventListener("change", () => this.#view?.showRole());
    this.#marks = new ReadMarks(shared);
    this.#live.addEventListener("event", ({ detail }) => this.#list.take(detail));
    this.#router = new Router((route) => this.#follow(route), signal);
    this.#sidebar = new SidebarView(this.#list, {
      ...shared,
      account: accountRow({
        user: this.#user, live: this.#live, unsent, signal,
        go: (route) => this.#router.go(route),
        onshortcuts: () => this.#showShortcuts(),
        onsignout: () => this.#signOut(onsignout),
        onerase: () => attempt(s.common.failed, () => this.#askToErase(session)),
      }),
      projects: this.#projects,
      marks: this.#marks,
      onnew: () => this.#router.go({ isNew: true }),
      onopen: (id, seq) => this.#router.go({ id, seq }),
      onrename: (...what) => this.#act("rename", ...what),
      onmenu: (...what) => this.#act("openMenu", ...what),
      ondelete: (item) => this.#act("delete", item),
      onprojects: (id) => attempt(s.projects.failed, () => this.#openProject(id)),
    });
    const stage = h("div", { class: "stage" }, this.#main, this.#line.element);
    this.#drawer = new Drawer(this.#sidebar.element, stage, signal);
    this.element = h(
      "div",
      { class: "workspace" },
      h("a", { class: "skip-link", href: "#main", onclick: (event) => this.#skip(event) }, s.preferences.skip),
      this.#sidebar.element,
      this.#drawer.scrim,
      stage,
    );
    this.#live.addEventListener("state", () => (this.element.dataset.connection = this.#live.state));
    this.#bindShortcuts(signal);
    this.#start();
  }

  /** The session ran out: nothing more is told or heard until it goes on, and what is asked for waits. */
  suspend() {
    this.#live.rest();
  }

  resume() {
    this.#live.wake();
  }

  close() {
    if (this.#actions) this.#act("leave");
    this.#reading?.abort();
    this.#control.abort();
    this.#view?.close();
    this.#conversation?.leave();
  }

  async #start() {
    const { id, page, seq } = this.#router.route;
    this.#live.start();
    this.#projects.load();
    if (id || page) this.#follow({ id, page, seq });
    this.#offerRescue();
    await this.#list.loadMore();
    // Meanwhile the person may have left, or begun a new conversation.
    if (this.#conversation || this.#page || this.#control.signal.aborted) return;
    // What was begun before the session ended comes before what is merely recent.
    if (this.#unsent.holds(null)) this.#router.go({ isNew: true }, { replace: true });
    else this.#openMostRecent();
  }

  /** Without an address to go by. */
  #openMostRecent() {
    if (this.#list.problem) return this.#showProblem(this.#list.problem, () => this.#start());
    const { newest } = this.#list;
    this.#router.go(newest ? { id: newest.id } : { isNew: true }, { replace: true });
  }

  async #follow({ id, page, seq, isNew }) {
    this.#drawer.close();
    if (seq && this.#view && id === this.#conversation?.id) return this.#view.showMessage(seq);
    this.#page?.abort();
    this.#page = null;
    if (page) return this.#openPage(page);
    if (!id && !isNew) return this.#openMostRecent();
    const conversation = this.#enter(id);
    if (!id || conversation.sending) return this.#show(conversation);
    this.#main.replaceChildren(loading());
    try {
      await conversation.load();
      if (conversation === this.#conversation) this.#show(conversation, seq);
    } catch (error) {
      if (error.status === 404) {
        this.#list.remove(id);
        this.#unsent.rescueDraft(id);
      }
      if (conversation !== this.#conversation || error.name === "AbortError") return;
      this.#showProblem(error, () => this.#follow({ id, seq }));
    }
  }

  async #openPage(name) {
    this.#leaveConversation();
    this.#conversation = null;
    this.#line.follow(null);
    this.#sidebar.setActive(null);
    this.#main.replaceChildren(loading());
    const left = new AbortController();
    this.#page = left;
    const signal = AbortSignal.any([left.signal, this.#control.signal]);
    try {
      const { open } = await pages[name]();
      const page = await open({
        user: this.#user, api: this.#api, live: this.#live, unsent: this.#unsent, signal,
        go: (route) => this.#router.go(route), menuButton: this.#drawer.button(),
      });
      if (signal.aborted) return page.close?.();
      signal.addEventListener("abort", () => page.close?.(), { once: true });
      this.#main.replaceChildren(page.element);
      focusHeading(page.element);
    } catch (error) {
      if (!signal.aborted) this.#showProblem(error, () => this.#follow({ page: name }));
    }
  }

  #leaveConversation() {
    this.#reading?.abort();
    this.#view?.close();
    this.#view = null;
    this.#conversation?.leave();
    if (this.#conversation?.pending) this.#sending.set(this.#conversation.id, this.#conversation);
  }

  /** Leaves the conversation that is open for another one. */
  #enter(id) {
    this.#leaveConversation();
    const again = this.#sending.get(id);
    this.#sending.delete(id);
    // One that was new when it was left may have got its id since.
    this.#conversation = again?.pending && again.id === id ? again : this.#make(id);
    this.#conversation.enter();
    this.#line.follow(this.#conversation);
    this.#sidebar.setActive(id);
    return this.#conversation;
  }

  #make(id) {
    const parts = {
      api: this.#api, live: this.#live, list: this.#list, unsent: this.#unsent, user: this.#user,
      renderer: this.#renderer, drafts: this.#drafts,
      // What is begun goes to the project that is shown, unless one only reads there.
      project: () => (this.#projects.mayWrite(this.#list.scope.project) ? this.#list.scope.project : null),
    };
    const conversation = new Conversation(id, parts);
    conversation.addEventListener("created", () => {
      if (conversation !== this.#conversation) return;
      this.#router.rewrite(conversation.id);
      this.#sidebar.setActive(conversation.id);
    });
    this.#announceAnswers(conversation);
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
    this.#unsent.rescueDraft(id);
    if (conversation !== this.#conversation) return;
    this.#router.go({ isNew: true }, { replace: true });
    notify(s.sidebar.gone);
  }

  #show(conversation, seq) {
    this.#view = new ConversationView(conversation, {
      user: this.#user,
      unsent: this.#unsent,
      menuButton: this.#drawer.button(),
      onrename: (title, from) => this.#act("rename", conversation.id, title, from),
      ondelete: () => this.#act("delete", conversation.info),
      onmenu: (anchor, rename) => this.#act("openMenu", conversation.info, anchor, rename),
      mayWrite: () => this.#projects.mayWrite(conversation.info?.project_id),
      api: this.#api,
      projects: this.#projects,
      go: (route) => this.#router.go(route),
    });
    this.#main.replaceChildren(this.#view.element);
    this.#view.start(seq);
    this.#drafts.open(conversation);
    this.#followReading(conversation);
    this.#projects.visit(conversation.info?.project_id);
    announce(conversation.info?.title ?? "");
  }

  /** A screen reader doesn't read an answer piece by piece, and is told when there is all of it. */
  #announceAnswers(conversation) {
    let reply = null;
    conversation.addEventListener("state", () => {
      const ended = reply && !conversation.reply ? conversation.messages.find(({ id }) => id === reply) : null;
      reply = conversation.reply?.id ?? null;
      if (!ended || conversation !== this.#conversation) return;
      announce(ended.status === "delivered" ? s.common.answerComplete : s.common.answerStopped);
    });
  }

  #bindShortcuts(signal) {
    bindShortcuts({
      list: () => this.#showShortcuts(),
      search: () => {
        this.#drawer.show();
        this.#sidebar.focusSearch?.();
      },
      create: () => this.#router.go({ isNew: true }),
      previous: () => this.#step(-1),
      next: () => this.#step(1),
      compose: () => this.#main.querySelector("#composer")?.focus(),
      copy: () => this.#copyLastAnswer(),
      sidebar: () => this.#drawer.toggle(),
    }, signal);
  }

  /** To what one came for. Followed as an address, it would be one of the history. */
  #skip(event) {
    event.preventDefault();
    (this.#main.querySelector("#composer") ?? this.#main).focus();
  }

  async #showShortcuts() {
    await attempt(s.common.failed, async () => {
      const [{ showShortcuts }] = await Promise.all([import("./shortcuts-dialog.js"), loadStyle("help.css")]);
      if (!this.#control.signal.aborted) showShortcuts(this.#control.signal);
    });
  }

  /** To the conversation before or after the open one, in the order of the sidebar. */
  #step(by) {
    const { items } = this.#list;
    const at = items.findIndex(({ id }) => id === this.#conversation?.id);
    const to = at < 0 ? items[0] : items[at + by];
    if (to) this.#router.go({ id: to.id });
  }

  async #copyLastAnswer() {
    const last = this.#conversation?.messages.findLast(({ role, content }) => role === "assistant" && content);
    if (!last) return notify(s.common.nothingToCopy);
    const { copyText } = await import("./clipboard.js");
    if (await copyText(last.content)) notify(s.common.copied);
  }

  #showProblem(error, retry) {
    const missing = error.status === 404;
    this.#main.replaceChildren(
      h("header", { class: "bar" }, this.#drawer.button()),
      problemView({
        title: missing ? s.session.missing : s.session.notLoaded,
        text: missing ? s.session.missingWhy : error.message,
        action: missing ? s.session.startNew : s.common.tryAgain,
        onaction: missing ? () => this.#router.go({ isNew: true }, { replace: true }) : retry,
      }),
    );
  }

  /** Does something with a whole conversation, by what is loaded when something is done for the first time. */
  async #act(what, ...parameters) {
    this.#actions ??= import("./conversation-actions.js").then(({ ConversationActions }) => new ConversationActions({
      api: this.#api,
      list: this.#list,
      projects: this.#projects,
      signal: this.#control.signal,
      open: (id) => (id === this.#conversation?.id ? this.#conversation : null),
      onleave: () => this.#openMostRecent(),
      onreturn: (id) => this.#router.go({ id }),
    }));
    try {
      return (await this.#actions)[what](...parameters);
    } catch (error) {
      this.#actions = null;
      notify(error.message);
    }
  }

  /** What is looked at to its end has been read. */
  #followReading(conversation) {
    this.#reading?.abort();
    this.#reading = new AbortController();
    const log = this.#view.element.querySelector("[role=log]");
    const isAtEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < nearEnd;
    this.#marks.follow(conversation, { isAtEnd, scroller: log, signal: this.#reading.signal });
  }

  /** What an older web app left here is offered. */
  async #offerRescue() {
    if (hasLegacy()) (await import("./rescue-banner.js")).offerRescue(this.element, this.#router, this.#control.signal);
  }

  /** Whoever signs out leaves nothing of it behind, and is asked before that. */
  async #signOut(onsignout) {
    if (hasLegacy() && !(await (await import("./rescue-leaving.js")).mayLeave(this.#router))) return;
    if (this.#actions) await this.#act("settle");
    onsignout();
  }

  async #askToErase(session) {
    const { openEraseDialog } = await import("./erase-dialog.js");
    openEraseDialog((password) => session.erase(password));
  }

  async #openProject(id) {
    const [{ openProjectDialog }, project] = await Promise.all([
      import("./project-dialog.js"), id && this.#api.get(`/projects/${id}`),
    ]);
    if (project) this.#projects.update(project);
    const made = await openProjectDialog(project, {
      api: this.#api, projects: this.#projects, live: this.#live, user: this.#user,
    });
    // Whoever makes a project goes on in it.
    if (made && this.#projects.find(made.id)) this.#list.select({ project: made.id });
  }
}

/** A page that was gone to begins at its heading, for those who hear it. */
function focusHeading(element) {
  const heading = element.querySelector("h1");
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

function loading() {
  const text = h("span", { class: "visually-hidden" }, s.common.loading);
  return h("div", { class: "loading", role: "status" }, text);
}
