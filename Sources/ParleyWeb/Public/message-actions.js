import { copyText } from "./clipboard.js";
import "./later-icons.js";
import { attempt } from "./notices.js";
import { s } from "./later-strings.js";
import { uuid } from "./uuid.js";

const mostAttempts = 5;

/**
 * What can be done with a single message. Who may only read gets what changes nothing.
 *
 * `conversation` is the open one, `unsent` knows what is chosen in it, `go` leads to a route, `mayWrite()` says whether one
 * may change anything in it.
 */
export class MessageActions {
  #api;
  #conversation;
  #unsent;
  #user;
  #go;
  #mayWrite;

  constructor({ api, conversation, unsent, user, go, mayWrite }) {
    this.#api = api;
    this.#conversation = conversation;
    this.#unsent = unsent;
    this.#user = user;
    this.#go = go;
    this.#mayWrite = mayWrite;
  }

  /** The buttons for a message: `{ name, drawing, text, run(view, button) }`. */
  of(message) {
    const { role, author, status } = message;
    const mayWrite = this.#mayWrite();
    const isWhole = status !== "streaming" && status !== "deleted";
    const isIdle = isWhole && !this.#conversation.busy;
    const isMine = role === "user" && author === this.#user.email;
    return [
      status !== "deleted" && { name: "copy", drawing: "copy", text: s.message.copy, run: (view, at) => this.#copy(view, at) },
      mayWrite && isWhole && { name: "react", drawing: "smile", text: s.message.react, run: (view, at) => this.#pick(view, at) },
      mayWrite && isIdle && isMine && { name: "edit", drawing: "pencil", text: s.message.edit, run: (view) => this.edit(view) },
      mayWrite && isIdle && role === "assistant" && {
        name: "again", drawing: "again", text: s.message.regenerate, run: ({ message: reply }) => this.regenerate(reply),
      },
      { name: "more", drawing: "more", text: s.message.more, run: (view, at) => this.#more(view, at) },
    ].filter(Boolean);
  }

  /** The texts that a message had before, oldest first. */
  async versions(message) {
    return (await this.#api.get(`${this.#path(message)}/versions`)).versions;
  }

  async react(message, emoji, isOn) {
    if (!this.#mayWrite()) return;
    const path = `${this.#path(message)}/reactions/${encodeURIComponent(emoji)}`;
    await attempt(s.message.notChanged, async () => {
      const response = await this.#api.open(isOn ? "PUT" : "DELETE", path);
      this.#conversation.tell([await response.json()]);
    });
  }

  /** Has an answer written anew, or one's own message answered at last. */
  async again(message) {
    if (message.role === "assistant") return this.regenerate(message);
    const { id: conversation_id, count } = this.#conversation;
    await attempt(s.message.notAsked, async () => {
      await this.#turn("/chat", { id: message.id, conversation_id, message: message.content });
      await this.#conversation.refresh(count + 1);
    });
  }

  async regenerate({ id, seq }) {
    await attempt(s.message.notAsked, async () => {
      await this.#turn(`/chat/${id}/regenerate`, {});
      await this.#conversation.refresh(seq);
    });
  }

  /**
   * A turn, answered as is chosen below. It goes on without anyone who reads its stream: what is said comes over the
   * socket, or is asked for.
   */
  async #turn(path, body) {
    const response = await this.#api.open("POST", path, { body: { ...body, ...this.#choice, stream: true } });
    await response.body.cancel();
  }

  async #copy({ shown }, button) {
    const done = await copyText(shown.content);
    const { icon } = await import("./icons.js");
    button.replaceChildren(icon(done ? "check" : "alert"));
    button.setAttribute("aria-label", done ? s.message.copied : s.message.notCopied);
    setTimeout(() => {
      button.replaceChildren(icon("copy"));
      button.setAttribute("aria-label", s.message.copy);
    }, 2000);
  }

  async #pick({ message }, button) {
    const { pickEmoji } = await import("./emoji-picker.js");
    const emoji = await pickEmoji(button);
    if (emoji) await this.react(message, emoji, true);
  }

  async edit(view) {
    const { message } = view;
    const isLast = this.#isLastQuestion(message);
    const { editMessage } = await import("./message-editor.js");
    editMessage(view, {
      edits: this.#unsent.edits,
      conversation: this.#conversation.id,
      hint: isLast ? s.message.editLast : s.message.editEarlier,
      onsave: (text, known, ids) => (isLast ? this.#replace(known, text) : this.#forkWith(message, text, ids)),
      present: () => this.#conversation.at(message.seq),
    });
  }

  #isLastQuestion({ seq }) {
    for (let at = seq + 1; at <= this.#conversation.count; at += 1) {
      const next = this.#conversation.at(at);
      // A turn has one answer: whose was deleted gets none any more.
      if (next?.role !== "assistant" || next.status === "deleted") return false;
    }
    return true;
  }

  /**
   * Edits a question and has its answer written anew; where there is none, it is asked for. What else has happened in the
   * conversation is no hindrance.
   */
  async #replace(message, text) {
    for (let attempts = 1; ; attempts += 1) {
      const body = { content: text, expected_revision: this.#conversation.revision };
      try {
        this.#conversation.tell([await this.#api.patch(this.#path(message), body)]);
        break;
      } catch (error) {
        if (error.code !== "stale" || attempts === mostAttempts) throw error;
        await this.#conversation.catchUp();
        const now = this.#conversation.at(message.seq);
        if (now.content !== message.content || now.status !== message.status) throw error;
      }
    }
    const next = this.#conversation.at(message.seq + 1);
    await this.again(next?.role === "assistant" ? next : this.#conversation.at(message.seq));
  }

  /** What was said since stays as it is: the new text goes on from before it, in a conversation of its own. */
  async #forkWith({ seq }, text, { fork: id, turn }) {
    const { project_id } = this.#conversation.info;
    if (seq > 1) await this.#fork(seq - 1, id);
    else await this.#api.post("/conversations", { id, project_id });
    this.#unsent.choose(id, this.#choice);
    await this.#turn("/chat", { id: turn, conversation_id: id, message: text });
    this.#go({ id });
  }

  #fork(seq, id = uuid()) {
    return this.#api.post(`/conversations/${this.#conversation.id}/fork`, { id, seq });
  }

  async #more({ message }, button) {
    const { openMenu } = await import("./menu.js");
    const mayWrite = this.#mayWrite();
    const { status } = message;
    openMenu(button, s.message.more, [
      mayWrite && status !== "streaming" && {
        icon: "fork",
        text: s.message.fork,
        run: () => attempt(s.message.notForked, async () => this.#go({ id: (await this.#fork(message.seq)).id })),
      },
      { icon: "info", text: s.message.details, run: () => this.#details(message) },
      mayWrite && !["streaming", "deleted"].includes(status) && "-",
      mayWrite && !["streaming", "deleted"].includes(status) && {
        icon: "trash", text: s.message.delete, isDanger: true, run: () => this.#delete(message),
      },
    ]);
  }

  async #details({ seq }) {
    const { showDetails } = await import("./message-details.js");
    showDetails(this.#conversation.at(seq));
  }

  async #delete(message) {
    const { confirmDialog } = await import("./confirm-dialog.js");
    const asked = { title: s.message.deleteTitle, text: s.message.deleteText, action: s.message.delete };
    if (!(await confirmDialog(asked))) return;
    await attempt(s.message.notDeleted, async () => {
      this.#conversation.tell([await this.#api.delete(this.#path(message))]);
    });
  }

  get #choice() { return this.#unsent.choice(this.#conversation.id); }

  #path({ id }) { return `/conversations/${this.#conversation.id}/messages/${id}`; }
}
