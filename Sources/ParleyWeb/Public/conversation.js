import { chatOptions } from "./chat-options.js";
import { ConversationFold } from "./conversation-fold.js";
import { insist, nextIndex } from "./live-rules.js";
import { MessagePages } from "./message-pages.js";
import { Typists, TypingPace } from "./typists.js";

/** What reads answers isn't needed until there is one to read. Some browsers never ask again for what once failed. */
const loadTurns = () => import("./turn.js").catch(() => import(`./turn.js?${Date.now()}`));
/** Before the connection may be lost. */
const expectTurns = () => loadTurns().catch(() => {});

const pageSize = 50;
const changesSize = 100;
/** Who is so many changes behind is better off with the newest page than with all that was between. */
const tooFar = 500;
/** What is missing mostly is on its way by the other of two streams, and is waited for so long before it is asked for. */
const mending = 300;
/** How long the answer to a message is still read when the socket brings the same. */
const patience = 3000;

/**
 * One open conversation, kept in step: its messages as far as they are looked at, and the turn that is under way in it.
 *
 * Fires `message` (detail: one that came or changed), `info` (title and the like), `created` (it has an id now), `state`
 * (busy, reconnecting, lost), `typing` (who else writes), `gone` (it isn't there any more, or not for this person), and
 * `stale` (it has to be loaded afresh).
 */
export class Conversation extends EventTarget {
  id;
  reconnecting = false;
  /** The reply goes on at the server, but this page couldn't follow it. */
  lost = false;
  renderer;
  #api;
  #list;
  #unsent;
  #live;
  #user;
  #project;
  #drafts;
  #fold = new ConversationFold();
  #left = false;
  #over = false;
  #control = new AbortController();
  #pages;
  /** What of a turn is read by a stream of its own: `post`, `follow`, or nothing. */
  #reading = null;
  #posting = new AbortController();
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

  constructor(id, { api, list, unsent, live, user, project, renderer, drafts }) {
    super();
    this.id = id;
    this.#api = api;
    this.#list = list;
    this.#unsent = unsent;
    this.#live = live;
    this.#user = user;
    this.#project = project;
    this.renderer = renderer;
    this.#drafts = drafts;
    const { signal } = this.#control;
    this.#pages = new MessagePages({
      missing: (from, to) => this.#fold.missing(from, to),
      fetch: (hole, within) => this.#fetch(hole, within),
      ontaken: (messages) => this.#show(this.#fold.refreshed(messages)),
      onerror: (error) => this.#endBy(error),
      signal,
    });
    live.addEventListener("event", ({ detail }) => this.#hear(detail), { signal });
    live.addEventListener("state", () => this.#connectionChanged(), { signal });
    unsent.addEventListener("change", () => this.#sendNext(), { signal });
    this.addEventListener("state", () => this.#sendNext());
  }

  get info() { return this.#fold.info; }
  /** Those that are here, by seq: some have been looked at, and the newest. */
  get messages() { return this.#fold.messages; }
  /** How many there are, here or not. */
  get count() { return this.#fold.count; }
  /** Everything up to here is known. */
  get revision() { return this.#fold.revision; }
  get reply() { return this.#fold.reply; }
  /** An answer is being asked for or written, here or in any other tab. */
  get busy() { return this.#reading === "post" || Boolean(this.reply); }
  /** A message is on its way, and the server hasn't said yet that it has it. */
  get sending() { return this.#reading === "post" && !this.reply; }
  /** Something of this person's is on its way, or waits to be sent. */
  get pending() { return this.sending || this.#unsent.isPending(this.id); }
  get typing() { return this.#typists.at(performance.now()); }

  /** Loads the newest messages; from then on everything that changes is taken in. */
  async load() {
    const page = await this.#page(`?limit=${pageSize}`);
    this.#pages.renew();
    this.#show(this.#fold.load(page));
    this.#subscribe();
    this.#followReply();
    this.#sendNext();
  }

  /** The message at a place, if it is here. */
  at(seq) { return this.#fold.at(seq); }

  /** These are looked at: what is missing of them is fetched. */
  look(from, to) {
    if (this.info) this.#pages.want(from, to);
  }

  async #fetch({ from, to }, signal) {
    const query = new URLSearchParams({ limit: to - from + 1, after_seq: from - 1 });
    return (await this.#page(`/messages?${query}`, signal)).messages;
  }

  /** A page of messages, whose Markdown comes rendered. */
  async #page(path, signal) {
    const page = await this.#api.get(`/conversations/${this.id}${path}&render=html`, signal);
    this.renderer.learn(page.messages);
    return page;
  }

  send(text) {
    this.#pace.reset();
    this.#unsent.add(this.id, text);
  }

  /** The models and filters there are to choose from; null where there are none. */
  options() { return chatOptions(this.#api); }

  /** What waits goes out in its order, one after the answer to the other. */
  #sendNext() {
    if (this.#over || this.#control.signal.aborted || (this.id && !this.info)) return;
    if (!this.busy) {
      const next = this.#unsent.next(this.id);
      if (next) this.#send(next);
    } else if (this.reply || !this.#reading) {
      for (const message of this.#unsent.messages(this.id)) {
        if (message.state === "connection") this.#unsent.mark(message, "answer");
      }
    }
    if (this.#left && !this.pending) this.#close();
  }

  /** Has an unsent message sent as soon as it can be, again with the id it has. */
  retry(message) {
    this.#unsent.mark(message, "answer");
    this.#unsent.resume();
  }

  async #send(message) {
    this.#reading = "post";
    this.#posting = new AbortController();
    this.#unsent.mark(message, "sending");
    this.#fire("state");
    await this.#drafts.settle(this.id);
    if (this.#control.signal.aborted) return;
    // Sent again, it has to be the same.
    if (!this.id) message.project ??= this.#project() ?? "";
    const place = this.id ? { conversation_id: this.id } : message.project && { project_id: message.project };
    const post = { id: message.id, message: message.text, ...place, ...message.choice };
    this.#read("post", { post }, AbortSignal.any([this.#posting.signal, this.#control.signal]), message);
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

  /** Takes in messages as a change of theirs was answered with. */
  tell(messages) {
    this.#show(this.#fold.refreshed(messages));
  }

  /** Asks how a message is now; a reply that has begun is followed. */
  async refresh(seq) {
    this.tell(await this.#fetch({ from: seq, to: seq }));
    this.#followReply();
  }

  async stop() {
    const { reply } = this;
    if (reply) this.tell([await this.#api.post(`/chat/${reply.id}/stop`)]);
  }

  async reconnect() {
    this.#live.wake();
    await this.load();
    this.#setState({ lost: false });
  }

  /** Lets the others know that this person is writing. */
  type() {
    expectTurns();
    if (!this.id || !this.#live.isOpen || !this.#pace.take(performance.now())) return;
    this.#live.send({ type: "typing", conversation_id: this.id });
  }

  enter() {
    this.#left = false;
    this.#sendNext();
  }

  /**
   * No longer shown. A reply needs nobody who watches, and a browser has few connections; but a message that isn't
   * acknowledged yet is seen through.
   */
  leave() {
    this.#left = true;
    if (!this.pending) this.#close();
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
    if (event.type === "ready") {
      this.#givePostUp();
      return this.#subscribe();
    }
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
    this.catchUp();
  }

  #refused({ code }) {
    if (!this.#subscribing && code !== "not_found") return;
    // Looked at afresh, it shows whether it is there.
    this.#subscribed = this.#subscribing = false;
    this.catchUp();
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
    this.#loadSurely();
  }

  #loadSurely() {
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
      if (this.#fold.hasGap) this.catchUp();
      else if (this.#fold.torn.length) this.#refreshReplies();
    }, mending);
  }

  /** Asks the store for what has changed, until nothing is missing; settles at once where somebody does that already. */
  async catchUp() {
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
      page = await this.#page(`/changes?${query}`);
      if (page.conversation.revision - this.#fold.revision > tooFar) return this.#end("stale");
      this.#show(this.#fold.changes(page));
    } while (page.has_more && !this.#over);
  }

  /** Replies under way, with all of their pieces. */
  async #refreshReplies() {
    try {
      for (const { seq } of this.#fold.running) {
        const hole = { from: seq, to: seq };
        this.#show(this.#fold.refreshed(await this.#insist(() => this.#fetch(hole))));
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
      const { turnEvents } = await loadTurns();
      for await (const event of turnEvents(this.#api, request, signal)) {
        this.#hearOfTurn(event, unsent);
        // The socket, or whoever comes back, has the rest.
        if (this.#left && this.reply && !this.pending) this.#close();
      }
      if (!this.info) await this.load();
      // A turn that is over has no unfinished reply; if one seems so, its end was missed.
      else if (this.reply) await this.catchUp();
    } catch (error) {
      const isGivenUp = unsent && this.#posting.signal.aborted;
      if (error.name === "AbortError" && !isGivenUp) return;
      if (unsent && this.#unsent.has(unsent.id)) this.#unsent.failed(unsent, error);
      // What it would have brought comes by itself, or is followed now.
      else if (isGivenUp && this.info) queueMicrotask(() => this.#followReply());
      else if (!this.#live.isOpen) this.#setState({ lost: true });
      else if (!this.info) this.#loadSurely();
    } finally {
      this.#reading = null;
      this.#setState({ reconnecting: false });
      if (this.#left && !this.pending) this.#close();
    }
  }

  /**
   * Who asked over a connection that was lost without a word is told so after a quarter of an hour only. What the server
   * has heard of comes over the socket; anything else is sent again.
   */
  #givePostUp() {
    const posting = this.#posting;
    setTimeout(() => posting.abort(), patience);
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
    if (this.reply) expectTurns();
    else this.#givePostUp();
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
