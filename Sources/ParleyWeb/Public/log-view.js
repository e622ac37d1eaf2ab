import { iconButton } from "./controls.js";
import { h } from "./dom.js";
import { LogRows } from "./log-rows.js";
import { MessageView } from "./message-view.js";
import { addressOf } from "./router.js";
import { s } from "./strings.js";
import { dayOf } from "./time.js";
import { UnsentView } from "./unsent-view.js";

/** How many messages beyond those that are drawn are fetched ahead. */
const ahead = 25;
const markedFor = 2500;
/** How long an answer may take to begin, until it is offered to ask again. */
const patience = 5000;
const pages = { PageUp: -1, PageDown: 1 };

/** The messages of a conversation, oldest first; those near the window are drawn, and fetched when they come near. */
export class LogView {
  element;
  jump;
  #conversation;
  #user;
  #unsent;
  #empty;
  #onedit;
  #rows;
  #views = new Map();
  #unsentViews = new Map();
  #context;
  #tools = null;
  #openTools = null;
  #offered = null;
  #pointer = null;
  #unanswered = null;
  #asking = null;
  #count = 0;
  #drawing = false;
  #marked = null;
  #origin = h("p", { class: "log-origin", hidden: true });
  #notSent = h("div", { class: "log-part" });

  /** `context` is what messages are worked on with: `api`, `go` (to a route) and `mayWrite()`. */
  constructor(conversation, { user, unsent, empty, onedit, signal, ...context }) {
    this.#conversation = conversation;
    this.#context = { conversation, unsent, user, ...context };
    this.#user = user;
    this.#unsent = unsent;
    this.#empty = empty;
    this.#onedit = onedit;
    const onkeydown = (event) => this.#key(event);
    this.element = h("div", { class: "log", role: "log", tabindex: 0, "aria-label": s.conversation.log, onkeydown });
    this.#rows = new LogRows(this.element, {
      make: (index) => this.#make(index + 1),
      onlook: (first, last) => this.#look(first + 1, last + 1),
      onend: (atEnd) => this.#showEnd(atEnd),
    });
    this.element.append(h("div", { class: "log-content" }, this.#origin, this.#rows.element, this.#notSent, empty));
    const hidden = { class: "jump-button", hidden: true };
    this.jump = iconButton("down", s.conversation.toEnd, () => this.scrollToEnd(), hidden);
    this.#showCount();
    this.#showUnsent();
    conversation.addEventListener("message", ({ detail }) => this.#changed(detail), { signal });
    conversation.addEventListener("info", () => this.#draw(), { signal });
    conversation.addEventListener("state", () => this.#showState(), { signal });
    unsent.addEventListener("change", () => this.#showUnsent(), { signal });
    for (const type of ["pointermove", "focusin", "click"]) {
      this.element.addEventListener(type, (event) => this.#offerTools(event));
    }
    this.element.addEventListener("pointerleave", () => this.#openTools?.hide());
  }

  /** At the end, or at one of the messages. */
  start(seq) {
    this.#rows.start(this.#origin, this.#notSent, this.#empty);
    this.#showState();
    if (seq) this.showMessage(seq);
  }

  close() {
    clearTimeout(this.#asking);
    this.#rows.close();
  }

  scrollToEnd() {
    this.#rows.scrollToEnd();
  }

  /** Brings a message into sight and marks it for a moment. Past the end there is none. */
  showMessage(seq) {
    if (seq > this.#conversation.count) return this.scrollToEnd();
    this.#mark(null);
    this.#marked = seq;
    this.#rows.scrollTo(seq - 1, 1 / 3);
    this.#mark(seq);
    setTimeout(() => this.#marked === seq && this.#mark(null), markedFor);
  }

  #mark(seq) {
    this.#rows.row(this.#marked - 1)?.element.classList.remove("is-marked");
    this.#marked = seq;
    this.#rows.row(seq - 1)?.element.classList.add("is-marked");
  }

  #changed(message) {
    const view = this.#views.get(message.seq);
    if (view?.id === message.id) view.update(message);
    else this.#arrived(message);
    this.#draw();
  }

  #arrived({ seq, created_at }) {
    this.#rows.replace(seq - 1);
    const next = this.#conversation.at(seq + 1);
    // Whether a day begins there is known only now.
    if (next && dayOf(next.created_at) !== dayOf(created_at)) this.#rows.replace(seq);
  }

  /** Once for all that is told in one go, and before it is seen. */
  #draw() {
    if (this.#drawing) return;
    this.#drawing = true;
    queueMicrotask(() => {
      this.#drawing = false;
      this.#showCount();
      this.#rows.draw();
    });
  }

  #showCount() {
    const { count } = this.#conversation;
    if (count > this.#count && !this.jump.hidden) this.jump.classList.add("has-news");
    this.#count = count;
    this.#rows.resize(count);
    if (count) this.#empty.remove();
    this.#showOrigin();
    this.#showState();
  }

  /** Whoever reads further up isn't torn away from it, but sees that there is something new below. */
  #showEnd(atEnd) {
    this.jump.hidden = atEnd;
    if (atEnd) this.jump.classList.remove("has-news");
    // What is drawn while one scrolls is no news to be read out.
    this.element.setAttribute("aria-live", atEnd ? "polite" : "off");
  }

  #look(first, last) {
    const { count } = this.#conversation;
    this.#conversation.look(Math.max(first - ahead, 1), Math.min(last + ahead, count));
    let isWhole = true;
    for (let seq = first; seq <= last; seq += 1) isWhole &&= Boolean(this.#conversation.at(seq));
    this.element.setAttribute("aria-busy", !isWhole);
  }

  #make(seq) {
    const message = this.#conversation.at(seq);
    const marked = seq === this.#marked ? "is-marked" : "";
    if (!message) {
      const text = h("span", { class: "visually-hidden" }, s.common.loading);
      return { element: h("div", { class: `log-row log-hole ${marked}`, "data-hole": seq }, text), isHole: true };
    }
    const { renderer } = this.#conversation;
    const view = new MessageView(message, { user: this.#user, renderer, act: (...asked) => this.#act(...asked) });
    this.#views.set(seq, view);
    if (this.#unsent.edits.has(message.id)) this.#act("edit", message);
    const day = this.#newDay(message);
    const element = h("div", { class: `log-row ${marked}` }, day && h("p", { class: "log-day" }, day), view.element);
    return {
      element,
      close: () => {
        view.close();
        if (this.#views.get(seq) === view) this.#views.delete(seq);
      },
    };
  }

  /** The day's name where a message is the first of its day, as far as that is known. */
  #newDay({ seq, created_at }) {
    const before = this.#conversation.at(seq - 1);
    const day = dayOf(created_at);
    return before && dayOf(before.created_at) !== day ? day : null;
  }

  /** What can be done with messages, loaded when somebody goes to one of them. */
  #load() {
    return (this.#tools ??= Promise.all([import("./message-actions.js"), import("./message-tools.js")])
      .then(([{ MessageActions }, { MessageTools }]) => {
        const actions = new MessageActions(this.#context);
        return { actions, tools: (this.#openTools = new MessageTools(actions)) };
      }).catch((error) => {
        this.#tools = null;
        throw error;
      }));
  }

  async #act(what, message, ...more) {
    const { actions, tools } = await this.#load();
    const view = this.#views.get(message.seq);
    if (what === "edit") return view && actions.edit(view);
    if (what === "tools") return view && tools.show(view, { takesFocus: true });
    return actions[what](message, ...more);
  }

  /** Hovering shows them, a tap, and the message's own button. */
  async #offerTools({ type, target, pointerType, clientX, clientY }) {
    if (type === "pointermove") {
      // A log that scrolls below a pointer that rests is no hovering.
      const rests = this.#pointer === `${clientX} ${clientY}`;
      this.#pointer = `${clientX} ${clientY}`;
      if (rests || pointerType === "touch") return;
    }
    const view = this.#views.get(Number(target.closest?.(".message")?.dataset.seq));
    const isButton = target.closest?.(".message-more");
    if (!view || (type === "focusin" && !isButton)) return;
    if (type === "click" && (isButton || target.closest("a, button, summary, textarea, .message-tools"))) return;
    if (type === "pointermove" && view === this.#offered && view.element.classList.contains("has-tools")) return;
    this.#offered = view;
    const { tools } = await this.#load();
    if (this.#offered === view) tools.show(view, { takesFocus: type === "focusin" });
  }

  /** The last message may be one that nobody answers: its author may ask again. */
  #showState() {
    this.#openTools?.refresh();
    clearTimeout(this.#asking);
    const last = this.#conversation.at(this.#count);
    const isMine = last?.role === "user" && last.author === this.#user.email && last.status !== "deleted";
    const waits = isMine && !this.#conversation.busy && this.#context.mayWrite();
    const rest = waits ? patience - (Date.now() - Date.parse(last.updated_at)) : 0;
    if (rest > 0) this.#asking = setTimeout(() => this.#showState(), rest);
    const view = waits && rest <= 0 ? this.#views.get(last.seq) : null;
    if (this.#unanswered !== view) this.#unanswered?.setUnanswered(false);
    this.#unanswered = view;
    view?.setUnanswered(true);
  }

  /** Where a conversation that was forked comes from. */
  #showOrigin() {
    const origin = this.#conversation.info?.forked_from;
    if (!origin || !this.#origin.hidden) return;
    const route = { id: origin.conversation_id, seq: origin.seq };
    const link = h("a", { href: `${addressOf(route.id)}#${route.seq}`, onclick: (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.#context.go(route);
    } }, s.conversation.forkedLink);
    this.#origin.append(`${s.conversation.forkedFrom} `, link);
    this.#origin.hidden = false;
  }

  #key(event) {
    if (event.target !== this.element || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key in pages) this.#rows.scrollBy(pages[event.key]);
    else if (event.key === "Home") this.#rows.scrollTo(0, 1);
    else if (event.key === "End") this.scrollToEnd();
    else return;
    event.preventDefault();
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
