/** Pieces that may wait for their reply or for those before them: as many as a long reply has. */
const mostWaiting = 4096;
/** Messages that are asked for together lie in one block of so many places. */
const blockSize = 50;

/**
 * What is known of one conversation, put together from whatever tells of it: pages from anywhere in it, events of a
 * socket and of a turn's own stream, in any order and as often as they come. Knows no network, no time and no page.
 *
 * Its messages stand at the places 1 to `count`, gapless; those that nobody has told of yet are holes, which `missing`
 * names. Messages and the conversation go by `revision`, the pieces of a reply by `index`. Methods return what they
 * changed: `messages` (those that came or changed), and `info` (whether the conversation itself did). What is missing
 * of what has happened is in `hasGap` and `torn`.
 */
export class ConversationFold {
  info = null;
  /** Everything up to here is known of the messages that are here, and of the conversation. */
  revision = 0;
  #messages = new Map();
  #places = new Map();
  #inOrder = null;
  #highest = 0;
  #running = new Set();
  #later = new Set();
  #waiting = new Map();
  #waitingCount = 0;
  #ignored = new Set();

  /** How many messages there are, here or not. */
  get count() { return Math.max(this.#highest, this.info?.message_count ?? 0); }

  /** Those that are here, by seq. */
  get messages() { return (this.#inOrder ??= [...this.#messages.values()].sort((one, other) => one.seq - other.seq)); }

  /** Whether a change is known that others come before. */
  get hasGap() { return this.#later.size > 0 || this.#strangers.length > 0; }

  /** Replies that lack a piece which won't come by itself any more. */
  get torn() { return this.running.filter(({ id }) => this.#waiting.has(id)); }

  /** Replies that are being written, by seq. */
  get running() { return [...this.#running].sort((one, other) => one - other).map((seq) => this.at(seq)); }

  get reply() { return this.running.at(-1); }

  at(seq) { return this.#messages.get(seq); }

  find(id) { return this.#messages.get(this.#places.get(id)); }

  /**
   * The holes from one place to another, cut at blocks that lie at fixed places, so that asking for one doesn't depend
   * on from where one came upon it: {from, to} each, none longer than a block.
   */
  missing(from, to) {
    const holes = [];
    for (let seq = Math.max(from, 1); seq <= Math.min(to, this.count); seq += 1) {
      if (this.#messages.has(seq)) continue;
      const last = holes.at(-1);
      if (last && blockOf(last.from) === blockOf(seq)) last.to = seq;
      else holes.push({ from: seq, to: seq });
    }
    return holes;
  }

  /**
   * The conversation with its newest messages, as the store has them. What isn't among them may have changed since the
   * revision that was reached, and is a hole again.
   */
  load({ messages, has_more, ...info }) {
    if (info.revision > this.revision) this.#forgetOthers(new Set(messages.map(({ id }) => id)), info.revision);
    return this.#together(
      this.#takeInfo(info),
      messages.flatMap((message) => this.#takeMessage(message)),
      () => this.reached(info.revision),
    );
  }

  /** A page of `/changes`, read behind `revision`. */
  changes({ conversation, messages, revision }) {
    return this.#together(
      this.#takeInfo(conversation),
      messages.flatMap((message) => this.#takeMessage(message)),
      () => this.reached(revision),
    );
  }

  /** Single messages as they are now, or a page of them. */
  refreshed(messages) {
    return this.#together(false, messages.flatMap((message) => this.#takeMessage(message)));
  }

  /** An event. */
  take(event) {
    if (event.type === "message_delta") return this.#together(false, this.#takePiece(event));
    const { conversation, message, revision } = event;
    return this.#together(
      conversation ? this.#takeInfo(conversation) : false,
      message ? this.#takeMessage(message) : [],
      () => revision && this.#note(revision),
    );
  }

  /** Everything up to a revision has been told. */
  reached(revision) {
    this.revision = Math.max(this.revision, revision);
    this.#settle();
  }

  /** What is still not known of, after the store was asked, is not to be waited for. */
  ignoreStrangers() {
    for (const id of this.#strangers) {
      this.#ignored.add(id);
      this.#dropPieces(id);
    }
  }

  get #strangers() { return [...this.#waiting.keys()].filter((id) => !this.#places.has(id)); }

  #together(info, messages, after = () => {}) {
    after();
    return { info, messages: [...new Set(messages)] };
  }

  #note(revision) {
    if (revision <= this.revision) return;
    this.#later.add(revision);
    this.#settle();
  }

  #settle() {
    while (this.#later.delete(this.revision + 1)) this.revision += 1;
    for (const revision of this.#later) if (revision <= this.revision) this.#later.delete(revision);
  }

  #takeInfo(conversation) {
    if (this.info && conversation.revision < this.info.revision) return false;
    this.info = { ...this.info, ...conversation };
    return true;
  }

  /** Takes in a message where it is news: the list of it, or an empty one. */
  #takeMessage(message) {
    const known = this.find(message.id);
    if (known && newer(known, message) === known) return [];
    this.#place(known ? this.#keepPieces(known, message) : message);
    return this.#joinPieces(this.at(message.seq));
  }

  #place(message) {
    const { id, seq, status } = message;
    this.#messages.set(seq, message);
    this.#places.set(id, seq);
    this.#ignored.delete(id);
    this.#inOrder = null;
    this.#highest = Math.max(this.#highest, seq);
    this.#running[status === "streaming" ? "add" : "delete"](seq);
  }

  #forgetOthers(ids, revision) {
    for (const message of [...this.#messages.values()]) {
      if (ids.has(message.id) || message.revision > revision) continue;
      this.#messages.delete(message.seq);
      this.#places.delete(message.id);
      this.#running.delete(message.seq);
      this.#dropPieces(message.id);
    }
    this.#inOrder = null;
  }

  /**
   * A running reply that changed otherwise (a reaction, say) may come with fewer pieces than are here already. Begun
   * anew it has fewer by right: but then it had ended before, which is known where nothing is missing.
   */
  #keepPieces(known, message) {
    const runsOn = known.status === "streaming" && message.status === "streaming";
    if (!runsOn || next(message) >= next(known) || message.revision > this.revision + 1) return message;
    return { ...message, content: known.content, next_index: known.next_index };
  }

  #takePiece({ message_id: id, index, text }) {
    if (this.#ignored.has(id)) return [];
    const message = this.find(id);
    if (message && (message.status !== "streaming" || index < next(message))) return [];
    if (this.#waitingCount >= mostWaiting) return [];
    let pieces = this.#waiting.get(id);
    if (!pieces) this.#waiting.set(id, (pieces = new Map()));
    if (!pieces.has(index)) this.#waitingCount += 1;
    pieces.set(index, text);
    if (!message) return [];
    const before = next(message);
    this.#joinPieces(message);
    return next(message) > before ? [message] : [];
  }

  /** Adds to a message what has waited for it; the same object grows, so that a view can tell growth from change. */
  #joinPieces(message) {
    const pieces = this.#waiting.get(message.id);
    if (!pieces) return [message];
    if (message.status === "streaming") {
      let index = next(message);
      for (; pieces.has(index); index += 1) message.content += pieces.get(index);
      message.next_index = index;
      for (const known of pieces.keys()) if (known < index && pieces.delete(known)) this.#waitingCount -= 1;
    }
    if (message.status !== "streaming" || !pieces.size) this.#dropPieces(message.id);
    return [message];
  }

  #dropPieces(id) {
    this.#waitingCount -= this.#waiting.get(id)?.size ?? 0;
    this.#waiting.delete(id);
  }
}

const blockOf = (seq) => Math.floor((seq - 1) / blockSize);

/** The index of the next piece. */
const next = ({ next_index }) => next_index ?? 0;

/** The later of two states of one message; the one known already where they are the same. */
function newer(known, message) {
  if (message.revision > known.revision) return message;
  if (message.revision < known.revision) return known;
  const grew = known.status === "streaming" && message.status === "streaming" && next(message) > next(known);
  return grew ? message : known;
}
