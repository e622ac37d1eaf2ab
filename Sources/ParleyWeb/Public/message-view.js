import { iconButton, linkButton } from "./controls.js";
import { h } from "./dom.js";
import { mark } from "./icons.js";
import { MarkdownView } from "./markdown-view.js";
import { s } from "./strings.js";
import { fullTime, shortTime } from "./time.js";

/** An answer in two parts, as its text marks them; while it is written, and where it was cut off, there is nothing else. */
const twoParts = /^(?:User Explanation: ([^]*?))?(?:Technical Instruction: ([^]*))?$/;

/**
 * A stored message. People's words are shown as typed; an assistant's are Markdown. What only some messages have (sources,
 * an instruction, tool calls, versions) is drawn by a module of its own, loaded with the first of them.
 *
 * `act(what, message, ...more)` does what one asks for: `again`, `react`; `tools` shows what else can be done.
 */
export class MessageView {
  element;
  body = h("div", { class: "message-body", dir: "auto" });
  #message;
  #user;
  #act;
  #isUnanswered = false;
  #preview = null;
  /** By headings one goes from message to message without seeing them. */
  #author = h("span", { class: "message-author", role: "heading", "aria-level": 2 });
  #model = h("span", { class: "message-model" });
  #time = h("time", { class: "message-time" });
  #note = h("p", { class: "message-note" });
  #reactions = h("ul", { class: "reactions", "aria-label": s.message.reactions });
  #markdown = null;
  #extras = null;
  #frame = null;

  constructor(message, { user, renderer, act }) {
    this.#user = user;
    this.#act = act;
    if (message.role === "assistant") this.#markdown = new MarkdownView(this.body, renderer);
    const isForeign = isOthers(message, user);
    this.element = h(
      "article",
      {
        class: `message message-${message.role} ${isForeign ? "message-others" : ""}`,
        "data-id": message.id,
        "data-seq": message.seq,
      },
      h(
        "header",
        { class: "message-head" },
        this.#markdown && mark(),
        isForeign && avatar(message.author),
        this.#author,
        this.#model,
        this.#time,
      ),
      this.body,
      this.#reactions,
      this.#note,
      iconButton("more", s.message.actions, () => this.#act("tools", this.#message), {
        class: "icon-button message-more", "aria-haspopup": "true",
      }),
    );
    this.update(message);
  }

  get id() { return this.#message.id; }
  get message() { return this.#message; }

  close() {
    cancelAnimationFrame(this.#frame);
    this.#markdown?.close();
    this.#extras?.close();
  }

  update(message) {
    const growing = message === this.#message;
    this.#message = message;
    // The pieces of an answer come faster than a screen is drawn.
    if (growing) this.#frame ??= requestAnimationFrame(() => this.#draw());
    else this.#draw();
  }

  /** Whether it is the last one, and nobody answers it. */
  setUnanswered(isUnanswered) {
    if (isUnanswered === this.#isUnanswered) return;
    this.#isUnanswered = isUnanswered;
    this.#drawNote();
  }

  /** The message, or of an earlier version what is shown in its place. */
  get shown() { return this.#preview ?? this.#message; }

  /** Shows another text in place of its own: an earlier version. Null brings its own back. */
  preview(text) {
    this.#preview = text === null ? null : { role: this.#message.role, content: text };
    this.#draw();
  }

  #draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = null;
    const { role, author, status, model, created_at, is_edited } = this.#message;
    const name = isOthers(this.#message, this.#user) ? author : s.message.roles[role] ?? role;
    const time = shortTime(created_at);
    this.#author.textContent = name;
    this.#model.textContent = model ?? "";
    this.#time.textContent = is_edited && role !== "assistant" ? s.message.edited(time) : time;
    this.#time.dateTime = created_at;
    this.#time.title = fullTime(created_at);
    const { shown } = this;
    const { text } = partsOf(shown);
    if (this.#markdown) this.#markdown.update(text, { final: shown.status !== "streaming" });
    else this.body.textContent = text;
    this.#reactions.replaceChildren(...(this.#message.reactions ?? []).map((one) => this.#reaction(one)));
    this.#drawNote();
    this.#drawExtras();
    this.element.dataset.status = status;
    this.element.setAttribute("aria-label", s.message.label(name, fullTime(created_at)));
    // A screen reader waits for the end of what is still being written, and then reads it once.
    this.element.setAttribute("aria-busy", status === "streaming");
  }

  #reaction({ emoji, users }) {
    const isMine = users.includes(this.#user.email);
    return h("li", {}, h(
      "button",
      {
        class: "reaction", type: "button", "aria-pressed": String(isMine), title: users.join(", "),
        "aria-label": s.message.reaction(emoji, users.length),
        onclick: () => this.#act("react", this.#message, emoji, !isMine),
      },
      emoji,
      users.length > 1 && ` ${users.length}`,
    ));
  }

  #drawNote() {
    const text = this.#isUnanswered ? s.message.unanswered : noteOn(this.#message);
    const mayTry = this.#isUnanswered || ["failed", "interrupted"].includes(this.#message.status);
    const shown = `${text}${mayTry}`;
    // Drawn anew, the button would lose the focus.
    if (this.#note.dataset.shown === shown) return;
    this.#note.dataset.shown = shown;
    const again = mayTry && linkButton(s.common.tryAgain, () => this.#act("again", this.#message));
    this.#note.replaceChildren(...(again ? [text, " ", again] : [text]));
  }

  async #drawExtras() {
    if (!this.#extras && !hasExtras(this.#message)) return;
    if (!this.#extras) {
      const { MessageExtras } = await import("./message-extras.js");
      this.#extras ??= new MessageExtras(this, this.#act);
    }
    this.#extras.update(this.#message, this.shown);
  }
}

/** Whether somebody else wrote it, of those who share the conversation. */
const isOthers = ({ role, author }, user) => role === "user" && Boolean(author) && author !== user.email;

const hasExtras = (message) => {
  const { parts, contexts, ai_response, confidence, is_edited, metadata } = message;
  return parts?.length || contexts?.length || ai_response || confidence !== undefined || is_edited || metadata?.version > 1
    || metadata?.verification_required || partsOf(message).instruction;
};

/** What a message says, and, where it is an answer in two parts, the instruction, which stands by itself. */
export function partsOf({ role, content, ai_response: answer }) {
  const [isLabelled, explanation = "", instruction] = (role === "assistant" && twoParts.exec(content)) || [];
  return {
    text: answer?.user_explanation || (isLabelled ? explanation : content),
    instruction: answer?.technical_instruction || instruction,
  };
}

function avatar(email) {
  const hue = [...email].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % 4;
  return h("span", { class: `avatar avatar-${hue}`, "aria-hidden": "true" }, email[0].toUpperCase());
}

/** What is to be said about a message that isn't simply there. */
function noteOn({ status, metadata }) {
  switch (status) {
    case "failed": return s.message.failed(reasonIn(metadata)).trim();
    case "interrupted": return s.message.interrupted;
    case "deleted": return s.message.deleted;
    default: return metadata?.stopped ? s.message.stopped : "";
  }
}

/** The reason of a failure: a sentence, or an error as the API words it. */
const reasonIn = (metadata) => metadata?.error?.message ?? metadata?.error ?? "";
