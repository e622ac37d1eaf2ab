import { h, isTouch, loadStyle } from "./dom.js";
import { excess } from "./draft-keeper.js";
import { icon } from "./icons.js";
import { s } from "./strings.js";

const t = s.composer;
/** Whether a text surely fills the room there is: it takes longer to measure than a key may. */
const isTall = (text) => text.length > 8000 || text.split("\n", 101).length > 100;
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

/**
 * Where a message is written. It grows with what is typed. While an answer comes, it can be stopped; what is sent
 * meanwhile goes out when it is done. What is longer than a message may be is said, and isn't sent.
 */
export class ComposerView {
  element;
  #field;
  #send;
  #stop;
  #hint;
  #problem = h("p", { class: "composer-problem", role: "status" });
  #tools;
  #isTooLong = false;
  #actions;

  constructor({ text, ...actions }) {
    this.#actions = actions;
    this.#field = h("textarea", {
      id: "composer",
      rows: 1,
      dir: "auto",
      placeholder: t.placeholder,
      "aria-label": t.label,
      enterkeyhint: isTouch() ? "enter" : "send",
      onbeforeinput: ({ data }) => data && isTall(data) && this.#setDirection(data),
      oninput: () => this.#typed(),
      onkeydown: (event) => this.#key(event),
    });
    this.#send = button("send", t.send, { type: "submit" });
    this.#stop = button("stop", t.stop, { type: "button", hidden: true, onclick: () => actions.onstop() });
    this.#tools = h("div", { class: "composer-tools" }, this.#stop, this.#send);
    this.#hint = h(
      "p",
      { class: "composer-hint", "aria-hidden": "true" },
      h("kbd", {}, t.enter), t.enterSends, h("kbd", {}, t.shiftEnter), t.shiftEnterBreaks,
    );
    this.element = h(
      "form",
      { class: "composer", onsubmit: (event) => this.#submit(event) },
      h("div", { class: "composer-box" }, this.#field, this.#tools),
      this.#problem,
      this.#hint,
    );
    this.#field.value = text;
    this.#update();
  }

  focus() {
    this.#grow();
    // On a phone the keyboard would cover the answer that one came to read; and who types or chooses elsewhere goes on there.
    if (!isTouch() && !document.activeElement?.closest("input, [popover], .notice")) this.#field.focus();
  }

  setState({ busy, canStop }) {
    // Hidden, it would leave the focus nowhere.
    if (!busy && document.activeElement === this.#stop) this.#field.focus();
    this.#stop.hidden = !busy;
    this.#stop.disabled = !canStop;
    this.#update();
  }

  /** What has been typed can still be read and copied by whoever may not send it any more. */
  setReadOnly(isReadOnly) {
    this.#field.readOnly = isReadOnly;
    this.#tools.hidden = isReadOnly;
    this.#update();
  }

  /** Offers models and filters, where there are any. */
  async offer(options, choice) {
    const [{ ChoiceMenu }] = await Promise.all([import("./choice-menu.js"), loadStyle("choice-menu.css")]);
    this.element.classList.add("has-choice");
    this.#tools.prepend(new ChoiceMenu(options, choice).element);
  }

  /** Shows what was typed elsewhere. Where that stands before what was typed here, one types on where one was. */
  setText(text) {
    const { value } = this.#field;
    if (text === value) return;
    if (value && text.endsWith(value)) this.#field.setRangeText(text.slice(0, -value.length), 0, 0, "preserve");
    else this.#field.value = text;
    this.#grow();
    this.#update();
  }

  /** Offers a beginning, unless something has been begun already. */
  propose(text) {
    if (!this.#field.value.trim()) this.#fill(text);
    this.#field.focus();
  }

  putBack(text) {
    this.#fill([text, this.#field.value].filter((part) => part.trim()).join("\n\n"));
    this.#field.focus();
  }

  #fill(text) {
    this.#field.value = text;
    this.#typed();
  }

  #typed() {
    this.#grow();
    this.#update();
    this.#actions.ontyped(this.#field.value);
  }

  #key(event) {
    // Enter also ends the composing of a word in Japanese, Chinese or Korean, which some browsers tell by the code
    // alone; and a phone has no Shift+Enter.
    const isComposing = event.isComposing || event.keyCode === 229;
    if (event.key !== "Enter" || event.shiftKey || isComposing || isTouch()) return;
    event.preventDefault();
    this.element.requestSubmit();
  }

  #submit(event) {
    event.preventDefault();
    const text = this.#field.value.trim();
    if (!text || this.#isTooLong || this.#field.readOnly) return;
    this.#field.value = "";
    this.#grow();
    this.#actions.onsend(text);
    this.#update();
  }

  #grow() {
    const { value } = this.#field;
    this.#setDirection(value);
    const fills = this.#field.classList.toggle("is-tall", isTall(value));
    this.#field.style.height = "auto";
    if (!fills) this.#field.style.height = `${this.#field.scrollHeight}px`;
  }

  /** Found out line by line by the browser, the direction of a book takes half a minute. */
  #setDirection(text) {
    const dir = !isTall(text) ? "auto" : rightToLeft.test(text.slice(0, 200)) ? "rtl" : "ltr";
    if (this.#field.dir !== dir) this.#field.dir = dir;
  }

  #update() {
    const text = this.#field.value;
    const over = excess(text.trim());
    this.#isTooLong = over > 0;
    const problem = over > 0 ? t.tooLong(over) : "";
    if (this.#problem.textContent !== problem) this.#problem.textContent = problem;
    this.#field.setAttribute("aria-invalid", this.#isTooLong);
    const isEmpty = !text.trim();
    const isHidden = this.#field.readOnly && isEmpty;
    if (isHidden !== this.element.hidden) {
      this.element.hidden = isHidden;
      // What isn't shown has no height to measure.
      this.#grow();
    }
    this.#send.hidden = isEmpty && !this.#stop.hidden;
    this.#send.disabled = isEmpty || this.#isTooLong;
  }
}

function button(drawing, label, attributes) {
  return h("button", { class: `send-button is-${drawing}`, "aria-label": label, title: label, ...attributes }, icon(drawing));
}

/** What stands in the composer's place for those who may only read. */
export const readersNote = () => h("p", { class: "composer-note" }, t.readOnly);
