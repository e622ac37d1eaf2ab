import { copyText } from "./clipboard.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { s } from "./later-strings.js";

/** Under this an answer wants to be checked by a person. */
const sufficient = 0.7;
const thanksFor = 2000;

/** How sure an answer is, where that is known, and whether it has to be checked. */
export function certaintyView({ sure, mustCheck }) {
  const isKnown = sure !== undefined;
  return h(
    "p",
    { class: "confidence" },
    isKnown && h("span", {}, s.message.confidence(Math.round(sure * 100))),
    isKnown && h("meter", {
      min: 0, max: 1, low: sufficient, high: sufficient, optimum: 1, value: sure, "aria-label": s.message.confidenceName,
    }),
    (mustCheck || sure < sufficient) && h("strong", { class: "needs-check" }, icon("alert"), s.message.needsCheck),
  );
}

/** What an answer says besides its explanation: what to do. It may grow while one selects in it, or copies it. */
export class Instruction {
  element;
  #text = new Text();
  #button = h("button", { class: "copy-button", type: "button", onclick: () => this.#copy() });

  constructor() {
    this.#reset();
    this.element = h(
      "section",
      { class: "instruction", "aria-label": s.message.instruction },
      h("header", {}, h("h2", {}, s.message.instruction), this.#button),
      h("div", { class: "instruction-text", dir: "auto" }, this.#text),
    );
  }

  show(text) {
    const { data } = this.#text;
    if (text.startsWith(data)) this.#text.appendData(text.slice(data.length));
    else this.#text.data = text;
  }

  #reset() {
    this.#button.replaceChildren(icon("copy"), s.message.copy);
  }

  async #copy() {
    const done = await copyText(this.#text.data);
    this.#button.replaceChildren(icon(done ? "check" : "alert"), done ? s.message.copied : s.message.notCopied);
    setTimeout(() => this.#reset(), thanksFor);
  }
}
