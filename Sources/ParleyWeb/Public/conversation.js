import { ConversationFold } from "./conversation-fold.js";
import { insist } from "./live-rules.js";
import { nextIndex, turnEvents } from "./turn.js";
import { Typists, TypingPace } from "./typists.js";

const pageSize = 50;
const changesSize = 100;
/** Who is so many changes behind is better off with the newest page than with all that was between. */
const tooFar = 500;
/** What is missing mostly is on its way by the other of two streams, and is waited for so long before it is asked for. */
const mending = 300;

/**
 * One open conversation, kept in step: its messages as far as they are loaded, and the turn that is under way in it.
 *
 * Fires `message` (detail: one that came or changed), `older` (a page was put before the others), `info` (title and the
 * like), `created` (it has an id now), `state` (busy, reconnecting, lost), `typing` (who else writes), `gone` (it isn't
 * there any more, or not for this person), and `stale` (it has to be loaded afresh).
 */
export class Conversation extends EventTarget {
  id;
  reconnecting = false;
  /** The reply goes on at the server, but this page couldn't follow it. */
  lost = false;
  #api;
  #list;
  #unsent;
  #live;
  #user;
  #fold = new ConversationFold();
  #left = false;
  #over = false;
  #control = new AbortController();
  #loadingOlder = false;
  /** What of a turn is read by a stream of its own: `post`, `follow`, or nothing. */
  #reading = null;
  #following = null;
  #catchingUp = false;
  #again = false;
  /** Whether the socket was asked to keep this in step, and whether it hasn't said yet that it does. */
  #subscribed = false;
  #subscribing = false;
  #mending = null;
  #shownReply;
  #typists = new Typists();
  #pace = new TypingPace();
  #typingEnds;

  constructor(id, { api, list, unsent, live, user }) {
    super();
    this.id = id;
    this.#api = api;
    this.#list = list;
    this.#unsent = unsent;
    this.#live = live;
    this.#user = user;
    const { signal } = this.#control;
    live.addEventListener("event", ({ detail }) => this.#hear(detail), { signal });
    live.addEventListener("state", () => this.#connectionChanged(), { signal });
  }

  get info() { return this.#fold.info; }
  get messages() { return this.#fold.messages; }
  get hasOlder() { return this.#fold.hasOlder; }
  get reply() { return this.#fold.reply; }
  /** An answer is being asked for or written, here or in any other tab. */
  get busy() { return this.#reading === "post" || Boolean(this.reply); }
  /** A message is on its way, and the server hasn't said yet that it has it. */
  get sending() { return this.#reading === "post" && !this.reply; }
  get typing() { return this.#typists.at(performance.now()); }

  /** Loads the newest messages; from then on everything that changes is taken in. */
  async load() {
    this.#show(this.#fold.load(await this.#api.get(`/conversations/${this.id}?limit=${pageSize}`)));
    this.#subscribe();
    this.#followReply();
  }

  async loadOlder() {
    if (!this.hasOlder || this.#loadingOlder) return;
    this.#loadingOlder = true;
    try {
      const query = new URLSearchParams({ limit: pageSize, before_seq: this.messages[0].seq });
      const page = await this.#api.get(`/conversations/${this.id}/messages?${query}`);
      this.#fire("older", this.#fold.prepend(page));
    } finally {
      this.#loadingOlder = false;
    }
  }

  send(text) {
    this.#pace.reset();
    this.retry(this.#unsent.add(this.id, text));
  }

  /** Sends an unsent message, again with the id it has. */
  retry(message) {
    if (this.busy) return this.#unsent.mark(message, "An answer is still being written.");
    this.#unsent.mark(message, null);
    const post = { id: message.id, message: message.text, ...(this.id && { conversation_id: this.id }) };
    this.#read("post", { post }, this.#control.signal, message);
  }

  /** Takes in what a change of the conversation itself was answered with. */
  changed(conversation) {
    this.#take({ conversation, revision: conversation.revision });
  }

  /** Takes in what it was told to have missed. */
  missed({ conversation, messages }) {
    this.#show(this.#fold.refreshed(messages));
    this.changed(conversation);
  }

  async stop() {
    const { reply } = this;
    if (reply) this.#show(this.#fold.refreshed([await this.#api.post(`/chat/${reply.id}/stop`)]));
  }

  async reconnect() {
    this.#live.wake();
    await this.load();
    this.#setState({ lost: false });
  }

  /** Lets the others know that this person is writing. */
  type() {
    if (!this.id || !this.#live.isOpen || !this.#pace.take(performance.now())) return;
    this.#live.send({ type: "typing", conversation_id: this.id });
  }

  enter() {
    this.#left = false;
  }

  /**
   * No longer shown. A reply needs nobody who watches, and a browser has few connections; but a message that isn't
   * acknowledged yet is seen through.
   */
  leave() {
    this.#left = true;
    if (!this.sending) this.#close();
  }

  #close() {
    if (this.#control.signal.aborted) return;
    if (this.id) this.#live.send({ type: "unsubscribe", conversation_id: this.id });
    clearTimeout(this.#mending);
    clearTimeout(this.#typingEnds);
    this.#control.abort();
  }

  // What comes over the socket.

  #hear(event) {
    if (event.type === "ready") return this.#subscribe();
    if (event.type === "resync") return this.#resync(event.conversation_id);
    // Too much was asked for at once, and what it was isn't said.
    if (event.type === "error" && !event.conversation_id) return this.#refused(event.error);
    // A message of one's own that made a conversation, whose answer got lost or is not here yet.
    if (!this.id && event.message && this.#unsent.messages(null).some(({ id }) => id === event.message.id)) {
      return this.#adopt(event);
    }
    if (!this.id || event.conversation_id !== this.id) return;
    switch (event.type) {
      case "subscribed": return this.#caughtUp(event.revision);
      case "typing": return this.#hearTyping(event.user);
      case "conversation_deleted": return this.#end("gone");
      case "error": return this.#refused(event.error);
      default: this.#take(event);
    }
  }

  #subscribe() {
    if (!this.id || !this.info) return;
    this.#typists.clear();
    this.#showTyping();
    const asked = { type: "subscribe", conversation_id: this.id, since_revision: this.#fold.revision };
    this.#subscribed = this.#subscribing = this.#live.send(asked);
  }

  #connectionChanged() {
    if (!this.#live.isOpen) this.#subscribed = this.#subscribing = false;
    this.#followReply();
  }

  /** Something was missed: here, or anywhere. */
  #resync(conversation) {
    if (conversation && conversation !== this.id) return;
    // Where it is about this one alone, it stands in the place of `subscribed`.
    if (conversation) this.#subscribed = this.#subscribing = false;
    this.#catchUp();
  }

  #refused({ code }) {
    if (!this.#subscribing && code !== "not_found") return;
    // Looked at afresh, it shows whether it is there.
    this.#subscribed = this.#subscribing = false;
    this.#catchUp();
  }

  #caughtUp(revision) {
    this.#subscribing = false;
    this.#fold.reached(revision);
    if (this.lost) this.#setState({ lost: false });
    this.#mend();
  }

  #adopt(event) {
    const message = this.#unsent.messages(null).find(({ id }) => id === event.message.id);
    this.#create(event.conversation_id, message);
    this.#insist(() => this.load()).catch((error) => this.#endBy(error));
  }

  #hearTyping(user) {
    if (user === this.#user.email) return;
    this.#typists.heard(user, performance.now());
    this.#showTyping();
  }

  #showTyping() {
    clearTimeout(this.#typingEnds);
    const rest = this.#typists.nextEnd - performance.now();
    if (rest < Infinity) this.#typingEnds = setTimeout(() => this.#showTyping(), Math.max(rest, 0) + 1);
    this.#fire("typing");
  }

  // What is missing.

  /** Looks in a moment whether something still is. */
  #mend() {
    const { hasGap, torn } = this.#fold;
    if (this.#mending || this.#subscribing || this.#over || !(hasGap || torn.length)) return;
    this.#mending = setTimeout(() => {
      this.#mending = null;
      if (this.#subscribing) return;
      if (this.#fold.hasGap) this.#catchUp();
      else if (this.#fold.torn.length) this.#refreshReplies();
    }, mending);
  }

  /** Asks the store for what has changed, until nothing is missing. */
  async #catchUp() {
    if (!this.id || !this.info || this.#over) return;
    this.#again = this.#catchingUp;
    if (this.#catchingUp) return;
    this.#catchingUp = true;
    try {
      do {
        this.#again = false;
        await this.#insist(() => this.#readChanges());
      } while (this.#again);
      this.#fold.ignoreStrangers();
      await this.#refreshReplies();
    } catch (error) {
      this.#endBy(error);
    } finally {
      this.#catchingUp = false;
    }
    if (!this.#subscribed) this.#subscribe();
    this.#followReply();
  }

  async #readChanges() {
    let page;
    do {
      const query = new URLSearchParams({ since_revision: this.#fold.revision, limit: changesSize });
      page = await this.#api.get(`/conversations/${this.id}/changes?${query}`);
      if (page.conversation.revision - this.#fold.revision > tooFar) return this.#end("stale");
      this.#show(this.#fold.changes(page));
    } while (page.has_more && !this.#over);
  }

  /** Replies under way, with all of their pieces. */
  async #refreshReplies() {
    try {
      for (const { status, seq } of [...this.messages]) {
        if (status !== "streaming") continue;
        const query = new URLSearchParams({ limit: 1, after_seq: seq - 1 });
        const path = `/conversations/${this.id}/messages?${query}`;
        const { messages } = await this.#insist(() => this.#api.get(path));
        this.#show(this.#fold.refreshed(messages));
      }
    } catch (error) {
      this.#endBy(error);
    }
  }

  #insist(work) {
    return insist(work, this.#control.signal);
  }

  #endBy(error) {
    if (error.status === 404) this.#end("gone");
    if (error.status === 410) this.#end("stale");
  }

  #end(how) {
    if (this.#over || this.#control.signal.aborted) return;
    this.#over = true;
    this.#fire(how);
  }

  // Turns, and replies where no socket brings them.

  /** Without a socket a reply that is being written is read by a stream of its own. */
  #followReply() {
    if (this.#live.isOpen || !this.reply || this.#left) return this.#following?.abort();
    // As long as the socket may come at once, it is waited for: a browser has only few connections for all tabs.
    if (this.#live.state !== "lost" || this.#reading) return;
    this.#following = new AbortController();
    const signal = AbortSignal.any([this.#following.signal, this.#control.signal]);
    this.#read("follow", { reply: { id: this.reply.id, next: nextIndex(this.reply) } }, signal);
  }

  async #read(what, request, signal, unsent) {
    this.#reading = what;
    this.#setState({ lost: false });
    try {
      for await (const event of turnEvents(this.#api, request, signal)) {
        this.#hearOfTurn(event, unsent);
        // The socket, or whoever comes back, has the rest.
        if (this.#left && this.reply) this.#close();
      }
      if (!this.info) await this.load();
      // A turn that is over has no unfinished reply; if one seems so, its end was missed.
      else if (this.reply) await this.#catchUp();
    } catch (error) {
      if (error.name === "AbortError") return;
      if (unsent && this.#unsent.has(unsent.id)) this.#unsent.mark(unsent, error.message);
      else if (!this.#live.isOpen) this.#setState({ lost: true });
    } finally {
      this.#reading = null;
      this.#setState({ reconnecting: false });
      if (this.#left) this.#close();
    }
  }

  #hearOfTurn(event, unsent) {
    if (event.type === "reconnecting") return this.#setState({ reconnecting: true });
    if (this.reconnecting) {
      this.#setState({ reconnecting: false });
      // The server can be reached again, so the socket needn't wait for its next attempt.
      this.#live.wake();
    }
    if (event.conversation_id && !this.id) this.#create(event.conversation_id, unsent);
    this.#list.take(event);
    this.#take(event);
    if (!this.#subscribed) this.#subscribe();
  }

  #create(id, unsent) {
    this.id = id;
    this.#unsent.assign(unsent, id);
    this.#fire("created");
  }

  #take(event) {
    if (event.message && this.#typists.done(event.message.author)) this.#showTyping();
    this.#show(this.#fold.take(event));
    this.#mend();
  }

  #show({ info, messages }) {
    if (info) {
      this.#list.update(this.info);
      this.#fire("info");
    }
    for (const message of messages) {
      this.#unsent.remove(message.id);
      this.#fire("message", message);
    }
    if (this.reply?.id === this.#shownReply) return;
    this.#shownReply = this.reply?.id;
    this.#fire("state");
  }

  #setState(state) {
    Object.assign(this, state);
    this.#fire("state");
  }

  #fire(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
