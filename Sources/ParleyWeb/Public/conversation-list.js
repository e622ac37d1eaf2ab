const pageSize = 50;

/** The caller's active conversations, newest first, as far as they have been loaded. Fires `change`. */
export class ConversationList extends EventTarget {
  items = [];
  loading = false;
  problem = null;
  #api;
  #cursor = null;
  #complete = false;

  constructor(api) {
    super();
    this.#api = api;
  }

  get hasMore() { return !this.#complete; }

  find(id) { return this.items.find((item) => item.id === id); }

  /** Loads the next page; what went wrong is in `problem`. */
  async loadMore() {
    if (this.loading || this.#complete) return;
    this.loading = true;
    this.problem = null;
    this.#changed();
    try {
      const query = new URLSearchParams({ status: "active", limit: pageSize });
      if (this.#cursor) query.set("cursor", this.#cursor);
      const page = await this.#api.get(`/conversations?${query}`);
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
  }

  /** Takes in a conversation, or newer values of one. Older ones, coming late, change nothing. */
  update(item) {
    this.#place(item);
    this.#changed();
  }

  remove(id) {
    this.items = this.items.filter((item) => item.id !== id);
    this.#changed();
  }

  async rename(id, title) {
    const renamed = await this.#api.patch(`/conversations/${id}`, { title });
    this.update(renamed);
    return renamed;
  }

  async delete(id) {
    try {
      await this.#api.delete(`/conversations/${id}`);
    } catch (error) {
      // Gone already, from another tab or device: that is what was asked for.
      if (error.status !== 404) throw error;
    }
    this.remove(id);
  }

  #place(item) {
    const known = this.find(item.id);
    if (known && item.revision < known.revision) return;
    this.items = [...this.items.filter((other) => other !== known), { ...known, ...item }].sort(newestFirst);
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
