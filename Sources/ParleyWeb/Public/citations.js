import { h } from "./dom.js";
import { s } from "./later-strings.js";

const citation = /\[(\d{1,3})\]/g;

/** The sources of an answer: numbered buttons below it, and its own marks such as [1] made into buttons. */
export class Citations {
  element;
  #body;
  #contexts;
  #observer;

  constructor(body, contexts) {
    this.#body = body;
    this.#contexts = contexts;
    this.element = h(
      "div",
      { class: "sources", role: "group", "aria-label": s.message.sources(contexts.length) },
      h("span", {}, s.message.sources(contexts.length)),
      ...contexts.map((_, at) => this.#button(at + 1, "source-chip")),
    );
    // Markdown is drawn when it comes, and again when it changes.
    this.#observer = new MutationObserver(() => this.#markAll());
    this.#observer.observe(body, { childList: true, subtree: true });
    this.#markAll();
  }

  /** The marks are text again: they may stand for other sources now, or for none. */
  close() {
    this.#observer.disconnect();
    for (const mark of this.#body.querySelectorAll(".citation")) mark.replaceWith(`[${mark.textContent}]`);
  }

  #button(number, name) {
    const { title } = this.#contexts[number - 1];
    const label = title ? s.message.sourceNamed(number, title) : s.message.source(number);
    const onclick = async ({ currentTarget }) => {
      const { openSources } = await import("./sources-panel.js");
      openSources(this.#contexts, number, currentTarget);
    };
    return h("button", { class: name, type: "button", "aria-label": label, title, onclick }, String(number));
  }

  #markAll() {
    const walker = document.createTreeWalker(this.#body, NodeFilter.SHOW_TEXT, ({ data, parentElement }) => {
      const isText = data.includes("[") && !parentElement.closest("a, button, pre, code");
      return isText ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_REJECT;
    });
    const found = [];
    while (walker.nextNode()) found.push(walker.currentNode);
    for (const node of found) this.#mark(node);
  }

  #mark(node) {
    const pieces = [];
    let end = 0;
    for (const match of node.data.matchAll(citation)) {
      const number = Number(match[1]);
      if (!this.#contexts[number - 1]) continue;
      pieces.push(node.data.slice(end, match.index), this.#button(number, "citation"));
      end = match.index + match[0].length;
    }
    if (end) node.replaceWith(...pieces, node.data.slice(end));
  }
}
