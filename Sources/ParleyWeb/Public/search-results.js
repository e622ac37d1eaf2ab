import { linkButton } from "./controls.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import "./later-icons.js";
import { relativeTime } from "./relative-time.js";
import { addressOf } from "./router.js";
import { SearchMatch } from "./search-match.js";
import { s } from "./later-strings.js";
import { fullTime } from "./time.js";

const mostTitles = 10;
const pageSize = 30;

/**
 * What is found for what stands in the field: conversations by their titles, and messages. It stays as it was found:
 * what happens since is found by the next search.
 */
export class SearchResults {
  element;
  #api;
  #scope;
  #onopen;
  #onleave;
  #isAtField;
  /** Null until there is an answer to what is asked for. */
  #match = null;
  #query;
  #control = new AbortController();
  #titles = h("ul", { class: "results" });
  #moreTitles = h("p", { class: "results-more" });
  #messages = h("ul", { class: "results" });
  #foot = h("p", { class: "results-foot", role: "status" });
  #titlesPart;
  #messagesPart;
  #cursors = { titles: null, messages: null };
  #loading = false;
  #observer;
  #opensFirst = false;

  /**
   * `scope()` is what is looked through; `onleave` is told with which key one went back to the field, and `isAtField()`
   * says whether one is there.
   */
  constructor({ api, scope, onopen, onleave, isAtField }) {
    this.#api = api;
    this.#scope = scope;
    this.#onopen = onopen;
    this.#onleave = onleave;
    this.#isAtField = isAtField;
    this.#titlesPart = part(s.search.titles, this.#titles, this.#moreTitles);
    this.#messagesPart = part(s.search.messages, this.#messages);
    this.element = h(
      "div",
      { class: "search-results", id: "search-results", role: "region", "aria-label": s.search.results },
      this.#titlesPart, this.#messagesPart, this.#foot,
    );
    this.element.addEventListener("keydown", (event) => this.#keyPressed(event));
    const nearEnd = { root: this.element, rootMargin: "400px" };
    // Of several changes that are told of at once the last counts.
    this.#observer = new IntersectionObserver((told) => told.at(-1).isIntersecting && this.#loadMore(), nearEnd);
    this.#observer.observe(this.#foot);
  }

  /** Looks for something else; what was under way comes to nothing. */
  async search(query) {
    this.#control.abort();
    const control = (this.#control = new AbortController());
    this.#query = query;
    // What stands there until the answer comes is one to something else.
    this.#match = null;
    this.#cursors = { titles: null, messages: null };
    this.#foot.replaceChildren(s.search.searching);
    const [titles, messages] = await Promise.allSettled([
      this.#find("titles", query, null, control),
      this.#find("messages", query, null, control),
    ]);
    if (control.signal.aborted) return;
    const opensFirst = this.#opensFirst && this.#isAtField();
    this.#opensFirst = false;
    this.#match = new SearchMatch(query);
    const problem = [titles, messages].find(({ status }) => status === "rejected")?.reason;
    for (const list of [this.#titles, this.#messages]) list.replaceChildren();
    this.element.scrollTop = 0;
    if (problem) return this.#fail(problem, () => this.search(query));
    this.#addTitles(titles.value);
    this.#addMessages(messages.value);
    this.#tell();
    if (opensFirst) this.openFirst();
  }

  /** What was asked for is no answer any more to what stands in the field. */
  abort() {
    this.#opensFirst = false;
    this.#control.abort();
  }

  close() {
    this.abort();
    this.#observer.disconnect();
    this.element.remove();
  }

  /** Goes from the field to the first of them; false where there is none. */
  enter() {
    const [first] = this.#links;
    first?.focus();
    return Boolean(first);
  }

  /** Opens the first, as soon as it is known, unless one has left the field by then. */
  openFirst() {
    if (this.#control.signal.aborted || !this.#match) return (this.#opensFirst = true);
    this.#links[0]?.click();
  }

  get #links() { return [...this.element.querySelectorAll("a")]; }

  async #find(what, query, cursor, { signal }) {
    const { project } = this.#scope();
    const parameters = new URLSearchParams({ q: query, limit: what === "titles" ? mostTitles : pageSize });
    if (project) parameters.set("project_id", project);
    if (cursor) parameters.set("cursor", cursor);
    const path = what === "titles" ? "/conversations" : "/search";
    const response = await this.#api.open("GET", `${path}?${parameters}`, { signal });
    return response.json();
  }

  #addTitles({ conversations, next_cursor: cursor }) {
    this.#cursors.titles = cursor ?? null;
    this.#titles.append(...conversations.map((conversation) => this.#result(conversation, conversation.updated_at)));
    const more = linkButton(s.search.more, () => this.#load("titles", (page) => this.#addTitles(page)));
    this.#moreTitles.replaceChildren(...(cursor ? [more] : []));
    this.#titlesPart.hidden = !this.#titles.childElementCount;
  }

  #addMessages({ results, next_cursor: cursor }) {
    this.#cursors.messages = cursor ?? null;
    this.#messages.append(...results.map(({ conversation, message, snippet }) => (
      this.#result(conversation, message.created_at, { message, snippet })
    )));
    this.#messagesPart.hidden = !this.#messages.childElementCount;
    // An observer tells of changes only: an end that stays in sight has to be observed anew.
    this.#observer.unobserve(this.#foot);
    this.#observer.observe(this.#foot);
  }

  #result(conversation, time, { message, snippet } = {}) {
    const { id, title, status } = conversation;
    const seq = message?.seq ?? null;
    const onclick = (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      this.#onopen(id, seq);
    };
    return h(
      "li",
      {},
      h(
        "a",
        { class: "result", href: addressOf(id) + (seq ? `#${seq}` : ""), onclick },
        h("span", { class: "result-title", dir: "auto" }, ...(message ? [title] : this.#match.mark(title))),
        status === "archived" && h("span", { class: "result-note" }, icon("archive"), s.sidebar.archived),
        h("time", { class: "result-time", datetime: time, title: fullTime(time) }, relativeTime(time)),
        message && h("span", { class: "result-text", dir: "auto" }, ...this.#match.mark(snippet)),
      ),
    );
  }

  #loadMore() {
    this.#load("messages", (page) => this.#addMessages(page));
  }

  async #load(what, add) {
    if (this.#loading || !this.#cursors[what]) return;
    this.#loading = true;
    const control = this.#control;
    try {
      const page = await this.#find(what, this.#query, this.#cursors[what], control);
      if (!control.signal.aborted) add(page);
    } catch (error) {
      if (!control.signal.aborted) this.#fail(error, () => this.#load(what, add));
      return;
    } finally {
      this.#loading = false;
    }
    if (!control.signal.aborted) this.#tell();
  }

  #tell() {
    const { titles, messages } = this.#cursors;
    const count = this.#titles.childElementCount + this.#messages.childElementCount;
    const text = count ? s.search.found(count, Boolean(titles || messages)) : s.search.nothing(this.#query);
    // What stands there already would be read out again.
    if (this.#foot.textContent !== text) this.#foot.textContent = text;
  }

  #fail(error, again) {
    for (const list of [this.#titlesPart, this.#messagesPart]) list.hidden = !list.querySelector("li");
    this.#foot.replaceChildren(`${error.message} `, linkButton(s.common.tryAgain, again));
  }

  #keyPressed(event) {
    const links = this.#links;
    const index = links.indexOf(document.activeElement);
    const { key } = event;
    const to = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: links.length - 1 }[key];
    if (key === "Escape" || (key === "ArrowUp" && index === 0)) this.#onleave(key);
    else if (to === undefined || index < 0) return;
    else links[Math.min(to, links.length - 1)].focus();
    // An Escape that ends the search must not close the drawer as well.
    event.stopPropagation();
    event.preventDefault();
  }
}

function part(heading, ...content) {
  return h("section", { class: "results-part", hidden: true }, h("h2", {}, heading), ...content);
}
