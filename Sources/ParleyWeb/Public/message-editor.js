import { linkButton } from "./controls.js";
import { h, loadStyle } from "./dom.js";
import { s } from "./later-strings.js";
import { uuid } from "./uuid.js";

/**
 * Opens a message for typing over, in its place. Escape and Cancel leave it as it was.
 *
 * `onsave(text, message, ids)` gets the message as it was known to whoever typed, and ids for what it makes, which stay the
 * same however often it is saved. Where the message has been changed meanwhile, that is told with what is there now, and
 * what was typed stays, to be saved over it or not. `edits` keeps what is open while its row isn't drawn: opened for the
 * row that takes its place, it goes on there.
 */
export async function editMessage(view, { edits, conversation, ...work }) {
  await loadStyle("message-tools.css");
  const { id } = view;
  const onend = () => edits.delete(id);
  if (!edits.has(id)) edits.set(id, new MessageEditor(view.message, { conversation, onend }));
  edits.get(id).open(view, work);
}

class MessageEditor {
  #conversation;
  #onend;
  #known;
  #view = null;
  #work;
  /** Whether one types here, or did when the row went. */
  #hasFocus = true;
  // Sent again after a lost answer, it is the same fork and the same turn.
  #ids = { fork: uuid(), turn: uuid() };
  #field = h("textarea", { class: "edit-field", "aria-label": s.message.edit, rows: 2, oninput: () => this.#grow() });
  #hint = h("p", { class: "edit-hint" });
  #problem = h("p", { class: "edit-problem", role: "alert" });
  #save = h("button", { class: "button button-primary", type: "submit" }, s.message.resend);
  #form = h(
    "form",
    {
      class: "message-editor",
      onsubmit: (event) => this.#submit(event),
      onkeydown: (event) => this.#key(event),
      onfocusin: () => { this.#hasFocus = true; },
      onfocusout: () => queueMicrotask(() => this.#left()),
    },
    this.#field,
    this.#hint,
    this.#problem,
    h(
      "div",
      { class: "dialog-actions" },
      h("button", { class: "button", type: "button", onclick: () => this.#end() }, s.common.cancel),
      this.#save,
    ),
  );

  constructor(message, { conversation, onend }) {
    this.#known = message;
    this.#conversation = conversation;
    this.#onend = onend;
    this.#field.value = message.content;
  }

  get isChanged() { return this.#field.value !== this.#known.content; }

  open(view, work) {
    const isFirst = !this.#view;
    // Who has begun to type elsewhere goes on there.
    const takesFocus = this.#hasFocus && (isFirst || !document.activeElement?.value);
    this.#view = view;
    this.#work = work;
    this.#hint.textContent = work.hint;
    view.body.hidden = true;
    view.body.after(this.#form);
    this.#grow();
    if (takesFocus) this.#field.focus({ preventScroll: !isFirst });
  }

  /** The conversation is gone: hands over what was typed in it. */
  giveUp(conversation) {
    if (conversation !== this.#conversation) return "";
    this.#onend();
    return this.isChanged ? this.#field.value : "";
  }

  /** What goes with its row loses the focus without anybody's having gone elsewhere. */
  #left() {
    this.#hasFocus = !this.#form.isConnected || this.#form.contains(document.activeElement);
  }

  #grow() {
    this.#field.style.height = "auto";
    this.#field.style.height = `${this.#field.scrollHeight}px`;
    this.#save.disabled = !this.#field.value.trim();
  }

  #key(event) {
    if (event.key === "Escape") {
      event.stopPropagation();
      this.#end();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      this.#form.requestSubmit();
    }
  }

  async #submit(event) {
    event.preventDefault();
    const text = this.#field.value.trim();
    if (!text || this.#save.disabled) return;
    this.#save.disabled = true;
    try {
      if (this.#changedMeanwhile()) return;
      await this.#work.onsave(text, this.#known, this.#ids);
      this.#end();
    } catch (error) {
      if (error.code === "stale" && this.#changedMeanwhile()) return;
      this.#problem.replaceChildren(`${s.message.notSaved} ${error.message}`);
    } finally {
      this.#save.disabled = false;
    }
  }

  #changedMeanwhile() {
    const known = this.#known;
    const now = this.#work.present() ?? known;
    if (now.content === known.content && now.status === known.status) return false;
    this.#known = now;
    const take = linkButton(s.message.takeTheirs, () => {
      this.#field.value = now.content;
      this.#problem.replaceChildren();
      this.#grow();
    });
    const text = now.status === "deleted" ? s.message.deleted : now.content;
    this.#problem.replaceChildren(s.message.stale(text), " ", take);
    return true;
  }

  #end() {
    this.#onend();
    this.#form.remove();
    const { body, element } = this.#view;
    body.hidden = false;
    (element.querySelector(".message-tools button") ?? element.querySelector(".message-more")).focus();
  }
}
