const pages = ["help", "operator", "rescue"];

/**
 * Addresses: `/c/<id>` is a conversation, with `#<seq>` one of its messages; `/` the most recent one, or, marked in the
 * history entry, a new one; `/help` and so on a page. Nothing of what is read stands in them.
 */
export class Router {
  #onchange;

  constructor(onchange, signal) {
    this.#onchange = onchange;
    addEventListener("popstate", () => onchange(this.route), { signal });
  }

  get route() {
    const [, id] = /^\/c\/([^/]+)$/.exec(location.pathname) ?? [];
    const page = pages.find((name) => location.pathname === `/${name}`);
    const seq = Number(location.hash.slice(1)) || null;
    return { id: id ?? null, page: page ?? null, seq: id ? seq : null, isNew: history.state?.isNew ?? false };
  }

  /** Goes somewhere; with `replace` the present entry of the history is rewritten instead. */
  go({ id = null, page = null, seq = null, isNew = false }, { replace = false } = {}) {
    const path = page ? `/${page}` : addressOf(id) + (seq ? `#${seq}` : "");
    history[replace ? "replaceState" : "pushState"]({ isNew }, "", path);
    this.#onchange(this.route);
  }

  /** Puts an address to what is shown already. */
  rewrite(id) {
    history.replaceState({}, "", addressOf(id));
  }
}

export const addressOf = (id) => (id ? `/c/${id}` : "/");
