import { ComposerView, readersNote } from "./composer-view.js";
import { h } from "./dom.js";
import { emptyView } from "./empty-view.js";
import { LogView } from "./log-view.js";
import { attempt } from "./notices.js";
import { s } from "./strings.js";
import { TitleBar } from "./title-bar.js";
import { typingLine } from "./typists.js";

/** An open conversation: its title, its messages, and the place to write. */
export class ConversationView {
  element;
  #conversation;
  #unsent;
  #composer;
  #note = readersNote();
  #mayWrite;
  #log;
  // Not spoken: it comes and goes while one is writing oneself.
  #typing = h("p", { class: "typing", hidden: true });
  #control = new AbortController();

  constructor(conversation, { user, unsent, menuButton, onrename, ondelete, onmenu, projects, ...context }) {
    this.#conversation = conversation;
    this.#unsent = unsent;
    this.#mayWrite = context.mayWrite;
    const { signal } = this.#control;
    const bar = new TitleBar(conversation, { menuButton, onrename, ondelete, onmenu, projects, signal });
    this.#composer = new ComposerView({
      text: unsent.draft(conversation.id),
      ontyped: (text) => this.#typed(text),
      onsend: (text) => this.#send(text),
      onstop: () => attempt(s.composer.notStopped, () => conversation.stop()),
    });
    const empty = emptyView(user, (text) => this.#composer.propose(text));
    const onedit = (message) => this.#edit(message);
    this.#log = new LogView(conversation, { user, unsent, empty, onedit, signal, ...context });
    this.element = h(
      "section",
      { class: "conversation", "aria-label": s.conversation.label },
      bar.element,
      this.#log.element,
      h("div", { class: "dock" }, this.#log.jump, this.#typing, this.#note, this.#composer.element),
    );
    conversation.addEventListener("state", () => this.#showState(), { signal });
    conversation.addEventListener("info", () => this.showRole(), { signal });
    unsent.addEventListener("draft", ({ detail }) => this.#showDraft(detail), { signal });
    unsent.addEventListener("change", () => this.showRole(), { signal });
    this.#offerChoice();
    this.showRole();
    conversation.addEventListener("typing", () => this.#showTyping(), { signal });
    this.#showState();
  }

  /** To be called once the element stands in the page. Opens at the newest, or at one of the messages. */
  start(seq) {
    this.#log.start(seq);
    this.#composer.focus();
  }

  showMessage(seq) {
    this.#log.showMessage(seq);
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
    // The message first: so its text is never in neither of the two.
    this.#conversation.send(text);
    this.#unsent.keepDraft(this.#conversation.id, "");
    this.#log.scrollToEnd();
  }

  /** What was typed on another device, or went before what was typed here. */
  #showDraft({ conversation, isFromElsewhere }) {
    if (isFromElsewhere && conversation === (this.#conversation.id ?? null)) {
      this.#composer.setText(this.#unsent.draft(conversation));
    }
  }

  async #offerChoice() {
    const options = await this.#conversation.options();
    if (!options || this.#control.signal.aborted) return;
    const choice = this.#unsent.choice(this.#conversation.id);
    const onchoice = (chosen) => this.#unsent.choose(this.#conversation.id, chosen);
    await this.#composer.offer(options, { choice, onchoice });
  }

  /** Whoever may not write has a note in the composer's place, or above what has been typed there already. */
  showRole() {
    const isWriter = this.#mayWrite?.() ?? true;
    this.#note.hidden = isWriter;
    this.#composer.setReadOnly(!isWriter);
  }

  /** An unsent message goes back to where it was written, in front of what has been typed since. */
  #edit(message) {
    if (this.#note.hidden === false) return;
    message.discard();
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
  }
}
