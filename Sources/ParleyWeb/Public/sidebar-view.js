import { iconButton, linkButton } from "./controls.js";
import { groupsOf } from "./conversation-groups.js";
import { ConversationRow } from "./conversation-row.js";
import { h, loadStyle } from "./dom.js";
import { icon, mark } from "./icons.js";
import { searchField } from "./search-field.js";
import { s } from "./strings.js";
import { VirtualRows } from "./virtual-rows.js";

const minute = 60_000;

/** The column of conversations, what is done with them, and at its foot who is signed in (`account`). */
export class SidebarView {
  element;
  #list;
  #projects;
  #actions;
  #active = null;
  /** The one whose row the Tab key reaches. */
  #stop = null;
  #rows;
  #new;
  #search;
  #scope = null;
  #onprojects;
  #observer;
  #scroller = h("nav", { class: "sidebar-list", "aria-label": s.sidebar.conversations });
  #foot = h("div", { class: "rows-foot" });
  #drawing = false;
  #changed = new Set();

  /** `onmenu` (item, button, rename) and `onprojects` (id, or null for a new one) open what can be done with them. */
  constructor(list, { account, projects, marks, api, signal, onnew, onprojects, ...actions }) {
    this.#list = list;
    this.#projects = projects;
    this.#onprojects = onprojects;
    this.#actions = {
      ...actions,
      isActive: ({ id }) => id === this.#active,
      isUnread: (item) => marks.isUnread(item),
      mayWrite: (item) => projects.mayWrite(item.project_id),
    };
    this.#rows = new VirtualRows(this.#scroller, () => new ConversationRow(this.#actions), () => this.#setStop());
    this.#scroller.append(this.#rows.element, this.#foot);
    const button = { class: "button new-button", type: "button", onclick: onnew };
    this.#new = h("button", button, icon("plus"), s.sidebar.newConversation);
    const named = { title: s.projects.more, "aria-haspopup": "menu" };
    const more = iconButton("more", s.projects.more, async () => (await this.#showScope()).openMenu(more), named);
    this.#search = searchField({ place: this.#scroller, api, list, onopen: actions.onopen });
    this.element = h(
      "aside",
      { class: "sidebar", "aria-label": s.sidebar.sidebar },
      h("p", { class: "brand" }, mark(), "Parley"),
      h("div", { class: "sidebar-line" }, this.#new, more),
      this.#search,
      this.#scroller,
      account,
    );
    this.#scroller.addEventListener("keydown", (event) => this.#keyPressed(event));
    this.#scroller.addEventListener("focusin", () => this.#focused());
    list.addEventListener("change", ({ detail }) => this.#update(detail));
    projects.addEventListener("change", () => {
      if (projects.shared.length) this.#showScope();
      this.#update();
    });
    marks.addEventListener("change", () => this.#refresh());
    const nearEnd = { root: this.#scroller, rootMargin: "1500px" };
    // Of several changes that are told of at once the last counts.
    this.#observer = new IntersectionObserver((told) => told.at(-1).isIntersecting && this.#loadMore(), nearEnd);
    // One timer for all times, and for the day that begins.
    const ticking = setInterval(() => this.#update(), minute);
    signal.addEventListener("abort", () => clearInterval(ticking));
    this.#draw();
  }

  setActive(id) {
    this.#active = id;
    this.#stop = id ?? this.#stop;
    this.#refresh();
  }

  /** Puts the cursor where one types what one looks for. */
  focusSearch() {
    const input = this.#search.querySelector("input");
    input.focus();
    input.select();
  }

  /** The bar that chooses among projects is for those who have some, or who open its menu. */
  #showScope() {
    return (this.#scope ??= Promise.all([import("./scope-bar.js"), loadStyle("scope-bar.css")]).then(([{ ScopeBar }]) => {
      const bar = new ScopeBar(this.#list, this.#projects, this.#onprojects);
      this.#search.after(bar.element);
      return bar;
    }).catch((error) => {
      this.#scope = null;
      throw error;
    }));
  }

  #loadMore() {
    // The first page is the workspace's to ask for; after a failure a person decides when to try again.
    if (this.#list.items.length && !this.#list.problem) this.#list.loadMore();
  }

  /** Many things may change at once; they are drawn once, before the browser paints. */
  #update(id = null) {
    this.#changed.add(id);
    if (this.#drawing) return;
    this.#drawing = true;
    if (document.hidden) queueMicrotask(() => this.#draw());
    else requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#drawing = false;
    const { items, pinnedCount, hasMore, scope } = this.#list;
    const changed = this.#changed.size === 1 ? [...this.#changed][0] : null;
    this.#changed.clear();
    const { item, index } = this.#rows.focused ?? {};
    this.#rows.show(items, groupsOf(items, pinnedCount), { changed, isOpen: hasMore });
    // Who was on a row that is gone is on the one in its place then, and not at the beginning of the page.
    if (item && !this.#rows.row(item.id)) this.#go(index);
    this.#new.disabled = !this.#projects.mayWrite(scope.project);
    this.#new.title = this.#new.disabled ? s.projects.readOnly : "";
    this.#foot.replaceChildren(...this.#footContent());
    // An observer tells of changes only: an end that stays in sight of a tall window has to be observed anew.
    this.#observer.unobserve(this.#foot);
    this.#observer.observe(this.#foot);
  }

  /** Shows anew what doesn't change the order. */
  #refresh() {
    for (const row of this.#rows.rows()) row.refresh();
    this.#setStop();
  }

  #focused() {
    this.#stop = this.#rows.focused?.item.id ?? this.#stop;
    this.#setStop();
  }

  /** One row is reached by the Tab key, and the others from there by the arrows. */
  #setStop() {
    const stop = this.#rows.row(this.#stop) ? this.#stop : this.#rows.first;
    for (const row of this.#rows.rows()) row.setStop(row.item.id === stop);
  }

  #go(index) {
    const last = this.#list.items.length - 1;
    if (last >= 0) this.#rows.reach(Math.min(Math.max(index, 0), last))?.focus();
    else this.#new.focus();
  }

  #keyPressed(event) {
    const row = this.#rows.focused;
    if (!row || event.target.closest("form") || event.ctrlKey || event.metaKey || event.altKey) return;
    const { index, item } = row;
    const { page } = this.#rows;
    const to = {
      ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: Infinity, PageDown: index + page, PageUp: index - page,
    }[event.key];
    if (to !== undefined) this.#go(to);
    else if (event.key === "F2") row.rename();
    else if (event.key === "Delete") this.#actions.ondelete(item);
    else return;
    event.preventDefault();
  }

  #footContent() {
    const { loading, problem, hasMore, items, scope } = this.#list;
    if (loading) return [h("p", { role: "status" }, s.common.loading)];
    if (problem) {
      const again = linkButton(s.common.tryAgain, () => this.#list.loadMore());
      return [h("p", { role: "alert" }, `${problem.message} `, again)];
    }
    if (items.length || hasMore) return [];
    return [h("p", {}, scope.status === "archived" ? s.sidebar.nothingArchived : s.sidebar.nothingYet)];
  }
}
