import { pauseBefore } from "./live-rules.js";

/** A call takes so many texts, and so many characters, which are three bytes each at the most. */
const most = { texts: 100, characters: 500_000 };

/**
 * Calls that render. What is asked for while one is under way goes together in the next; one that fails for want of a
 * connection is made again until it succeeds, or `signal` is aborted.
 */
export class RenderCalls {
  #api;
  #signal;
  #waiting = [];
  #running = false;

  constructor(api, signal) {
    this.#api = api;
    this.#signal = signal;
  }

  blocks(text, isWanted) {
    return new Promise((resolve) => {
      this.#waiting.push({ text, isWanted, resolve });
      if (!this.#running) this.#run();
    });
  }

  async #run() {
    this.#running = true;
    // All views that are drawn in one go have asked by then.
    await Promise.resolve();
    while (this.#waiting.length && !this.#signal.aborted) {
      const asked = this.#take();
      const rendered = asked.length ? await this.#call(asked.map(({ text }) => text)) : [];
      asked.forEach(({ resolve }, index) => resolve(rendered?.[index] ?? null));
    }
    this.#running = false;
  }

  #take() {
    const taken = [];
    let room = most.characters;
    while (this.#waiting.length && taken.length < most.texts) {
      const [next] = this.#waiting;
      if (next.isWanted()) {
        if (taken.length && next.text.length > room) break;
        room -= next.text.length;
        taken.push(next);
      } else {
        next.resolve(null);
      }
      this.#waiting.shift();
    }
    return taken;
  }

  /** Null where the server refuses, or this is over. */
  async #call(texts) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return (await this.#api.post("/render", { texts })).rendered;
      } catch (error) {
        const isFinal = error.name === "AbortError" || (error.status < 500 && error.status !== 429);
        if (isFinal || this.#signal.aborted) return null;
        await this.#pause(pauseBefore(attempt));
      }
    }
  }

  /** Over at once when the network is back, or this is over. */
  #pause(milliseconds) {
    const ended = new AbortController();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      ended.signal.addEventListener("abort", () => clearTimeout(timer));
      addEventListener("online", resolve, { signal: ended.signal });
      this.#signal.addEventListener("abort", resolve, { signal: ended.signal });
    }).finally(() => ended.abort());
  }
}
