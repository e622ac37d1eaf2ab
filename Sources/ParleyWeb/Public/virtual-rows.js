import { h } from "./dom.js";

/** How far above and below the window rows are there, so that none is missing while it scrolls. */
const margin = 600;
/** Rows out of sight that are kept to be used again. */
const mostSpare = 40;
const rowRem = 3.75;
const headingRem = 2.25;

/**
 * A list of any length in groups, of which only the rows near the window are in the page. Each has its place by its
 * number, since all are equally high; the row with the focus stays, wherever it is.
 *
 * `make()` makes a row (`{ element, item, index, update(item), forget() }`); `ondraw` is told when others are there.
 */
export class VirtualRows {
  element = h("ul", { class: "rows" });
  #scroller;
  #make;
  #ondraw;
  #items = [];
  #groups = [];
  /** By the id of the item, or the label of the heading. */
  #shown = new Map();
  #spare = [];
  #top = 0;
  #height = 0;
  #row = 60;
  #heading = 36;
  #size = 0;

  constructor(scroller, make, ondraw) {
    this.#scroller = scroller;
    this.#make = make;
    this.#ondraw = ondraw;
    new ResizeObserver(() => this.#measure()).observe(scroller);
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
  }

  /** Shows these items in these groups. What one looks at stays where it is; `changed` is the one that moved. */
  show(items, groups, { changed = null, isOpen = false } = {}) {
    const anchor = this.#anchor(changed);
    this.#items = items;
    this.#layOut(groups, isOpen);
    this.#draw();
    const now = anchor && this.#shown.get(anchor.id);
    if (now && now.top !== anchor.top) this.#scrollTo(this.#top + now.top - anchor.top);
  }

  /** The rows in the page. */
  *rows() {
    for (const { row } of this.#shown.values()) if (row) yield row;
  }

  row(id) { return this.#shown.get(id)?.row; }

  get focused() {
    const element = document.activeElement?.closest(".row");
    return element && [...this.rows()].find((row) => row.element === element);
  }

  /** The id of the first item in sight. */
  get first() { return this.#items[this.#indexAt(this.#top)]?.id; }

  /** How many rows fit into the window. */
  get page() { return Math.max(1, Math.floor(this.#height / this.#row) - 1); }

  /** Brings the item of that number into sight, with its heading where it is a group's first; returns its row. */
  reach(index) {
    const { start, top: heading } = this.#groups.find((group) => index < group.start + group.count);
    const top = heading + this.#heading + (index - start) * this.#row;
    const bottom = top + this.#row;
    const first = index === start ? heading : top;
    if (first < this.#top) this.#scrollTo(first);
    else if (bottom > this.#top + this.#height) this.#scrollTo(bottom - this.#height);
    return this.row(this.#items[index].id);
  }

  #measure() {
    this.#height = this.#scroller.clientHeight;
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    [this.#row, this.#heading] = [rowRem * rem, headingRem * rem];
    this.#layOut(this.#groups, this.#size < 0);
    this.#scrolled();
  }

  #scrolled() {
    this.#top = this.#scroller.scrollTop;
    this.#draw();
  }

  #scrollTo(top) {
    this.#scroller.scrollTop = top;
    this.#scrolled();
  }

  #layOut(groups, isOpen) {
    let top = 0;
    let number = 1;
    this.#groups = groups.map((group) => {
      const placed = { ...group, top, number };
      top += this.#heading + group.count * this.#row;
      number += 1 + group.count;
      return placed;
    });
    // How many there are isn't known as long as there are more to load.
    this.#size = isOpen ? -1 : number - 1;
    this.element.style.height = `${top}px`;
  }

  /** The number of the item that stands at a height. */
  #indexAt(y) {
    const group = this.#groups.findLast(({ top }) => top <= y) ?? this.#groups[0];
    if (!group) return -1;
    const within = Math.floor((y - group.top - this.#heading) / this.#row);
    return group.start + Math.min(Math.max(within, 0), group.count - 1);
  }

  /** What is seen first, which shall not move; at the top, what is new comes into sight instead. */
  #anchor(changed) {
    if (this.#top < this.#row) return null;
    const first = this.#indexAt(this.#top);
    return [first, first + 1].map((index) => this.#items[index]?.id).filter((id) => id !== changed && this.row(id))
      .map((id) => ({ id, top: this.#shown.get(id).top }))[0];
  }

  #draw() {
    const wanted = this.#wanted();
    const keys = new Set(wanted.map(({ key }) => key));
    for (const [key, { element, row }] of this.#shown) {
      if (keys.has(key)) continue;
      this.#shown.delete(key);
      element.remove();
      row?.forget();
      if (row && this.#spare.length < mostSpare) this.#spare.push(row);
    }
    this.#arrange(wanted.map((place) => this.#put(place)));
    this.#ondraw();
  }

  /** What there is to be in the page, in order: `{ key, top, number }`, and a `label`, or an `item` and its `index`. */
  #wanted() {
    const [from, to] = [this.#top - margin, this.#top + this.#height + margin];
    const id = this.focused?.item.id;
    const focused = id ? this.#items.findIndex((item) => item.id === id) : -1;
    const wanted = [];
    for (const { label, start, count, top, number } of this.#groups) {
      const rows = top + this.#heading;
      const first = Math.max(0, Math.floor((from - rows) / this.#row));
      const last = Math.min(count - 1, Math.floor((to - rows) / this.#row));
      if (top < to && rows > from) wanted.push({ key: label, label, top, number });
      const numbers = [];
      for (let within = first; within <= last; within += 1) numbers.push(within);
      const own = focused - start;
      if (own >= 0 && own < count && !(own >= first && own <= last)) numbers[own < first ? "unshift" : "push"](own);
      for (const within of numbers) {
        const item = this.#items[start + within];
        const at = { top: rows + within * this.#row, number: number + 1 + within };
        wanted.push({ key: item.id, item, index: start + within, ...at });
      }
    }
    return wanted;
  }

  #put({ key, label, item, index, top, number }) {
    let entry = this.#shown.get(key);
    if (!entry) {
      const row = label ? null : this.#spare.pop() ?? this.#make();
      entry = { row, element: row?.element ?? h("li", { class: "rows-group" }, h("h2", {}, label)) };
      this.#shown.set(key, entry);
    }
    const { row, element } = entry;
    if (row) {
      row.index = index;
      row.update(item);
    }
    if (entry.top !== top) element.style.transform = `translateY(${top}px)`;
    if (entry.number !== number || entry.size !== this.#size) {
      element.ariaPosInSet = number;
      element.ariaSetSize = this.#size;
    }
    Object.assign(entry, { top, number, size: this.#size });
    return element;
  }

  /** Brings the rows in order, around the one with the focus: moved, it would lose it, and a name half typed too. */
  #arrange(elements) {
    const focused = document.activeElement?.closest(".row") ?? null;
    let next = null;
    for (const element of elements.toReversed()) {
      if (element === focused && element.isConnected) {
        while (element.nextElementSibling !== next) this.element.insertBefore(element.nextElementSibling, element);
      } else if (element.parentNode !== this.element || element.nextElementSibling !== next) {
        this.element.insertBefore(element, next);
      }
      next = element;
    }
  }
}
