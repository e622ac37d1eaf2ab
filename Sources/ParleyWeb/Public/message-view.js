import { h } from "./dom.js";
import { mark } from "./icons.js";
import { MarkdownView } from "./markdown-view.js";
import { fullTime, shortTime } from "./time.js";

const authors = { user: "You", assistant: "Assistant", system: "System", tool: "Tool" };

/** A stored message. People's words are shown as typed; an assistant's are Markdown. */
export class MessageView {
  element;
  #message;
  #user;
  #author = h("span", { class: "message-author" });
  #model = h("span", { class: "message-model" });
  #time = h("time", { class: "message-time" });
  #body = h("div", { class: "message-body", dir: "auto" });
  #note = h("p", { class: "message-note" });
  #reactions = h("ul", { class: "reactions", "aria-label": "Reactions" });
  #markdown = null;
  #frame = null;

  constructor(message, user) {
    this.#user = user;
    if (message.role === "assistant") this.#markdown = new MarkdownView(this.#body);
    this.element = h(
      "article",
      {
        class: `message message-${message.role} ${isOthers(message, user) ? "message-others" : ""}`,
        "data-id": message.id,
        "data-seq": message.seq,
      },
      h("header", { class: "message-head" }, this.#markdown && mark(), this.#author, this.#model, this.#time),
      this.#body,
      this.#reactions,
      this.#note,
    );
    this.update(message);
  }

  update(message) {
    const growing = message === this.#message;
    this.#message = message;
    // The pieces of an answer come faster than a screen is drawn.
    if (growing) this.#frame ??= requestAnimationFrame(() => this.#draw());
    else this.#draw();
  }

  #draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = null;
    const { role, author, content, status, model, created_at, is_edited } = this.#message;
    this.#author.textContent = isOthers(this.#message, this.#user) ? author : authors[role] ?? role;
    this.#model.textContent = model ?? "";
    this.#time.textContent = is_edited ? `${shortTime(created_at)}, edited` : shortTime(created_at);
    this.#time.dateTime = created_at;
    this.#time.title = fullTime(created_at);
    if (this.#markdown) this.#markdown.update(content);
    else this.#body.textContent = content;
    this.#reactions.replaceChildren(...(this.#message.reactions ?? []).map(reaction));
    this.#note.textContent = noteOn(this.#message);
    this.element.dataset.status = status;
    // A screen reader waits for the end of what is still being written, and then reads it once.
    this.element.setAttribute("aria-busy", status === "streaming");
  }
}

/** Whether somebody else wrote it, of those who share the conversation. */
const isOthers = ({ role, author }, user) => role === "user" && Boolean(author) && author !== user.email;

function reaction({ emoji, users }) {
  return h("li", { title: users.join(", ") }, emoji, users.length > 1 && ` ${users.length}`);
}

/** What is to be said about a message that isn't simply there. */
function noteOn({ status, metadata }) {
  switch (status) {
    case "failed": return `The answer failed. ${reasonIn(metadata)}`.trim();
    case "interrupted": return "The answer was interrupted: the server stopped before it was complete.";
    case "deleted": return "This message was deleted.";
    default: return metadata?.stopped ? "Stopped." : "";
  }
}

/** The reason of a failure: a sentence, or an error as the API words it. */
const reasonIn = (metadata) => metadata?.error?.message ?? metadata?.error ?? "";
