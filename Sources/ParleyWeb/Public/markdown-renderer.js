import { insist } from "./live-rules.js";

/** How many characters of texts and their HTML are kept, so that what is scrolled back to is there at once. */
const keptCharacters = 8_000_000;

/** Has the server render Markdown, and keeps what it rendered until `signal` is aborted. */
export class MarkdownRenderer {
  #api;
  #signal;
  #calls = null;
  #kept = new Map();
  #size = 0;

  constructor(api, signal) {
    this.#api = api;
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#kept.clear());
  }

  /** Takes the HTML that came with messages. */
  learn(messages) {
    for (const message of messages) {
      if (message.rendered) this.#keep(message.content, message.rendered);
      delete message.rendered;
    }
  }

  /** The blocks of a text, [{line, html}], where they are known already. */
  known(text) {
    return this.#kept.get(text);
  }

  /**
   * The blocks of a text, once the server can be reached. Null where it won't render it, or nobody wants that any more:
   * `isWanted` is asked again before it is sent. With `keep` they are known from then on.
   */
  async render(text, { keep = false, isWanted = () => true } = {}) {
    this.#calls ??= this.#loadCalls();
    const blocks = (await (await this.#calls)?.blocks(text, isWanted)) ?? null;
    if (keep && blocks) this.#keep(text, blocks);
    return blocks;
  }

  /** A module, once it can be had: offline it can't. Null when nobody wants it any more: the signal was aborted. */
  load(importing) {
    return insist(importing, this.#signal).catch(() => null);
  }

  async #loadCalls() {
    const calls = await this.load(() => import("./markdown-calls.js"));
    return calls && new calls.RenderCalls(this.#api, this.#signal);
  }

  #keep(text, blocks) {
    if (this.#signal.aborted) return;
    this.#drop(text);
    this.#kept.set(text, blocks);
    this.#size += sizeOf(text, blocks);
    for (const oldest of this.#kept.keys()) {
      if (this.#size <= keptCharacters) break;
      this.#drop(oldest);
    }
  }

  #drop(text) {
    const blocks = this.#kept.get(text);
    if (!blocks) return;
    this.#size -= sizeOf(text, blocks);
    this.#kept.delete(text);
  }
}

const sizeOf = (text, blocks) => blocks.reduce((sum, { html }) => sum + html.length, text.length);
