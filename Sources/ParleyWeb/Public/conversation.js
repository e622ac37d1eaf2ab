import { nextIndex, turnEvents } from "./turn.js";

const pageSize = 50;

/**
 * One open conversation: its messages as far as they are loaded, and the turn that is under way in it.
 *
 * Fires `message` (detail: the one that came or changed), `older` (a page was put before the others), `info` (title and
 * the like), `created` (it has an id now), and `state` (busy, reconnecting, lost).
 */
export class Conversation extends EventTarget {
  id;
  info = null;
  messages = [];
  hasOlder = false;
  busy = false;
  reconnecting = false;
  /** The reply goes on at the server, but this page couldn't follow it. */
  lost = false;
  #api;
  #list;
  #unsent;
  #left = false;
  #control = new AbortController();
  #loadingOlder = false;

  constructor(id, { api, list, unsent }) {
    super();
    this.id = id;
    this.#api = api;
    this.#list = list;
    this.#unsent = unsent;
  }

  get reply() { return this.messages.findLast((message) => message.status === "streaming"); }

  /** Loads the newest messages, and follows the reply that is being written, if one is. */
  async load() {
    const { messages, has_more, ...info } = await this.#api.get(`/conversations/${this.id}?limit=${pageSize}`);
    if (!this.messages.length) this.hasOlder = has_more;
    this.setInfo(info);
    for (const message of messages) this.#put(message);
    if (this.reply) this.#run({ reply: { id: this.reply.id, next: nextIndex(this.reply) } });
  }

  async loadOlder() {
    if (!this.hasOlder || this.#loadingOlder) return;
    this.#loadingOlder = true;
    try {
      const query = new URLSearchParams({ limit: pageSize, before_seq: this.messages[0].seq });
      const page = await this.#api.get(`/conversations/${this.id}/messages?${query}`);
      this.messages.unshift(...page.messages);
      this.hasOlder = page.has_more;
      this.#fire("older", page.messages);
    } finally {
      this.#loadingOlder = false;
    }
  }

  send(text) {
    this.retry(this.#unsent.add(this.id, text));
  }

  /** Sends an unsent message, again with the id it has. */
  retry(message) {
    if (this.busy) return this.#unsent.mark(message, "An answer is still being written.");
    this.#unsent.mark(message, null);
    const post = { id: message.id, message: message.text, ...(this.id && { conversation_id: this.id }) };
    this.#run({ post }, message);
  }

  async stop() {
    if (this.reply) await this.#api.post(`/chat/${this.reply.id}/stop`);
  }

  async reconnect() {
    await this.load();
    this.#setState({ lost: false });
  }

  setInfo(info) {
    this.info = info;
    this.#list.update(info);
    this.#fire("info");
  }

  /** A message is on its way, and the server hasn't said yet that it has it. */
  get sending() { return this.busy && !this.reply; }

  enter() {
    this.#left = false;
  }

  /**
   * No longer shown. A reply needs nobody who watches, and a browser has few connections; but a message that isn't
   * acknowledged yet is seen through.
   */
  leave() {
    this.#left = true;
    if (!this.sending) this.#control.abort();
  }

  async #run(request, unsent) {
    this.#setState({ busy: true });
    try {
      for await (const event of turnEvents(this.#api, request, this.#control.signal)) this.#apply(event, unsent);
      // A turn that is over has no unfinished reply; if one seems so, its end was missed.
      if (this.reply) await this.#refetch();
      if (!this.info) await this.load();
    } catch (error) {
      if (error.name === "AbortError") return;
      if (unsent && this.#unsent.has(unsent.id)) this.#unsent.mark(unsent, error.message);
      else this.#setState({ lost: true });
    } finally {
      this.#setState({ busy: false, reconnecting: false });
    }
  }

  #apply(event, unsent) {
    if (event.type === "reconnecting") return this.#setState({ reconnecting: true });
    if (this.reconnecting) this.#setState({ reconnecting: false });
    if (event.conversation_id && !this.id) this.#create(event.conversation_id, unsent);
    if (event.conversation) this.setInfo(event.conversation);
    if (event.type === "message_delta") this.#extend(event);
    if (event.message) this.#receive(event);
  }

  #create(id, unsent) {
    this.id = id;
    this.#unsent.assign(unsent, id);
    this.#fire("created");
  }

  #receive({ message, revision }) {
    this.#unsent.remove(message.id);
    this.#put(message);
    if (message.status === "streaming") {
      if (this.#left) this.#control.abort();
      // From now on it can be stopped.
      return this.#fire("state");
    }
    const { content: preview, updated_at } = message;
    if (this.info) this.#list.update({ ...this.info, revision, preview, updated_at });
  }

  #extend({ message_id, text }) {
    const message = this.messages.findLast((one) => one.id === message_id);
    if (!message) return;
    message.content += text;
    this.#fire("message", message);
  }

  #put(message) {
    const at = this.messages.findIndex((one) => one.id === message.id);
    if (at >= 0) this.messages[at] = message;
    else this.messages.push(message);
    this.#fire("message", message);
  }

  async #refetch() {
    const { messages } = await this.#api.get(`/conversations/${this.id}/messages?limit=2`);
    for (const message of messages) this.#put(message);
  }

  #setState(state) {
    Object.assign(this, state);
    this.#fire("state");
  }

  #fire(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
