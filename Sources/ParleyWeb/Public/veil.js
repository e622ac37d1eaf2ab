import { h } from "./dom.js";
import { clearNotices } from "./notices.js";

const root = document.getElementById("app");

/**
 * Hides what a person has open, from eyes and from screen readers, while it isn't certain that they are still there.
 * Behind it everything stays as it is: what is typed, where one reads, what is under way.
 */
export class Veil {
  #curtain = null;
  #focused = null;
  #onescape = null;

  get isDown() { return this.#curtain !== null; }

  /** Hides everything at once. */
  lower() {
    if (this.isDown) return;
    this.#focused = document.activeElement;
    clearNotices();
    document.documentElement.classList.add("is-covered");
    root.inert = true;
    const oncancel = (event) => { event.preventDefault(); this.#onescape?.(); };
    // A browser lets only so many Escapes be turned down; then it is opened again.
    const onclose = () => this.#curtain?.showModal();
    this.#curtain = h("dialog", { class: "dialog curtain", "aria-labelledby": "curtain-title", oncancel, onclose });
    document.body.append(this.#curtain);
    this.#curtain.showModal();
  }

  /** Shows this above it, named by its heading; `onescape` is called where somebody presses Escape. */
  show(element, onescape = null) {
    this.#onescape = onescape;
    element.querySelector("h1, h2").id = "curtain-title";
    this.#curtain?.replaceChildren(element);
  }

  /** Shows again what was hidden, with the focus where it was. */
  raise() {
    if (!this.isDown) return;
    const curtain = this.#curtain;
    this.#curtain = this.#onescape = null;
    curtain.close();
    curtain.remove();
    root.inert = false;
    document.documentElement.classList.remove("is-covered");
    this.#focused?.focus({ preventScroll: true });
    this.#focused = null;
  }
}
