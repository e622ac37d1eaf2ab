import { uuid } from "./uuid.js";

/**
 * What has been typed and isn't known to be on the server: drafts, and messages on their way. In memory only.
 *
 * A message keeps the id it was made with until the server has it, so sending it again can't double it.
 * Conversations that don't exist yet have the id null.
 */
export class Unsent extends EventTarget {
  #drafts = new Map();
  #messages = new Map();

  draft(conversation) { return this.#drafts.get(conversation) ?? ""; }

  keepDraft(conversation, text) {
    if (text) this.#drafts.set(conversation, text);
    else this.#drafts.delete(conversation);
  }

  messages(conversation) {
    return [...this.#messages.values()].filter((message) => message.conversation === conversation);
  }

  /** Whether there is anything unsent in a conversation. */
  holds(conversation) {
    return this.draft(conversation) !== "" || this.messages(conversation).length > 0;
  }

  add(conversation, text) {
    const message = { id: uuid(), conversation, text, problem: null, since: new Date().toISOString() };
    this.#messages.set(message.id, message);
    this.#changed();
    return message;
  }

  /** `problem` says why it isn't sent; null while it is being tried. */
  mark(message, problem) {
    message.problem = problem;
    this.#changed();
  }

  /** The conversation that a message made has got its id. */
  assign(message, conversation) {
    message.conversation = conversation;
    this.keepDraft(conversation, this.draft(null));
    this.keepDraft(null, "");
  }

  /** A conversation is gone: what was typed there begins a new one, unless another has been begun. */
  rescueDraft(conversation) {
    if (!this.draft(null)) this.keepDraft(null, this.draft(conversation));
    this.keepDraft(conversation, "");
  }

  remove(id) {
    if (this.#messages.delete(id)) this.#changed();
  }

  has(id) { return this.#messages.has(id); }

  /** Nothing is being tried any more: the session it was tried in is over. */
  suspend() {
    for (const message of this.#messages.values()) message.problem = "Your session had ended.";
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
