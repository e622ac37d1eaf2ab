import { Api } from "./api.js";

/**
 * Who is signed in, kept the same in every tab of this browser.
 *
 * Fires `change` when that has become someone else or nobody. `user` is then the new one, or null, and `reason` how the
 * session ended: `left` (signed out here), `elsewhere` (in another tab), `signedOut` (the server says so: signed out, or
 * the password was changed), `expired`, or null when there was none.
 */
export class Session extends EventTarget {
  /** Undefined until the server has been asked for the first time. */
  user;
  reason = null;
  #api = new Api();
  #tabs = new BroadcastChannel("parley-session");

  constructor() {
    super();
    this.#tabs.addEventListener("message", ({ data }) => {
      if (data.email === (this.user?.email ?? null)) return;
      // Wiped first and asked afterwards: the answer may be slow, and this person may be gone already.
      if (this.user) this.#become(null, "elsewhere");
      if (data.email) this.check().catch(() => {});
    });
  }

  /** Asks the server who is signed in, and follows its answer. Throws when it can't be asked. */
  async check() {
    try {
      this.#become(await this.#api.get("/auth/me"));
    } catch (error) {
      if (error.status !== 401) throw error;
      this.ended();
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
    try {
      await this.#api.post("/auth/logout");
    } catch (error) {
      if (error.status !== 401) throw error;
    }
  }

  /** The server no longer knows this session, or has ended it: `signedOut`. */
  ended(reason = "expired") {
    this.#become(null, this.user ? reason : null);
  }

  /** Back to the beginning, where nobody has been asked for yet. */
  forget() {
    this.user = undefined;
  }

  #become(user, reason = null) {
    if (this.user !== undefined && user?.email === this.user?.email) return;
    this.user = user;
    this.reason = reason;
    this.dispatchEvent(new Event("change"));
  }

  #tellTabs() {
    this.#tabs.postMessage({ email: this.user?.email ?? null });
  }
}
