import { h } from "./dom.js";
import { LogLayout, spread } from "./log-layout.js";

/** Who is so near to the end stays there. */
const nearEnd = 64;
/** How much is drawn above and below what is in sight, at least. */
const margin = 700;
const mostRows = 120;
/** So many milliseconds after somebody's hand was at it, a scroll is theirs. */
const handTime = 3000;
/** After so many milliseconds the rest of the rows waits for the next frame. */
const patience = 6;

/**
 * The rows of a long log, of which those near the window are drawn. What one reads stays where it is, whatever is
 * measured, comes, goes or grows above it; and the end stays in sight as long as one is there.
 *
 * `make(index)` builds a row: `{ element, isHole?, close? }`; a hole stands for what isn't here yet. A row that has the
 * focus stays drawn wherever one scrolls to.
 */
export class LogRows {
  element = h("div", { class: "log-rows" });
  #scroller;
  #make;
  #onlook;
  #onend;
  #layout = new LogLayout();
  #rows = new Map();
  #drawn = [0, -1];
  #observer;
  #anchor = null;
  #atEnd = true;
  #top = 0;
  #height = 0;
  #hand = -handTime;
  #frame = null;
  #started = false;

  /** `onlook(first, last)` is told what is drawn, and `onend(atEnd)` whether the end is in sight. */
  constructor(scroller, { make, onlook, onend }) {
    this.#scroller = scroller;
    this.#make = make;
    this.#onlook = onlook;
    this.#onend = onend;
    this.#observer = new ResizeObserver(() => this.#resized());
    for (const kind of ["wheel", "touchmove", "pointerdown", "keydown"]) {
      scroller.addEventListener(kind, () => { this.#hand = performance.now(); }, { passive: true });
    }
    scroller.addEventListener("scroll", () => this.#heed() && this.#later(), { passive: true });
    this.element.addEventListener("focusout", () => this.#later());
  }

  get atEnd() { return this.#atEnd; }

  /** To be called once the log stands in the page. What stands beside the rows is watched, too. */
  start(...beside) {
    this.#started = true;
    for (const element of [this.#scroller, ...beside]) this.#observer.observe(element);
    this.#draw();
  }

  close() {
    this.#started = false;
    this.#observer.disconnect();
    cancelAnimationFrame(this.#frame);
    for (const index of [...this.#rows.keys()]) this.#remove(index);
  }

  /** There are so many rows now. */
  resize(count) {
    this.#layout.resize(count);
    for (const index of [...this.#rows.keys()]) if (index >= count) this.#remove(index);
  }

  /** A drawn row, if it is. */
  row(index) { return this.#rows.get(index); }

  /** A row is something else now. */
  replace(index) {
    const row = this.#rows.get(index);
    if (!row) return;
    const made = this.#make(index);
    row.element.replaceWith(made.element);
    this.#drop(row);
    this.#rows.set(index, made);
    this.#observer.observe(made.element);
  }

  draw() {
    if (this.#started) this.#draw();
  }

  scrollToEnd() {
    this.#heed();
    this.#atEnd = true;
    this.#draw();
  }

  /** Brings a row to a part of the window's height below its upper edge. */
  scrollTo(index, part = 0) {
    this.#heed();
    this.#atEnd = false;
    this.#anchor = { index, shift: this.#scroller.clientHeight * part };
    this.#draw();
  }

  /** By a part of what is in sight: 1 is a page down. */
  scrollBy(part) {
    this.#hand = performance.now();
    this.#scroller.scrollTop += part * this.#scroller.clientHeight * 0.9;
  }

  /** Takes in where somebody has scrolled to: true if they have. It may be drawn before the event tells of it. */
  #heed() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    // One's own doing: the anchor is what it was made from.
    if (Math.abs(scrollTop - this.#top) < 1) return false;
    const isNear = scrollHeight - scrollTop - clientHeight < nearEnd;
    // What grew since then is no reason to be torn from the end; nor is what shrank before it grew again, which pulls the
    // window up with it, without anybody's hand.
    const isPulled =
      scrollHeight !== this.#height && this.#top - scrollTop < clientHeight && performance.now() - this.#hand > handTime;
    this.#setEnd(isNear || (this.#atEnd && (scrollTop > this.#top || isPulled)));
    this.#top = scrollTop;
    this.#anchor = this.#anchorAt(scrollTop - this.#base);
    return true;
  }

  /** What is read isn't a hole, where anything else is in sight. */
  #anchorAt(top) {
    const [first, last] = this.#layout.window(top, this.#scroller.clientHeight);
    let index = first;
    while (index < last && this.#rows.get(index)?.isHole) index += 1;
    if (this.#rows.get(index)?.isHole) index = first;
    return { index, shift: this.#layout.offset(index) - top };
  }

  #later() {
    this.#frame ??= requestAnimationFrame(() => this.#draw());
  }

  /** Where the rows begin in what is scrolled. */
  get #base() { return this.element.offsetTop; }

  #draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = null;
    if (!this.#started) return;
    this.#heed();
    const end = performance.now() + patience;
    // Measured, rows may turn out smaller than they were thought to be, and leave room for others.
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const isComplete = this.#drawWindow(end);
      this.#measure();
      this.#settle();
      if (isComplete) break;
    }
    if (this.#layout.count) this.#onlook(...this.#drawn);
  }

  /** Draws what belongs into the window, those in sight first; true where nothing had to be drawn. */
  #drawWindow(end) {
    const { count } = this.#layout;
    if (!count) return true;
    const { clientHeight } = this.#scroller;
    const top = this.#atEnd ? Math.max(this.#layout.total - clientHeight, 0) : this.#topNow();
    const sight = this.#layout.window(top, clientHeight);
    const wanted = this.#layout.window(top, clientHeight, Math.max(margin, clientHeight));
    while (wanted[1] - wanted[0] >= mostRows && wanted[0] < sight[0]) wanted[0] += 1;
    while (wanted[1] - wanted[0] >= mostRows && wanted[1] > sight[1]) wanted[1] -= 1;
    let isNew = false;
    let isCut = false;
    for (let index = sight[0]; index <= sight[1]; index += 1) isNew = this.#ensure(index) || isNew;
    const [first, last] = spread(sight, wanted, (index) => {
      if (this.#rows.has(index)) return true;
      isCut ||= performance.now() > end;
      if (!isCut) isNew = this.#ensure(index);
      return !isCut;
    });
    for (const index of [...this.#rows.keys()]) {
      if ((index < first || index > last) && !this.#hasFocus(index)) this.#remove(index);
    }
    this.#place(first, last);
    if (isCut) this.#later();
    return !isNew;
  }

  #ensure(index) {
    if (this.#rows.has(index)) return false;
    const row = this.#make(index);
    this.#rows.set(index, row);
    this.#observer.observe(row.element);
    return true;
  }

  /** Puts the rows into their order, those that merely have the focus out of the flow, and room around them. */
  #place(first, last) {
    const indices = [...this.#rows.keys()].sort((one, other) => one - other);
    let node = this.element.firstChild;
    for (const index of indices) {
      const { element } = this.#rows.get(index);
      const isKept = index < first || index > last;
      element.classList.toggle("is-kept", isKept);
      element.style.top = isKept ? `${this.#layout.offset(index)}px` : "";
      if (element === node) node = node.nextSibling;
      else this.element.insertBefore(element, node);
    }
    this.#drawn = [first, last];
  }

  #hasFocus(index) {
    return index < this.#layout.count && this.#rows.get(index).element.contains(document.activeElement);
  }

  #remove(index) {
    const row = this.#rows.get(index);
    this.#rows.delete(index);
    this.#drop(row);
    row.element.remove();
    // A hole is as high as holes are, which says nothing of what will be there.
    if (row.isHole) this.#layout.forget(index);
  }

  #drop(row) {
    this.#observer.unobserve(row.element);
    row.close?.();
  }

  #measure() {
    for (const [index, { element }] of this.#rows) this.#layout.measure(index, element.getBoundingClientRect().height);
  }

  #resized() {
    this.#heed();
    this.#measure();
    this.#settle();
    // Smaller ones leave room for others.
    this.#later();
  }

  #topNow() {
    return this.#anchor ? this.#layout.topFor(this.#anchor) : 0;
  }

  /** Makes room for what isn't drawn, and brings what is read back to where it was. */
  #settle() {
    const { count } = this.#layout;
    const [first, last] = this.#drawn;
    const below = last < 0 || last >= count ? 0 : this.#layout.total - this.#layout.offset(last + 1);
    this.element.style.paddingBlock = `${this.#layout.offset(Math.min(first, count))}px ${below}px`;
    const scroller = this.#scroller;
    const most = scroller.scrollHeight - scroller.clientHeight;
    const wanted = this.#atEnd ? most : Math.min(this.#topNow() + this.#base, most);
    if (Math.abs(scroller.scrollTop - wanted) >= 0.5) scroller.scrollTop = wanted;
    this.#top = scroller.scrollTop;
    this.#height = scroller.scrollHeight;
    if (this.#atEnd) this.#anchor = this.#anchorAt(this.#top - this.#base);
    this.#setEnd(this.#atEnd || most - this.#top < nearEnd);
  }

  #setEnd(atEnd) {
    this.#atEnd = atEnd;
    this.#onend(atEnd);
  }
}
