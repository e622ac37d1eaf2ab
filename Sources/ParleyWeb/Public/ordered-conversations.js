/** Conversations in order, in an array that changes in place: each change costs a search by halves, not a sort. */
export class OrderedConversations {
  items = [];
  #pinnedFirst = true;

  /** The one that something happened in last, pinned or not. */
  get newest() {
    const [first] = this.items;
    if (!first || !this.#isPinned(first)) return first;
    const other = this.items[this.pinnedCount];
    return other && other.updated_at > first.updated_at ? other : first;
  }

  /** How many stand on top. */
  get pinnedCount() {
    return firstIndex(this.items, (item) => !this.#isPinned(item));
  }

  reset(items, pinnedFirst) {
    this.#pinnedFirst = pinnedFirst;
    this.items = items.sort((one, other) => (this.#isBefore(one, other) ? -1 : 1));
  }

  put(item) {
    this.items.splice(this.#place(item), 0, item);
  }

  /** Takes out that very object, if it is there. */
  remove(item) {
    const index = this.indexOf(item);
    if (index >= 0) this.items.splice(index, 1);
  }

  indexOf(item) {
    if (!item) return -1;
    const index = this.#place(item);
    return this.items[index] === item ? index : -1;
  }

  #place(item) {
    return firstIndex(this.items, (other) => !this.#isBefore(other, item));
  }

  #isPinned(item) {
    return this.#pinnedFirst && item.pinned;
  }

  /** Pinned ones first, and then the order of the server's pages. Times of one format compare as text. */
  #isBefore(one, other) {
    if (this.#isPinned(one) !== this.#isPinned(other)) return this.#isPinned(one);
    if (one.updated_at !== other.updated_at) return one.updated_at > other.updated_at;
    return one.id > other.id;
  }
}

/** The first index of which it holds, where it holds of all behind it, too; the length where there is none. */
export function firstIndex(items, holds, from = 0) {
  let high = items.length;
  for (let low = from; low < high;) {
    const middle = (low + high) >> 1;
    if (holds(items[middle])) high = middle;
    else low = middle + 1;
  }
  return high;
}
