/** Pieces that may wait for their reply or for those before them: as many as a long reply has. */
const mostWaiting = 4096;
/** Changes of messages further up than what is loaded, kept for when they are. */
const mostBeyond = 500;

/**
 * What is known of one conversation, put together from whatever tells of it: pages, events of a socket and of a turn's
 * own stream, in any order and as often as they come. Knows no network, no time and no page.
 *
 * Messages and the conversation go by `revision`, the pieces of a reply by `index`. Methods return what they changed:
 * `messages` (those that came or changed), and `info` (whether the conversation itself did). What is missing is in
 * `hasGap` and `torn`.
 */
export class ConversationFold {
  info = null;
  /** By seq, without a gap from the first to the last as far as `hasGap` is false. */
  messages = [];
  hasOlder = false;
  /** Everything up to here is known. */
  revision = 0;
  #later = new Set();
  #waiting = new Map();
  #waitingCount = 0;
  #beyond = new Map();
  #ignored = new Set();

  /** Whether a change is known that others come before. */
  get hasGap() { return this.#later.size > 0 || this.#strangers.length > 0; }

  /** Replies that lack a piece which won't come by itself any more. */
  get torn() { return this.messages.filter(({ id, status }) => status === "streaming" && this.#waiting.has(id)); }

  get reply() { return this.messages.findLast(({ status }) => status === "streaming"); }

  find(id) { return this.messages.findLast((message) => message.id === id); }

  /** The conversation with its newest messages, as the store has them. */
  load({ messages, has_more, ...info }) {
    const [first] = messages;
    // More has come than a page holds: what is here doesn't join it.
    if (this.messages.length && first && first.seq > this.messages.at(-1).seq + 1) this.messages = [];
    if (!this.messages.length) this.hasOlder = has_more;
    return this.#together(
      this.#takeInfo(info),
      messages.flatMap((message) => this.#takeMessage(message)),
      () => this.reached(info.revision),
    );
  }

  /** A page of older messages. Returns them as they are now: some may have changed since it was read. */
  prepend({ messages, has_more }) {
    const older = messages
      .filter(({ seq }) => !this.messages.length || seq < this.messages[0].seq)
      .map((message) => newer(this.#beyond.get(message.id), message));
    for (const { id } of older) this.#beyond.delete(id);
    this.messages = [...older, ...this.messages];
    this.hasOlder = has_more;
    return older;
  }

  /** A page of `/changes`, read behind `revision`. */
  changes({ conversation, messages, revision }) {
    return this.#together(
      this.#takeInfo(conversation),
      messages.flatMap((message) => this.#takeMessage(message)),
      () => this.reached(revision),
    );
  }

  /** Single messages as they are now. */
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
      this.#forget(id);
    }
  }

  get #strangers() { return [...this.#waiting.keys()].filter((id) => !this.find(id)); }

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
    const at = this.messages.findLastIndex(({ id }) => id === message.id);
    if (at < 0) return this.#add(message);
    const known = this.messages[at];
    if (newer(known, message) === known) return [];
    this.messages[at] = this.#keepPieces(known, message);
    return this.#joinPieces(this.messages[at]);
  }

  #add(message) {
    const { id, seq } = message;
    if (this.hasOlder && this.messages.length && seq < this.messages[0].seq) {
      this.#beyond.set(id, newer(this.#beyond.get(id), message));
      if (this.#beyond.size > mostBeyond) this.#beyond.delete(this.#beyond.keys().next().value);
      return [];
    }
    const at = this.messages.findLastIndex((other) => other.seq < seq) + 1;
    this.messages.splice(at, 0, message);
    return this.#joinPieces(message);
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
    if (this.#ignored.has(id) || this.#beyond.has(id)) return [];
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
    if (message.status !== "streaming" || !pieces.size) this.#forget(message.id);
    return [message];
  }

  #forget(id) {
    this.#waitingCount -= this.#waiting.get(id)?.size ?? 0;
    this.#waiting.delete(id);
  }
}

/** The index of the next piece. */
const next = ({ next_index }) => next_index ?? 0;

/** The later of two states of one message; the one known already where they are the same. */
function newer(known, message) {
  if (!known || message.revision > known.revision) return message;
  if (message.revision < known.revision) return known;
  const grew = known.status === "streaming" && message.status === "streaming" && next(message) > next(known);
  return grew ? message : known;
}
