import { pauseBefore } from "./live-rules.js";
import { uuid } from "./uuid.js";

/** What another attempt won't change. A busy server passes by itself, and so does another answer. */
const refusals = [400, 403, 404, 409, 410, 413, 415, 422];

/**
 * What has been typed and isn't known to be on the server: drafts, messages on their way, and edits of sent ones. In
 * memory only.
 *
 * A message keeps the id it was made with until the server has it, so sending it again can't double it. Its `state` is
 * `answer` (it goes out when the answer before it is done), `sending`, `connection` (it goes out when the server can be
 * reached) or `refused`, where `problem` says why. Conversations that don't exist yet have the id null.
 *
 * Fires `change` (of messages), `draft` (detail: the conversation, and whether the text comes from elsewhere), `sent`
 * (detail: a message that the server has) and `made` (detail: the id of what was begun without one).
 */
export class Unsent extends EventTarget {
  /** The editors that are open, by message: what is typed there outlives the row that it stands in. */
  edits = new Map();
  #drafts = new Map();
  #messages = new Map();
  #choices = new Map();
  #attempt = 0;
  #held = null;

  draft(conversation) { return this.#drafts.get(conversation) ?? ""; }

  keepDraft(conversation, text, isFromElsewhere = false) {
    if (text === this.draft(conversation)) return;
    if (text) this.#drafts.set(conversation, text);
    else this.#drafts.delete(conversation);
    this.#fire("draft", { conversation, isFromElsewhere });
  }

  messages(conversation) {
    return [...this.#messages.values()].filter((message) => message.conversation === conversation);
  }

  /** All that was typed in a conversation and that the server may not have as messages. */
  whole(conversation) {
    const texts = [...this.messages(conversation).map(({ text }) => text), this.draft(conversation)];
    return texts.filter((text) => text !== "").join("\n\n");
  }

  /** The model and filters that are chosen in a conversation. */
  choice(conversation) { return this.#choices.get(conversation) ?? {}; }
  choose(conversation, choice) { this.#choices.set(conversation, choice); }

  /** Whether there is anything unsent at all. */
  get holdsAny() { return this.#drafts.size > 0 || this.holdsMore; }
  /** Whether there is anything besides drafts. */
  get holdsMore() { return this.#messages.size > 0 || [...this.edits.values()].some(({ isChanged }) => isChanged); }

  /** Whether there is anything unsent in a conversation. */
  holds(conversation) {
    return this.draft(conversation) !== "" || this.messages(conversation).length > 0;
  }

  /** Whether something there goes out by itself, sooner or later. */
  isPending(conversation) {
    return this.messages(conversation).some(({ state }) => state !== "refused");
  }

  isSending(conversation) {
    return this.messages(conversation).some(({ state }) => state === "sending");
  }

  add(conversation, text) {
    const choice = this.choice(conversation);
    const message = { id: uuid(), conversation, text, choice, state: this.#held ? "connection" : "answer", problem: null };
    message.since = new Date().toISOString();
    message.discard = () => this.#messages.delete(message.id) && this.#fire("change");
    this.#messages.set(message.id, message);
    this.#fire("change");
    return message;
  }

  /** What is to be sent next in a conversation, if anything may be tried now. */
  next(conversation) {
    if (this.#held) return undefined;
    return this.messages(conversation).find(({ state }) => state === "answer" || state === "connection");
  }

  mark(message, state, problem = null) {
    if (message.state === state && message.problem === problem) return;
    Object.assign(message, { state, problem });
    this.#fire("change");
  }

  /** It couldn't be sent: it stays with the reason, or is tried again by itself. */
  failed(message, error) {
    const isAnswered = error.code === "reply_in_progress";
    if (refusals.includes(error.status) && !isAnswered) return this.mark(message, "refused", error.message);
    this.#attempt += 1;
    this.#held ??= setTimeout(() => this.resume(), pauseBefore(this.#attempt));
    const state = isAnswered ? "answer" : "connection";
    this.mark(message, state);
    // Those behind it wait for the same.
    for (const other of this.messages(message.conversation)) if (other.state === "answer") this.mark(other, state);
  }

  /** Tries at once what waits for a connection. */
  resume() {
    clearTimeout(this.#held);
    this.#held = null;
    this.#fire("change");
  }

  /** The conversation that a message made has got its id: what was typed behind it goes there, too. */
  assign(message, conversation) {
    const text = this.draft(null);
    message.conversation = conversation;
    for (const other of this.messages(null)) other.conversation = conversation;
    this.choose(conversation, this.choice(null));
    this.#choices.delete(null);
    this.#drafts.delete(null);
    if (text) this.#drafts.set(conversation, text);
    this.#fire("made", conversation);
  }

  /** A conversation is gone: what was typed there begins a new one, behind what has been begun already. */
  rescueDraft(conversation) {
    const texts = [this.draft(null), this.whole(conversation)];
    for (const edit of this.edits.values()) texts.push(edit.giveUp(conversation));
    for (const message of this.messages(conversation)) message.discard();
    this.keepDraft(conversation, "");
    this.keepDraft(null, texts.filter((part) => part.trim()).join("\n\n"));
  }

  /** The server has it. */
  remove(id) {
    const message = this.#messages.get(id);
    if (!this.#messages.delete(id)) return;
    this.#attempt = 0;
    this.#fire("sent", message);
    this.resume();
  }

  has(id) { return this.#messages.has(id); }

  /** Nothing more is tried. */
  close() {
    clearTimeout(this.#held);
  }

  #fire(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
