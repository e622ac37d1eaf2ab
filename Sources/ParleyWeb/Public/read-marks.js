const mostAsked = 100;
/** Rows come one by one, and are asked about together. */
const gathering = 50;
/** Somebody has to look for so long at what is new, until it counts as read. */
const looking = 400;

/**
 * How far this person has read in each conversation, on whichever device. Fires `change`.
 *
 * A conversation is unread where it has more messages than have been read; one that has never been opened, only where
 * somebody else owns it.
 */
export class ReadMarks extends EventTarget {
  #api;
  #email;
  #marks = new Map();
  #asked = new Set();
  #answered = new Set();
  #wanted = new Set();
  #gathering = null;

  constructor({ api, live, user, signal }) {
    super();
    this.#api = api;
    this.#email = user.email;
    live.addEventListener("event", ({ detail }) => this.#hear(detail), { signal });
    signal.addEventListener("abort", () => clearTimeout(this.#gathering));
  }

  /** Whether there is something new in it; asks where that isn't known yet, and tells by `change`. */
  isUnread({ id, owner, message_count: count }) {
    if (!this.#asked.has(id)) this.#ask(id);
    const seq = this.#marks.get(id);
    if (seq !== undefined) return count > seq;
    return this.#answered.has(id) && owner !== this.#email && count > 0;
  }

  /** It has been read so far; the other devices are told. */
  async read(id, seq) {
    if (!(await this.#known(id)) || seq <= (this.#marks.get(id) ?? 0)) return;
    this.#note(id, seq);
    // Lost, it costs a dot that stays: nothing to bother anyone with.
    await this.#api.open("PUT", `/conversations/${id}/read`, { body: { seq } }).catch(() => {});
  }

  /**
   * Counts an open conversation as read whenever its end is looked at: `isAtEnd()` says whether it is in sight, and
   * `scroller` is what is scrolled to get there.
   */
  follow(conversation, { isAtEnd, scroller, signal }) {
    let timer = null;
    const look = () => {
      timer = null;
      const seq = conversation.count;
      if (conversation.id && seq && !document.hidden && !signal.aborted && isAtEnd()) this.read(conversation.id, seq);
    };
    const soon = () => { timer ??= setTimeout(look, looking); };
    for (const type of ["message", "info"]) conversation.addEventListener(type, soon, { signal });
    scroller.addEventListener("scroll", soon, { signal, passive: true, capture: true });
    document.addEventListener("visibilitychange", soon, { signal });
    signal.addEventListener("abort", () => clearTimeout(timer));
    soon();
  }

  #hear({ type, conversation_id: id, seq, message }) {
    // Marks may have been set while nothing was heard.
    if (type === "ready") return this.#forget();
    if (type === "read") return this.#note(id, seq);
    // What one writes oneself is no news to one.
    if (type === "chat_message" && message.author === this.#email) this.#note(id, message.seq);
  }

  #forget() {
    this.#asked.clear();
    this.#changed();
  }

  #note(id, seq) {
    if (seq <= (this.#marks.get(id) ?? -1)) return;
    this.#marks.set(id, seq);
    this.#changed();
  }

  async #known(id) {
    if (!this.#answered.has(id)) await this.#get([id]);
    return this.#answered.has(id);
  }

  #ask(id) {
    this.#asked.add(id);
    this.#wanted.add(id);
    this.#gathering ??= setTimeout(() => this.#askWanted(), gathering);
  }

  async #askWanted() {
    const ids = [...this.#wanted].slice(0, mostAsked);
    for (const id of ids) this.#wanted.delete(id);
    this.#gathering = this.#wanted.size ? setTimeout(() => this.#askWanted(), gathering) : null;
    await this.#get(ids);
  }

  /** Where it can't be found out, nothing is shown as new, until there is a connection again. */
  async #get(ids) {
    try {
      const query = new URLSearchParams({ conversation_id: ids.join(",") });
      const { read_marks: marks } = await this.#api.get(`/read-marks?${query}`);
      for (const id of ids) this.#answered.add(id);
      for (const { conversation_id: id, seq } of marks) this.#marks.set(id, Math.max(seq, this.#marks.get(id) ?? 0));
      this.#changed();
    } catch {
      // As above: what was known stays.
    }
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
