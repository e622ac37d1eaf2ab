import { drawn, fragmentOf } from "./markdown-html.js";

const partStart = '<span class="part">';
const listingEnd = "</code></pre></figure>";
/** About how much HTML is made into elements between two looks at the clock. */
const chunk = 50_000;

/**
 * A block of a rendered text in the page. A listing that has grown keeps the parts that it had.
 *
 * `start` is where in the text it begins.
 */
export class MarkdownBlock {
  element;
  start;
  html;
  #head;
  #parts;

  constructor({ start, html }) {
    this.start = start;
    this.html = html;
    [this.#head, this.#parts] = cut(html);
    this.element = drawn(this.#parts.length ? this.#head + listingEnd : html);
  }

  /** Makes a listing's parts, step by step. */
  fill() {
    return this.#append(this.#parts);
  }

  /** Becomes another block, step by step, where only a listing's last parts differ; false where that isn't so. */
  *grow({ start, html }) {
    const [head, parts] = cut(html);
    if (!this.#parts.length || !parts.length || head !== this.#head) return false;
    let same = 0;
    while (same < parts.length && parts[same] === this.#parts[same]) same += 1;
    const code = this.#code;
    while (code.childNodes.length > same) code.lastChild.remove();
    [this.start, this.html, this.#parts] = [start, html, parts];
    yield* this.#append(parts.slice(same));
    return true;
  }

  get #code() { return this.element.querySelector("code"); }

  *#append(parts) {
    let html = "";
    for (const [index, part] of parts.entries()) {
      html += part;
      if (html.length < chunk && index < parts.length - 1) continue;
      this.#code.append(fragmentOf(html));
      html = "";
      yield;
    }
  }
}

/** A listing's HTML up to its code, and the parts of that; of any other block all, and no parts. */
function cut(html) {
  if (!html.startsWith("<figure")) return [html, []];
  const [head, ...parts] = html.split(partStart);
  const whole = parts.map((part) => partStart + part);
  if (whole.length) whole.push(whole.pop().slice(0, -listingEnd.length));
  return [head, whole];
}
