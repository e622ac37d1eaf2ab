import { insist } from "./live-rules.js";
import { OrderedConversations } from "./ordered-conversations.js";

const pageSize = 100;
/** What is read anew after a loss: who scrolled further than this scrolls again. */
const mostRefreshed = 500;
const previewLength = 140;

/**
 * The caller's conversations of one scope (a status, and a project or all), the pinned ones first and then the newest,
 * as far as they are loaded, and kept in step. Fires `change` (detail: the id of the one it is about, or null), and
 * `scope` when another one is chosen.
 */
export class ConversationList extends EventTarget {
  loading = false;
  problem = null;
  #api;
  #signal;
  #scope = { status: "active", project: null };
  #ordered = new OrderedConversations();
  /** Everything known by id: what is out of scope, too, so that what is said in it is no reason to ask for it. */
  #known = new Map();
  /** Out of sight here for as long as they may be brought back. */
  #hidden = new Set();
  #cursor = null;
  #complete = false;
  /** Out of this person's sight since a revision, after which they may have come back; deleted ones never do. */
  #gone = new Map();
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

  /** What is in scope, in order; it changes in place. */
  get items() { return this.#ordered.items; }
  get pinnedCount() { return this.#ordered.pinnedCount; }
  get scope() { return this.#scope; }
  get hasMore() { return !this.#complete; }
  /** The one that something was said in last. */
  get newest() { return this.#ordered.newest; }

  find(id) { return this.#known.get(id); }

  /** Where it stands among `items`; -1 where it doesn't. */
  indexOf(id) { return this.#ordered.indexOf(this.#known.get(id)); }

  /** Shows another scope: what is known of it at once, and the rest as it is loaded. */
  async select({ status = "active", project = null }) {
    this.#scope = { status, project };
    this.#cursor = null;
    this.#complete = false;
    this.loading = false;
    this.problem = null;
    this.#ordered.reset([...this.#known.values()].filter((item) => this.#fits(item)), status === "active");
    this.dispatchEvent(new Event("scope"));
    this.#changed();
    await this.loadMore();
  }

  /** Loads the next page; what went wrong is in `problem`. */
  async loadMore() {
    if (this.loading || this.#refreshing || this.#complete) return;
    const scope = this.#scope;
    this.loading = true;
    this.problem = null;
    this.#changed();
    try {
      const isFirst = !this.#cursor;
      const [page, pinned] = await Promise.all([this.#page(this.#cursor), isFirst ? this.#pinned() : []]);
      if (scope !== this.#scope) return;
      this.#cursor = page.next_cursor ?? null;
      this.#complete = !this.#cursor;
      for (const item of [...pinned, ...page.conversations]) this.#place(item);
    } catch (error) {
      if (error.name === "AbortError" || scope !== this.#scope) return;
      if (this.#isProjectGone(error)) return this.#leaveProject();
      this.problem = error;
    } finally {
      if (scope === this.#scope) this.loading = false;
    }
    this.#changed();
    if (this.#again) await this.#refresh();
  }

  /** Takes in a conversation, or newer values of one. Older ones, coming late, change nothing. */
  update(item) {
    this.#touched.add(item.id);
    this.#place(item);
    this.#changed(item.id);
  }

  /** Takes in what has happened in any conversation. */
  take({ type, conversation_id: id, conversation, message, timestamp }) {
    if (type === "ready" || (type === "resync" && !id)) return this.#refresh();
    if (type === "resync") return this.ask(id);
    if (type === "conversation_deleted") return this.#remove(id, Infinity);
    const { revision } = conversation ?? message ?? {};
    if (revision === undefined || revision <= this.#gone.get(id)) return;
    if (this.#gone.has(id)) return this.ask(id);
    if (conversation) return this.update(conversation);
    this.#note(message, timestamp);
  }

  /** It is out of sight: deleted, moved, or in a project that this person has left. */
  remove(id) {
    this.#remove(id, this.find(id)?.revision ?? this.#gone.get(id) ?? 0);
  }

  #remove(id, revision) {
    this.#touched.add(id);
    this.#hidden.delete(id);
    this.#gone.set(id, Math.max(revision, this.#gone.get(id) ?? 0));
    this.#ordered.remove(this.#known.get(id));
    this.#known.delete(id);
    this.#changed(id);
  }

  /** Takes it from sight here, for as long as `reveal` may bring it back, with all that has happened in it since. */
  hide(id) {
    this.#hidden.add(id);
    this.#ordered.remove(this.#known.get(id));
    this.#changed(id);
  }

  reveal(id) {
    const item = this.#known.get(id);
    if (this.#hidden.delete(id) && item && this.#fits(item)) this.#ordered.put(item);
    this.#changed(id);
  }

  /** It is deleted at the server. */
  deleted(id) {
    this.#remove(id, Infinity);
  }

  #fits({ status, project_id: project }) {
    return status === this.#scope.status && (!this.#scope.project || project === this.#scope.project);
  }

  #page(cursor, pinned = null) {
    const { status, project } = this.#scope;
    const query = new URLSearchParams({ status, limit: pageSize });
    if (project) query.set("project_id", project);
    if (pinned) query.set("pinned", true);
    if (cursor) query.set("cursor", cursor);
    return this.#api.get(`/conversations?${query}`);
  }

  /** All that are pinned: they stand on top, however old they are. */
  async #pinned() {
    const found = [];
    let cursor = null;
    do {
      if (this.#scope.status !== "active") break;
      const page = await this.#page(cursor, true);
      found.push(...page.conversations);
      cursor = page.next_cursor ?? null;
    } while (cursor && found.length < mostRefreshed);
    return found;
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
        await insist(() => this.#readAnewInScope(), this.#signal);
      } while (this.#again);
    } catch (error) {
      this.#refreshing = false;
      if (this.#isProjectGone(error)) return this.#leaveProject();
      if (error.name !== "AbortError") this.problem = error;
    } finally {
      this.#refreshing = false;
    }
    this.#changed();
  }

  #isProjectGone({ status }) {
    return status === 404 && this.#scope.project !== null;
  }

  /** Somebody has deleted it, or taken this person from it. */
  #leaveProject() {
    const { status, project } = this.#scope;
    for (const [id, item] of this.#known) if (item.project_id === project) this.#known.delete(id);
    this.#again = true;
    return this.select({ status });
  }

  /** Where another scope is chosen meanwhile, that one is read instead. */
  async #readAnewInScope() {
    const scope = this.#scope;
    try {
      await this.#readAnew(scope);
    } catch (error) {
      if (scope === this.#scope) throw error;
    }
    if (scope !== this.#scope) this.#again = true;
  }

  async #readAnew(scope) {
    this.#touched.clear();
    const wanted = Math.min(this.items.length, mostRefreshed);
    const found = await this.#pinned();
    let cursor = null;
    do {
      const page = await this.#page(cursor);
      if (scope !== this.#scope) return;
      found.push(...page.conversations);
      cursor = page.next_cursor ?? null;
    } while (cursor && found.length < wanted);
    const ids = new Set(found.map(({ id }) => id));
    for (const [id, item] of this.#known) {
      if (ids.has(id) || this.#touched.has(id) || this.#hidden.has(id)) continue;
      this.#ordered.remove(item);
      this.#known.delete(id);
    }
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
    if (!known) return this.ask(id);
    if (revision <= known.revision) return;
    const isNewest = seq >= known.message_count;
    // The one before it is the newest then, and that may not be known here.
    if (isNewest && status === "deleted") return this.ask(id);
    const preview = isNewest && content ? content.slice(0, previewLength) : known.preview;
    const updated_at = time > known.updated_at ? time : known.updated_at;
    this.update({ ...known, revision, preview, updated_at, message_count: Math.max(seq, known.message_count) });
  }

  /** Asks the server about a conversation that something has happened in. */
  async ask(id) {
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
    const now = { ...known, ...item };
    this.#ordered.remove(known);
    this.#known.set(item.id, now);
    if (this.#fits(now) && !this.#hidden.has(item.id)) this.#ordered.put(now);
  }

  #changed(id = null) {
    this.dispatchEvent(new CustomEvent("change", { detail: id }));
  }
}
