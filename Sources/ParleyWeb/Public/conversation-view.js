import { ComposerView } from "./composer-view.js";
import { linkButton } from "./controls.js";
import { h } from "./dom.js";
import { emptyView } from "./empty-view.js";
import { LogView } from "./log-view.js";
import { attempt } from "./notices.js";
import { TitleBar } from "./title-bar.js";

/** An open conversation: its title, its messages, and the place to write. */
export class ConversationView {
  element;
  #conversation;
  #unsent;
  #composer;
  #log;
  #status = h("div", { class: "connection", role: "status" });
  #control = new AbortController();

  constructor(conversation, { user, unsent, menuButton, onrename, ondelete }) {
    this.#conversation = conversation;
    this.#unsent = unsent;
    const { signal } = this.#control;
    const bar = new TitleBar(conversation, { menuButton, onrename, ondelete });
    this.#composer = new ComposerView({
      text: unsent.draft(conversation.id),
      ontyped: (text) => unsent.keepDraft(conversation.id, text),
      onsend: (text) => this.#send(text),
      onstop: () => attempt("It couldn’t be stopped.", () => conversation.stop()),
    });
    const empty = emptyView(user, (text) => this.#composer.propose(text));
    this.#log = new LogView(conversation, { unsent, empty, onedit: (message) => this.#edit(message), signal });
    this.element = h(
      "section",
      { class: "conversation", "aria-label": "Conversation" },
      bar.element,
      this.#log.element,
      h("div", { class: "dock" }, this.#log.jump, this.#status, this.#composer.element),
    );
    conversation.addEventListener("state", () => this.#showState(), { signal });
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

  #showState() {
    const { busy, reply, reconnecting, lost } = this.#conversation;
    this.#composer.setState({ busy, canStop: Boolean(reply) });
    const again = linkButton("Reconnect", () => this.#reconnect());
    if (reconnecting) this.#status.replaceChildren("Connection lost. Reconnecting…");
    else if (lost) this.#status.replaceChildren("The connection was lost; the answer goes on at the server. ", again);
    else this.#status.replaceChildren();
  }

  #reconnect() {
    attempt("Still not connected.", () => this.#conversation.reconnect());
  }
}
