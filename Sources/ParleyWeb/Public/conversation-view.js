import { ComposerView } from "./composer-view.js";
import { linkButton } from "./controls.js";
import { h } from "./dom.js";
import { emptyView } from "./empty-view.js";
import { LogView } from "./log-view.js";
import { attempt } from "./notices.js";
import { TitleBar } from "./title-bar.js";
import { typingLine } from "./typists.js";

/** An open conversation: its title, its messages, and the place to write. */
export class ConversationView {
  element;
  #conversation;
  #unsent;
  #live;
  #composer;
  #log;
  #status = h("div", { class: "connection", role: "status" });
  // Not spoken: it comes and goes while one is writing oneself.
  #typing = h("p", { class: "typing", hidden: true });
  #control = new AbortController();

  constructor(conversation, { user, live, unsent, menuButton, onrename, ondelete }) {
    this.#conversation = conversation;
    this.#live = live;
    this.#unsent = unsent;
    const { signal } = this.#control;
    const bar = new TitleBar(conversation, { menuButton, onrename, ondelete });
    this.#composer = new ComposerView({
      text: unsent.draft(conversation.id),
      ontyped: (text) => this.#typed(text),
      onsend: (text) => this.#send(text),
      onstop: () => attempt("It couldn’t be stopped.", () => conversation.stop()),
    });
    const empty = emptyView(user, (text) => this.#composer.propose(text));
    this.#log = new LogView(conversation, { user, unsent, empty, onedit: (message) => this.#edit(message), signal });
    this.element = h(
      "section",
      { class: "conversation", "aria-label": "Conversation" },
      bar.element,
      this.#log.element,
      h("div", { class: "dock" }, this.#log.jump, this.#typing, this.#status, this.#composer.element),
    );
    conversation.addEventListener("state", () => this.#showState(), { signal });
    conversation.addEventListener("typing", () => this.#showTyping(), { signal });
    live.addEventListener("state", () => this.#showState(), { signal });
    this.#showState();
  }

  /** To be called once the element stands in the page. */
  start() {
    this.#log.start();
    this.#composer.focus();
  }

  close() {
    this.#control.abort();
    this.#log.close();
  }

  #typed(text) {
    this.#unsent.keepDraft(this.#conversation.id, text);
    if (text.trim()) this.#conversation.type();
  }

  #send(text) {
    this.#unsent.keepDraft(this.#conversation.id, "");
    this.#conversation.send(text);
    this.#log.scrollToEnd();
  }

  /** An unsent message goes back to where it was written, in front of what has been typed since. */
  #edit(message) {
    this.#unsent.remove(message.id);
    this.#composer.putBack(message.text);
  }

  #showTyping() {
    const line = typingLine(this.#conversation.typing);
    this.#typing.hidden = !line;
    // The last words stay while the line fades out.
    if (line) this.#typing.textContent = line;
  }

  #showState() {
    const { busy, reply } = this.#conversation;
    this.#composer.setState({ busy, canStop: Boolean(reply) });
    const text = this.#stateText();
    // What stands there already would be read out again.
    if (text === this.#status.dataset.text) return;
    this.#status.dataset.text = text;
    const again = linkButton("Try now", () => this.#reconnect());
    this.#status.replaceChildren(...(text ? [text, " ", again] : []));
  }

  #stateText() {
    const { reconnecting, lost } = this.#conversation;
    if (this.#live.isOpen) return "";
    if (lost) return "The connection was lost; the answer goes on at the server.";
    if (!reconnecting && this.#live.state !== "lost") return "";
    return navigator.onLine ? "Connection lost. Reconnecting…" : "You are offline. News comes when you are back.";
  }

  #reconnect() {
    attempt("Still not connected.", () => this.#conversation.reconnect());
  }
}
