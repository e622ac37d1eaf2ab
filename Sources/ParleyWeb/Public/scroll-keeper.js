const nearEnd = 64;

/**
 * Keeps a scrolled log where its reader is: at the end as long as they are at the end, however the content grows or the
 * window shrinks; and on the same line when older content is put before it.
 */
export class ScrollKeeper {
  #scroller;
  #observer;
  #atEnd = true;
  #onchange;

  constructor(scroller, content, onchange) {
    this.#scroller = scroller;
    this.#onchange = onchange;
    scroller.addEventListener("scroll", () => this.#note(), { passive: true });
    this.#observer = new ResizeObserver(() => (this.#atEnd ? this.scrollToEnd() : this.#note()));
    this.#observer.observe(scroller);
    this.#observer.observe(content);
  }

  scrollToEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#note();
  }

  /** Runs a change that adds content above. */
  keepPlace(change) {
    const below = this.#scroller.scrollHeight - this.#scroller.scrollTop;
    change();
    this.#scroller.scrollTop = this.#scroller.scrollHeight - below;
  }

  close() {
    this.#observer.disconnect();
  }

  #note() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    this.#atEnd = scrollHeight - scrollTop - clientHeight < nearEnd;
    this.#onchange(this.#atEnd);
  }
}
