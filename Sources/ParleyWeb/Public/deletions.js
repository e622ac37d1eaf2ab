import { loadStyle } from "./dom.js";
import { notify } from "./notices.js";
import { s } from "./later-strings.js";

/** How long one may think better of it. */
const regret = 7_000;
/** How long one waits for what is sent at the end. */
const patience = 1_500;

/**
 * Conversations on their way out: at once from sight here, and from the server when nobody has undone it for a while, or
 * when the page goes.
 */
export class Deletions {
  #api;
  #list;
  #pending = new Map();

  constructor({ api, list, signal }) {
    this.#api = api;
    this.#list = list;
    // A page that is put away may never come back.
    addEventListener("pagehide", () => this.leave(), { signal });
  }

  /** Begins one; `onundo` is called when it has been brought back, by the person or by a failure. */
  async begin(item, onundo) {
    const { id, title } = item;
    this.#list.hide(id);
    const pending = { onundo, item, toast: null };
    this.#pending.set(id, pending);
    const [{ UndoToast }] = await Promise.all([import("./undo-toast.js"), loadStyle("undo-toast.css")]);
    // The page may have gone meanwhile, and so has the conversation.
    if (!this.#pending.has(id)) return;
    pending.toast = new UndoToast(s.sidebar.deleted(title), {
      lasting: regret,
      onundo: () => this.#undo(id),
      onend: () => this.#send(id),
    });
  }

  /** Sends what is pending without waiting any longer; settles when it is answered, or soon. */
  settle() {
    if (!this.#pending.size) return Promise.resolve();
    // Whoever signs out isn't kept waiting by a server that doesn't answer.
    return Promise.race([this.#sendAll(), new Promise((resolve) => setTimeout(resolve, patience))]);
  }

  /** The same where nobody is left to take the answers. */
  leave() {
    this.#sendAll({ keepalive: true });
  }

  #undo(id) {
    const pending = this.#pending.get(id);
    if (!this.#pending.delete(id)) return;
    this.#list.reveal(id);
    pending.onundo();
  }

  #sendAll(options) {
    return Promise.all([...this.#pending.keys()].map((id) => this.#send(id, options)));
  }

  async #send(id, { keepalive = false } = {}) {
    const pending = this.#pending.get(id);
    if (!this.#pending.delete(id)) return;
    pending.toast?.close();
    try {
      if (keepalive) await fetch(`/api/conversations/${id}`, { method: "DELETE", keepalive });
      else await this.#api.delete(`/conversations/${id}`);
      this.#list.deleted(id);
    } catch (error) {
      // Gone already, from another tab or device: that is what was asked for.
      if (error.status === 404) return this.#list.deleted(id);
      if (error.name === "AbortError") return;
      this.#list.reveal(id);
      pending.onundo();
      notify(s.sidebar.notDeleted(pending.item.title, error.message));
    }
  }
}
