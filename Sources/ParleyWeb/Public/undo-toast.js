import { iconButton } from "./controls.js";
import { h } from "./dom.js";
import { s } from "./later-strings.js";

/**
 * Tells of something that was done and can be undone for a while, which doesn't run as long as one points at it or is in
 * it with the keyboard. Closing it ends the while.
 */
export class UndoToast {
  #element;
  #timer;
  #since;
  #left;
  #onend;

  constructor(text, { lasting, onundo, onend }) {
    this.#left = lasting;
    this.#onend = onend;
    this.#element = h(
      "div",
      { class: "notice notice-undo", role: "status" },
      h("p", { dir: "auto" }, text),
      h("button", { class: "notice-action", type: "button", onclick: () => { this.close(); onundo(); } }, s.sidebar.undo),
      iconButton("close", s.common.close, () => this.#end()),
    );
    const holds = () => this.#element.matches(":hover, :focus-within");
    for (const type of ["pointerenter", "focusin"]) this.#element.addEventListener(type, () => this.#hold());
    for (const type of ["pointerleave", "focusout"]) {
      // Where the focus goes isn't known before it is there.
      this.#element.addEventListener(type, () => setTimeout(() => holds() || this.#run()));
    }
    document.getElementById("notices").append(this.#element);
    this.#run();
  }

  close() {
    clearTimeout(this.#timer);
    this.#element.remove();
  }

  #run() {
    if (!this.#element.isConnected) return;
    clearTimeout(this.#timer);
    this.#since = performance.now();
    this.#timer = setTimeout(() => this.#end(), this.#left);
  }

  #hold() {
    clearTimeout(this.#timer);
    this.#left = Math.max(2_000, this.#left - (performance.now() - this.#since));
  }

  #end() {
    this.close();
    this.#onend();
  }
}
