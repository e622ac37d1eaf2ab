import { h } from "./dom.js";
import { MarkdownBlock } from "./markdown-block.js";

/** The least time between an answer and the next question, in milliseconds; longer the more there is to ask. */
const shortestPause = 80;
const pausePerCharacter = 0.01;
/** Of a longer text only the blocks that are in sight are laid out. */
const longText = 50_000;
const pieceLength = 8_000;
const atOnce = 500;
/** How long elements are made in one go. */
const slice = 12;

/**
 * Draws Markdown as the server renders it. As a text grows only what begins with its last block is rendered anew: what was
 * drawn before stays the same elements, so that it stays selected, and a long answer costs no more towards its end. What
 * has come since the last answer stands behind it as it was written. Once the text is final all of it is rendered once more,
 * since a link may be defined below its use.
 */
export class MarkdownDrawing {
  #element;
  #renderer;
  #text = "";
  #final = true;
  /** What the blocks show, and whether they were rendered all together. */
  #shown = "";
  #whole = true;
  #blocks = [];
  #pending = h("span", { class: "markdown-pending" });
  #working = false;
  #closed = false;
  #wake = () => {};

  constructor(element, renderer) {
    this.#element = element;
    this.#renderer = renderer;
  }

  update(text, final) {
    this.#text = text;
    this.#final = final;
    if (final) this.#wake();
    if (this.#working) return this.#showPending();
    const known = final && this.#renderer.known(text);
    this.#work(() => (known ? inSlices(this.#show(0, text, known)) : this.#render()));
  }

  /** Nobody sees it any more. */
  close() {
    this.#closed = true;
    this.#wake();
  }

  get #isDone() {
    return this.#closed || (this.#shown === this.#text && (this.#whole || !this.#final));
  }

  async #work(first) {
    this.#working = true;
    try {
      await first();
      while (!this.#isDone) await this.#render();
    } finally {
      this.#working = false;
    }
  }

  async #render() {
    const text = this.#text;
    const keep = this.#final;
    if (!text.startsWith(this.#shown)) this.#forget();
    this.#showPending();
    const from = keep ? 0 : this.#growingFrom;
    const source = text.slice(from);
    const isWanted = () => !this.#closed;
    const blocks = source.trim() ? await this.#renderer.render(source, { keep, isWanted }) : [];
    if (this.#closed) return;
    // The server won't: it stays as it was written.
    if (!blocks) return this.close();
    await inSlices(this.#show(from, text, blocks));
    if (!this.#isDone && !this.#final) await this.#rest(shortestPause + source.length * pausePerCharacter);
  }

  /** Where the last block begins that may still change: what a line is shows only when it is whole. */
  get #growingFrom() {
    const lastLine = this.#shown.lastIndexOf("\n") + 1;
    return this.#blocks.findLast(({ start }) => start < lastLine)?.start ?? 0;
  }

  /** Replaces the blocks that begin from a place on by those that the text has from there on; step by step. */
  *#show(from, text, rendered) {
    const starts = lineStarts(text, from);
    const fresh = document.createDocumentFragment();
    let index = this.#blocks.findIndex(({ start }) => start >= from);
    if (index < 0) index = this.#blocks.length;
    // Only where nothing was rendered of it can it stand for itself alone.
    if (!this.#blocks.length) this.#element.replaceChildren();
    for (const { line, html } of rendered) {
      const next = { start: starts(line), html };
      const present = this.#blocks[index];
      if (present?.html === html) {
        present.start = next.start;
      } else if (!present || !(yield* present.grow(next))) {
        const block = new MarkdownBlock(next);
        yield* block.fill();
        if (present) present.element.replaceWith(block.element);
        else fresh.append(block.element);
        this.#blocks[index] = block;
      }
      // Each time something comes into the page it is laid out.
      if (fresh.childNodes.length >= atOnce) this.#element.append(fresh);
      index += 1;
      yield;
    }
    this.#element.append(fresh);
    for (const { element } of this.#blocks.splice(index)) element.remove();
    this.#shown = text;
    this.#whole = from === 0;
    this.#showPending();
  }

  /** What has come since stands at once where it will stand: at the end of the last block. */
  #showPending() {
    const rest = this.#text.startsWith(this.#shown) ? this.#text.slice(this.#shown.length) : "";
    if (!rest.trim()) return this.#pending.remove();
    const inside = placeFor(rest, this.#blocks.at(-1)?.element);
    this.#element.classList.toggle("is-long", this.#text.length > longText);
    if (rest.length > pieceLength) this.#pending.replaceChildren(...pieces(rest));
    else this.#pending.textContent = inside ? rest : rest.trimStart();
    const place = inside ?? this.#element;
    // Until something is rendered it stands alone.
    if (!this.#blocks.length) return this.#element.replaceChildren(this.#pending);
    if (this.#pending.parentNode !== place || this.#pending.nextSibling) place.append(this.#pending);
  }

  /** It is another text than it was: nothing of it is known to be right. */
  #forget() {
    this.#element.replaceChildren();
    this.#blocks = [];
    this.#shown = "";
  }

  /** Ends early when there is no reason to wait any more. */
  #rest(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => { clearTimeout(timer); resolve(); };
    });
  }
}

/** A long text in pieces, of which only what is in sight is laid out. */
function* pieces(text) {
  for (let start = 0, end; start < text.length; start = end) {
    const lineEnd = text.indexOf("\n", start + pieceLength);
    end = lineEnd < 0 ? text.length : lineEnd + 1;
    yield h("span", { class: "markdown-piece" }, text.slice(start, end));
  }
}

/** Where in the last block the next words will stand; undefined where they begin another one. */
function placeFor(rest, last) {
  if (!last || /^\s*\n\s*\n/.test(rest)) return undefined;
  if (last.matches("figure")) return last.querySelector("code");
  if (last.matches("div, hr")) return undefined;
  let place = last;
  for (let next; (next = place.lastElementChild)?.matches("ul, ol, li, p, blockquote"); ) place = next;
  return place;
}

/** Tells where each line of a text begins, from a place in it on, which is the first line. Asked in order. */
function lineStarts(text, from) {
  const ends = /\r\n?|\n/g;
  ends.lastIndex = from;
  let [line, start] = [1, from];
  return (wanted) => {
    while (line < wanted && ends.exec(text)) [line, start] = [line + 1, ends.lastIndex];
    return start;
  };
}

/** Takes all steps, and lets the page do something else whenever that has lasted long enough. */
async function inSlices(steps) {
  let since = performance.now();
  for (const _ of steps) {
    if (performance.now() - since < slice) continue;
    await (globalThis.scheduler?.yield?.() ?? new Promise((resolve) => setTimeout(resolve)));
    since = performance.now();
  }
}
