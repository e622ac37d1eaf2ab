import { Api } from "./api.js";
import { keepingPreferences } from "./preferences.js";

/**
 * Who is signed in, kept the same in every tab of this browser.
 *
 * Fires `change` when that has become someone else or nobody. `user` is then the new one, or null, and `reason` how the
 * session ended: `left` (signed out here), `erased` (the account was deleted here), `elsewhere` (in another tab), `signedOut` (the server says so: signed out, or
 * the password was changed), or null when there was none.
 *
 * A session that merely ran out takes nobody away: `suspend` is fired, and nothing of theirs may be seen until either
 * `resume` (the same person has signed in again, here or in another tab) or `change`.
 */
export class Session extends EventTarget {
  /** Undefined until the server has been asked for the first time. */
  user;
  reason = null;
  #api = new Api();
  #tabs = new BroadcastChannel("parley-session");
  /** While it is suspended: what waits for its end. */
  #suspension = null;
  #resumedAt = 0;
  #isErasing = false;

  constructor() {
    super();
    this.#tabs.addEventListener("message", ({ data }) => this.#hear(data.email));
  }

  get isSuspended() { return this.#suspension !== null; }

  /** Asks the server who is signed in, and follows its answer. Throws when it can't be asked. */
  async check() {
    const asked = performance.now();
    try {
      this.#become(await this.#api.get("/auth/me"));
    } catch (error) {
      if (error.status !== 401) throw error;
      this.ended(asked);
    }
  }

  async signIn(fields) {
    this.#become(await this.#api.post("/auth/login", fields));
    this.#tellTabs();
  }

  async register(fields) {
    this.#become(await this.#api.post("/auth/register", fields));
    this.#tellTabs();
  }

  /** Forgets first, here and in the other tabs, whatever the server answers; throws when it still holds the session. */
  async signOut() {
    this.#become(null, "left");
    this.#tellTabs();
    await this.endAtServer();
  }

  /** Tells the server that nobody is signed in here any more. Its answer empties the browser's storage. */
  async endAtServer() {
    try {
      await keepingPreferences(() => this.#api.post("/auth/logout"));
    } catch (error) {
      if (error.status !== 401) throw error;
    }
  }

  /** Erases the person at the server; throws where it refuses. Its answer empties the browser's storage. */
  async erase(password) {
    this.#isErasing = true;
    try {
      await keepingPreferences(() => this.#api.delete("/account", { password }));
      this.#become(null, "erased");
      this.#tellTabs();
    } finally {
      this.#isErasing = false;
    }
  }

  /**
   * The server doesn't know the session with which it was asked something at that time, by `performance.now()`. Settles
   * when the same person is signed in again, and what was asked can be asked once more; never, where they have left.
   */
  ended(asked = performance.now()) {
    if (!this.user) this.#become(null);
    else if (asked >= this.#resumedAt) this.#suspend();
    return this.#suspension?.promise ?? Promise.resolve();
  }

  /** The server has closed the socket: it was signed out from (`signedOut`), or the session ran out (`expired`). */
  closed(why) {
    // The socket may be closed before the answer is there that says why.
    if (why === "signedOut") return this.#become(null, this.user ? (this.#isErasing ? "erased" : why) : null);
    this.ended();
    // Another tab may have signed in again long since.
    this.check().catch(() => {});
  }

  #hear(email) {
    if (email === (this.user?.email ?? null)) {
      if (this.isSuspended) this.check().catch(() => {});
      return;
    }
    // Wiped first and asked afterwards: the answer may be slow, and this person may be gone already.
    if (this.user) this.#become(null, "elsewhere");
    if (email) this.check().catch(() => {});
  }

  #suspend() {
    if (this.#suspension) return;
    this.#suspension = Promise.withResolvers();
    this.dispatchEvent(new Event("suspend"));
  }

  #become(user, reason = null) {
    if (this.user !== undefined && user?.email === this.user?.email) return this.#resume();
    this.#suspension = null;
    this.user = user;
    this.reason = reason;
    this.dispatchEvent(new Event("change"));
  }

  #resume() {
    if (!this.#suspension) return;
    const { resolve } = this.#suspension;
    this.#suspension = null;
    this.#resumedAt = performance.now();
    this.dispatchEvent(new Event("resume"));
    resolve();
  }

  #tellTabs() {
    this.#tabs.postMessage({ email: this.user?.email ?? null });
  }
}
