import { iconButton } from "./controls.js";
import { loadStyle } from "./dom.js";
import { SearchResults } from "./search-results.js";
import { s } from "./later-strings.js";

/** How long nothing may be typed until it is looked for. */
const pause = 150;

/** What is typed is looked for, and as long as something stands there, what is found stands in the list's place. */
export class Search {
  #input;
  #place;
  #context;
  #timer = null;
  #results = null;
  #asked = "";
  #clear = iconButton("close", s.search.clear, () => this.clear(), { hidden: true });

  /** `context` is `place` (what the results take the place of), `api`, `list` and `onopen`. */
  constructor(element, input, { place, ...context }) {
    this.#input = input;
    this.#place = place;
    this.#context = context;
    loadStyle("search.css").then(() => element.append(this.#clear));
    input.addEventListener("input", () => this.#typed());
    input.addEventListener("keydown", (event) => this.#keyPressed(event));
    context.list.addEventListener("scope", () => this.#query && this.#search());
    // Typed while this was loaded.
    if (input.value) this.#typed();
  }

  get #query() { return this.#input.value.trim(); }

  clear() {
    this.#input.value = "";
    this.#typed();
    this.#input.focus();
  }

  #typed() {
    clearTimeout(this.#timer);
    this.#clear.hidden = !this.#input.value;
    if (!this.#query) return this.#end();
    this.#results?.abort();
    this.#timer = setTimeout(() => this.#search(), pause);
  }

  #search() {
    clearTimeout(this.#timer);
    if (!this.#results) {
      const { list, ...rest } = this.#context;
      this.#results = new SearchResults({
        ...rest, scope: () => list.scope, onleave: (key) => this.#left(key),
        isAtField: () => document.activeElement === this.#input,
      });
      this.#place.after(this.#results.element);
    }
    this.#place.hidden = true;
    this.#asked = this.#query;
    this.#results.search(this.#query);
  }

  #end() {
    this.#results?.close();
    this.#results = null;
    this.#place.hidden = false;
  }

  #keyPressed(event) {
    if (event.isComposing || !this.#query) return;
    if (event.key === "Escape") {
      // This Escape is spent: it must not close the drawer as well.
      event.stopPropagation();
      this.clear();
    } else if (event.key === "ArrowDown") {
      this.#results?.enter();
    } else if (event.key === "Enter") {
      if (this.#asked !== this.#query || !this.#results) this.#search();
      this.#results.openFirst();
    } else {
      return;
    }
    event.preventDefault();
  }

  /** One has gone out of the results with a key. */
  #left(key) {
    if (key === "Escape") this.clear();
    else this.#input.focus();
  }
}
