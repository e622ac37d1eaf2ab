import { s } from "./strings.js";

/** How long somebody who was heard to write counts as writing. They say so again every few seconds. */
const lasting = 6_000;
/** Not more often than this one says that one is writing oneself. */
const spacing = 2_500;

/** Who else is writing. Times are milliseconds of any one clock. */
export class Typists {
  #until = new Map();

  heard(user, now) { this.#until.set(user, now + lasting); }

  /** What they wrote is there, or they are not heard of any more. */
  done(user) { return this.#until.delete(user); }

  clear() { this.#until.clear(); }

  /** Those who are writing now. */
  at(now) {
    for (const [user, until] of this.#until) if (until <= now) this.#until.delete(user);
    return [...this.#until.keys()];
  }

  /** When the next of them will have stopped; Infinity when nobody writes. */
  get nextEnd() { return Math.min(...this.#until.values()); }
}

/** Says when one's own writing is worth telling. */
export class TypingPace {
  #next = -Infinity;

  /** Whether to tell now, in which case it isn't for a while. */
  take(now) {
    if (now < this.#next) return false;
    this.#next = now + spacing;
    return true;
  }

  /** What was written has been sent: the next word is told at once. */
  reset() { this.#next = -Infinity; }
}

/** The line about them. */
export function typingLine(users) {
  return users.length ? s.conversation.typing(users) : "";
}
