import { iconButton, linkButton } from "./controls.js";
import { ConversationRow } from "./conversation-row.js";
import { h } from "./dom.js";
import { icon, mark } from "./icons.js";

/** The column of conversations, what is done with them, and who is signed in. */
export class SidebarView {
  element;
  #list;
  #actions;
  #active = null;
  #rows = new Map();
  #items = h("ul", { class: "rows" });
  #observer;
  #foot = h("div", { class: "rows-foot" });

  constructor(list, { user, onnew, onsignout, ...actions }) {
    this.#list = list;
    this.#actions = actions;
    const scroller = h("nav", { class: "sidebar-list", "aria-label": "Conversations" }, this.#items, this.#foot);
    this.element = h(
      "aside",
      { class: "sidebar", "aria-label": "Sidebar" },
      h("p", { class: "brand" }, mark(), "Parley"),
      h("button", { class: "button new-button", type: "button", onclick: onnew }, icon("plus"), "New conversation"),
      scroller,
      account(user, onsignout),
    );
    list.addEventListener("change", () => this.#update());
    const nearEnd = { root: scroller, rootMargin: "400px" };
    this.#observer = new IntersectionObserver(([end]) => end.isIntersecting && this.#loadMore(), nearEnd);
    this.#update();
  }

  setActive(id) {
    this.#active = id;
    for (const [key, row] of this.#rows) row.setActive(key === id);
  }

  #loadMore() {
    // The first page is the workspace's to ask for; after a failure a person decides when to try again.
    if (this.#list.items.length && !this.#list.problem) this.#list.loadMore();
  }

  #update() {
    const known = new Set(this.#list.items.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (known.has(id)) continue;
      row.element.remove();
      this.#rows.delete(id);
    }
    this.#arrange(this.#list.items.map((item) => this.#row(item).element));
    this.#foot.replaceChildren(...this.#footContent());
    // An observer tells of changes only: an end that stays in sight of a tall window has to be observed anew.
    this.#observer.unobserve(this.#foot);
    this.#observer.observe(this.#foot);
  }

  /** Brings the rows in order, around the one with the focus: moved, it would lose it, and a name half typed too. */
  #arrange(rows) {
    const focused = document.activeElement?.closest(".row") ?? null;
    let next = null;
    for (const row of rows.toReversed()) {
      if (row === focused && row.isConnected) {
        while (row.nextElementSibling !== next) this.#items.insertBefore(row.nextElementSibling, row);
      } else if (row.parentNode !== this.#items || row.nextElementSibling !== next) {
        this.#items.insertBefore(row, next);
      }
      next = row;
    }
  }

  #row(item) {
    let row = this.#rows.get(item.id);
    if (row) {
      row.update(item);
    } else {
      row = new ConversationRow(item, this.#actions);
      row.setActive(item.id === this.#active);
      this.#rows.set(item.id, row);
    }
    return row;
  }

  #footContent() {
    const { loading, problem, hasMore, items } = this.#list;
    if (loading) return [h("p", { role: "status" }, "Loading…")];
    if (problem) {
      const again = linkButton("Try again", () => this.#list.loadMore());
      return [h("p", { role: "alert" }, `${problem.message} `, again)];
    }
    return items.length || hasMore ? [] : [h("p", {}, "Your conversations will appear here.")];
  }
}

function account({ name, email }, onsignout) {
  return h(
    "div",
    { class: "account" },
    h("span", { class: "avatar", "aria-hidden": "true" }, (name || email).slice(0, 1).toUpperCase()),
    h(
      "p",
      { class: "account-who" },
      h("span", { class: "account-name" }, name || email),
      name && h("span", { class: "account-email" }, email),
    ),
    iconButton("leave", "Sign out", onsignout, { title: "Sign out" }),
  );
}
