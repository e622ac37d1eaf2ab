/** What a row is thought to be high before any has been measured. */
const firstGuess = 120;

/**
 * Where the rows of a long list lie of which only a few are drawn: heights measured so far, and a guess for all others.
 * Knows no page. Places are counted from 0; reading and measuring cost the logarithm of the count.
 *
 * Sums stand in two Fenwick trees, one of measured heights and one of how many there are: so the guess, the mean of
 * what has been measured, may change with every measuring without a sum being made anew.
 */
export class LogLayout {
  count = 0;
  #heights = [];
  #sums = [0];
  #counts = [0];

  /** Sets how many rows there are: new ones come at the end. */
  resize(count) {
    while (this.count > count) this.forget(--this.count);
    while (this.count < count) {
      this.count += 1;
      if (this.#heights.length >= this.count) continue;
      this.#heights.push(undefined);
      // A node of the tree stands for the places below it, which are here already.
      const node = this.count;
      const from = node - (node & -node);
      this.#sums.push(read(this.#sums, node - 1) - read(this.#sums, from));
      this.#counts.push(read(this.#counts, node - 1) - read(this.#counts, from));
    }
  }

  get guess() {
    const measured = read(this.#counts, this.count);
    return measured ? Math.max(read(this.#sums, this.count) / measured, 1) : firstGuess;
  }

  get total() { return this.offset(this.count); }

  height(index) { return this.#heights[index] ?? this.guess; }

  /** How far a row's upper edge lies below that of the first. */
  offset(index) {
    return read(this.#sums, index) + (index - read(this.#counts, index)) * this.guess;
  }

  measure(index, height) {
    const known = this.#heights[index];
    if (known === height) return;
    this.#heights[index] = height;
    add(this.#sums, index, height - (known ?? 0));
    if (known === undefined) add(this.#counts, index, 1);
  }

  /** It is guessed again. */
  forget(index) {
    const known = this.#heights[index];
    if (known === undefined) return;
    this.#heights[index] = undefined;
    add(this.#sums, index, -known);
    add(this.#counts, index, -1);
  }

  /** The row that covers a line; the first or the last where the line lies outside. */
  indexAt(y) {
    let [low, high] = [0, Math.max(this.count - 1, 0)];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.offset(middle) <= y) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The first and the last row of those that a window covers, with so much more on either side. */
  window(top, height, margin = 0) {
    return [this.indexAt(top - margin), this.indexAt(Math.max(top + height + margin, top))];
  }

  /** Where the window must stand for a row's upper edge to lie so far from the window's: what is read stays so. */
  topFor({ index, shift }) {
    return this.offset(Math.min(index, this.count)) - shift;
  }
}

function read(tree, index) {
  let sum = 0;
  for (let node = index; node > 0; node -= node & -node) sum += tree[node];
  return sum;
}

function add(tree, index, value) {
  for (let node = index + 1; node < tree.length; node += node & -node) tree[node] += value;
}

/**
 * Rows from the middle outwards: those in sight, and then others as long as `affordable` allows, none left out between.
 * `wanted` and `sight` are [first, last]; so is the answer.
 */
export function spread(sight, wanted, affordable) {
  let [first, last] = sight;
  for (;;) {
    const before = last - first;
    if (first > wanted[0] && affordable(first - 1)) first -= 1;
    if (last < wanted[1] && affordable(last + 1)) last += 1;
    if (last - first === before) return [first, last];
  }
}
