/** Addresses: `/c/<id>` is a conversation, `/` the most recent one, or, marked in the history entry, a new one. */
export class Router {
  #onchange;

  constructor(onchange, signal) {
    this.#onchange = onchange;
    addEventListener("popstate", () => onchange(this.route), { signal });
  }

  get route() {
    const [, id] = /^\/c\/([^/]+)$/.exec(location.pathname) ?? [];
    return { id: id ?? null, isNew: history.state?.isNew ?? false };
  }

  /** Goes somewhere; with `replace` the present entry of the history is rewritten instead. */
  go({ id = null, isNew = false }, { replace = false } = {}) {
    const path = addressOf(id);
    history[replace ? "replaceState" : "pushState"]({ isNew }, "", path);
    this.#onchange(this.route);
  }

  /** Puts an address to what is shown already. */
  rewrite(id) {
    history.replaceState({}, "", addressOf(id));
  }
}

export const addressOf = (id) => (id ? `/c/${id}` : "/");
