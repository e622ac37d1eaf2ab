const known = new WeakMap();

/** What may be chosen for a turn, asked for once for each `api`; `null` where there is nothing, or it can't be known. */
export function chatOptions(api) {
  if (!known.has(api)) {
    const asked = api.get("/chat/options").then(
      (options) => (options.models.length > 1 || options.filters.length > 0 ? options : null),
      () => {
        known.delete(api);
        return null;
      },
    );
    known.set(api, asked);
  }
  return known.get(api);
}
