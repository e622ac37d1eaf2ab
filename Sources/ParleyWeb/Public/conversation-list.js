import { insist } from "./live-rules.js";

const pageSize = 50;
/** What is read anew after a loss: who scrolled further than this scrolls again. */
const mostRefreshed = 500;
const previewLength = 140;
const mostAttempts = 5;

/** Somebody else has given the conversation another name since one began to type: `title`. */
export class Renamed extends Error {
  constructor(title) {
    super(`Meanwhile it was renamed to “${title}”. Save again to put yours in its place.`);
    this.title = title;
  }
}

/** The caller's active conversations, newest first, as far as they are loaded, and kept in step. Fires `change`. */
export class ConversationList extends EventTarget {
  items = [];
  loading = false;
  problem = null;
  #api;
  #signal;
  #cursor = null;
  #complete = false;
  /** Out of this person's sight since a revision, after which they may have come back; deleted ones never do. */
  #gone = new Map();
  /** Not active, so that what is said in them is no reason to ask for them. */
  #archived = new Set();
  #asking = new Set();
  /** What has been told of since a refreshing began is newer than what that will find. */
  #touched = new Set();
  #refreshing = false;
  #again = false;

  constructor(api, signal) {
    super();
    this.#api = api;
    this.#signal = signal;
  }

  get hasMore() { return !this.#complete; }

  find(id) { return this.items.find((item) => item.id === id); }

  /** Loads the next page; what went wrong is in `problem`. */
  async loadMore() {
    if (this.loading || this.#refreshing || this.#complete) return;
    this.loading = true;
    this.problem = null;
    this.#changed();
    try {
      const page = await this.#page(this.#cursor, pageSize);
      this.#cursor = page.next_cursor ?? null;
      this.#complete = !this.#cursor;
      for (const item of page.conversations) this.#place(item);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.problem = error;
    } finally {
      this.loading = false;
    }
    this.#changed();
    if (this.#again) await this.#refresh();
  }

  /** Takes in a conversation, or newer values of one. Older ones, coming late, change nothing. */
  update(item) {
    this.#touched.add(item.id);
    this.#place(item);
    this.#changed();
  }

  /** Takes in what has happened in any conversation. */
  take({ type, conversation_id: id, conversation, message, timestamp }) {
    if (type === "ready" || (type === "resync" && !id)) return this.#refresh();
    if (type === "resync") return this.#ask(id);
    if (type === "conversation_deleted") return this.#remove(id, Infinity);
    const { revision } = conversation ?? message ?? {};
    if (revision === undefined || revision <= this.#gone.get(id)) return;
    if (this.#gone.has(id)) return this.#ask(id);
    if (conversation) return this.update(conversation);
    this.#note(message, timestamp);
  }

  /** It is out of sight: deleted, moved, or in a project that this person has left. */
  remove(id) {
    this.#remove(id, this.find(id)?.revision ?? this.#gone.get(id) ?? 0);
  }

  #remove(id, revision) {
    this.#touched.add(id);
    this.#gone.set(id, Math.max(revision, this.#gone.get(id) ?? 0));
    this.items = this.items.filter((item) => item.id !== id);
    this.#changed();
  }

  /**
   * Renames a conversation that had the title `from` when one began to type; throws Renamed where it has another now.
   * Whatever else has happened in it since is taken in, told to `onmissed`, and no hindrance.
   */
  async rename(id, title, from, onmissed) {
    for (let attempts = 1; ; attempts += 1) {
      const known = this.find(id);
      if (known && known.title !== from) throw new Renamed(known.title);
      try {
        const body = { title, ...(known && { expected_revision: known.revision }) };
        const renamed = await this.#api.patch(`/conversations/${id}`, body);
        this.update(renamed);
        return renamed;
      } catch (error) {
        if (error.code !== "stale" || attempts === mostAttempts) throw error;
        if (!error.changes) {
          await this.#ask(id);
          continue;
        }
        this.update(error.changes.conversation);
        onmissed(error.changes);
      }
    }
  }

  async delete(id) {
    try {
      await this.#api.delete(`/conversations/${id}`);
    } catch (error) {
      // Gone already, from another tab or device: that is what was asked for.
      if (error.status !== 404) throw error;
    }
    this.#remove(id, Infinity);
  }

  #page(cursor, limit) {
    const query = new URLSearchParams({ status: "active", limit });
    if (cursor) query.set("cursor", cursor);
    return this.#api.get(`/conversations?${query}`);
  }

  /** Reads what is loaded anew, in step with what is told meanwhile: what isn't among it any more goes. */
  async #refresh() {
    this.#again = true;
    if (this.loading || this.#refreshing) return;
    this.#refreshing = true;
    this.problem = null;
    try {
      do {
        this.#again = false;
        await insist(() => this.#readAnew(), this.#signal);
      } while (this.#again);
    } catch (error) {
      if (error.name !== "AbortError") this.problem = error;
    } finally {
      this.#refreshing = false;
    }
    this.#changed();
  }

  async #readAnew() {
    this.#touched.clear();
    const wanted = Math.min(this.items.length, mostRefreshed);
    const found = [];
    let cursor = null;
    do {
      const page = await this.#page(cursor, pageSize);
      found.push(...page.conversations);
      cursor = page.next_cursor ?? null;
    } while (cursor && found.length < wanted);
    const ids = new Set(found.map(({ id }) => id));
    this.items = this.items.filter(({ id }) => ids.has(id) || this.#touched.has(id));
    for (const item of found) {
      if (!this.#touched.has(item.id)) this.#gone.delete(item.id);
      this.#place(item);
    }
    this.#cursor = cursor;
    this.#complete = !cursor;
  }

  /** Notes what was said in a conversation; one that isn't here comes up by it. */
  #note(message, time) {
    const { conversation_id: id, seq, status, content, revision } = message;
    const known = this.find(id);
    if (!known) return this.#archived.has(id) ? undefined : this.#ask(id);
    if (revision <= known.revision) return;
    const isNewest = seq >= known.message_count;
    // The one before it is the newest then, and that may not be known here.
    if (isNewest && status === "deleted") return this.#ask(id);
    const preview = isNewest && content ? content.slice(0, previewLength) : known.preview;
    const updated_at = time > known.updated_at ? time : known.updated_at;
    this.update({ ...known, revision, preview, updated_at, message_count: Math.max(seq, known.message_count) });
  }

  /** Asks the server about a conversation that something has happened in. */
  async #ask(id) {
    if (this.#asking.has(id)) return;
    this.#asking.add(id);
    try {
      const get = () => this.#api.get(`/conversations/${id}?limit=1`);
      const { messages, has_more, ...item } = await insist(get, this.#signal);
      this.#asking.delete(id);
      if (this.#gone.get(id) !== Infinity) this.#gone.delete(id);
      this.update(item);
    } catch (error) {
      if (error.status === 404) this.remove(id);
    } finally {
      this.#asking.delete(id);
    }
  }

  #place(item) {
    if (this.#gone.has(item.id)) return;
    const known = this.find(item.id);
    if (known && item.revision < known.revision) return;
    const others = this.items.filter((other) => other !== known);
    this.#archived[item.status === "active" ? "delete" : "add"](item.id);
    this.items = item.status === "active" ? [...others, { ...known, ...item }].sort(newestFirst) : others;
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

/** The order of the server's pages. Times of one format compare as text. */
function newestFirst(one, other) {
  if (one.updated_at !== other.updated_at) return one.updated_at < other.updated_at ? 1 : -1;
  return one.id < other.id ? 1 : -1;
}
