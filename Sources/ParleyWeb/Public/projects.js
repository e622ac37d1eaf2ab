const pageSize = 100;
/** For how long roles that were asked for may hold, in milliseconds, when one comes to a project with others in it. */
const fresh = 30_000;

/** The projects that this person is in, as far as the server tells of them. Fires `change`. */
export class Projects extends EventTarget {
  /** One's own first, and then by name. */
  all = [];
  #api;
  #email;
  #signal;
  #byID = new Map();
  #loaded = false;
  #loading = null;
  #again = false;
  #asked = 0;

  constructor({ api, live, user, signal }) {
    super();
    this.#api = api;
    this.#email = user.email;
    this.#signal = signal;
    live.addEventListener("event", ({ detail }) => this.#hear(detail), { signal });
    // Of a project's name and of roles nobody is told.
    const look = () => document.hidden || this.load();
    document.addEventListener("visibilitychange", look, { signal });
  }

  find(id) { return this.#byID.get(id); }
  get personal() { return this.all.find(({ personal }) => personal); }
  get shared() { return this.all.filter(({ personal }) => !personal); }

  /** `owner`, `editor`, `viewer`; undefined where one is no member. */
  role(id) {
    return this.find(id)?.members.find(({ email }) => email === this.#email)?.role;
  }

  /** Whether one may change what is in it. As long as that isn't known, the server is the one to say no. */
  mayWrite(id) {
    return !id || !this.#loaded || !this.find(id) || this.role(id) !== "viewer";
  }

  /** Those that a conversation could be moved to. */
  targets(id) {
    return this.all.filter((project) => project.id !== id && this.mayWrite(project.id));
  }

  /** One has come to a conversation of this project. */
  visit(id) {
    if (this.find(id)?.personal === false && performance.now() - this.#asked > fresh) this.load();
  }

  /** Asks the server for them, once at a time. */
  load() {
    this.#again = Boolean(this.#loading);
    this.#loading ??= this.#loadAll().finally(() => {
      this.#loading = null;
      if (this.#again && !this.#signal.aborted) this.load();
    });
    return this.#loading;
  }

  /** Takes in a project that was made or changed here. */
  update(project) {
    this.#set([...this.all.filter(({ id }) => id !== project.id), project]);
  }

  remove(id) {
    this.#set(this.all.filter((project) => project.id !== id));
  }

  async #loadAll() {
    const found = [];
    let cursor = null;
    this.#asked = performance.now();
    try {
      do {
        const query = new URLSearchParams({ limit: pageSize, ...(cursor && { cursor }) });
        const page = await this.#api.get(`/projects?${query}`);
        found.push(...page.projects);
        cursor = page.next_cursor ?? null;
      } while (cursor);
    } catch {
      // What was known stays; with the next connection they are asked for again.
      return;
    }
    this.#loaded = true;
    this.#set(found);
  }

  #set(projects) {
    const order = (one, other) => other.personal - one.personal || one.name.localeCompare(other.name);
    this.all = projects.sort(order);
    this.#byID = new Map(projects.map((project) => [project.id, project]));
    this.dispatchEvent(new Event("change"));
  }

  /**
   * After each loss; where something is told of a project that isn't known: one has joined or left; and where something
   * was refused over the socket, such as to tell others that one is typing.
   */
  #hear({ type, conversation_id: id, project_id: project, conversation, message, error }) {
    const named = project ?? conversation?.project_id ?? message?.project_id;
    const isUnknown = this.#loaded && named && !this.#byID.has(named);
    if (type === "ready" || (type === "resync" && !id) || isUnknown || error?.code === "forbidden") this.load();
  }
}
