import { insist } from "./live-rules.js";

const mostAtOnce = 2;
/** Who moves by more than so many messages at once is on the way to somewhere else. */
const step = 25;
/** How long they have to stay before what is there is asked for. */
const settled = 80;
/** How far a page may lie from what is wanted before it is given up. */
const slack = 50;

/**
 * Fetches what is missing around the place that is looked at: the nearest first, two pages at once, and none any more that
 * one has scrolled past. What the network loses is asked for again until it is there.
 */
export class MessagePages {
  #missing;
  #fetch;
  #ontaken;
  #onerror;
  #signal;
  #wanted = [0, -1];
  #timer;
  #asking = new Map();

  /** `missing` names holes, `fetch` gets the messages of one, `ontaken` is told of them, `onerror` of a refusal. */
  constructor({ missing, fetch, ontaken, onerror, signal }) {
    this.#missing = missing;
    this.#fetch = fetch;
    this.#ontaken = ontaken;
    this.#onerror = onerror;
    this.#signal = signal;
    signal.addEventListener("abort", () => clearTimeout(this.#timer), { once: true });
  }

  /** These are looked at, from one place to another. */
  want(from, to) {
    const stays = Math.abs(from - this.#wanted[0]) <= step || this.#wanted[1] < 0;
    this.#wanted = [from, to];
    for (const [hole, control] of this.#asking) {
      if (hole.to < from - slack || hole.from > to + slack) control.abort();
    }
    clearTimeout(this.#timer);
    if (stays) this.#ask();
    else this.#timer = setTimeout(() => this.#ask(), settled);
  }

  /** What is on its way may be older than what is known now: it is asked for anew. */
  renew() {
    for (const control of this.#asking.values()) control.abort();
  }

  #ask() {
    const [from, to] = this.#wanted;
    const middle = (from + to) / 2;
    const far = (hole) => Math.abs((hole.from + hole.to) / 2 - middle);
    const holes = this.#missing(from, to).sort((one, other) => far(one) - far(other));
    for (const hole of holes) {
      if (this.#asking.size >= mostAtOnce || this.#signal.aborted) return;
      if (![...this.#asking.keys()].some((other) => other.from <= hole.to && hole.from <= other.to)) this.#get(hole);
    }
  }

  async #get(hole) {
    const control = new AbortController();
    const signal = AbortSignal.any([control.signal, this.#signal]);
    this.#asking.set(hole, control);
    try {
      const messages = await insist(() => this.#fetch(hole, signal), signal);
      this.#asking.delete(hole);
      this.#ontaken(messages);
    } catch (error) {
      this.#asking.delete(hole);
      if (error.name !== "AbortError") return this.#onerror(error);
    }
    if (!this.#signal.aborted) this.#ask();
  }
}
