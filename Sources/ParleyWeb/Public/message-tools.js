import { iconButton } from "./controls.js";
import { h, loadStyle } from "./dom.js";
import { s } from "./strings.js";

/**
 * The buttons of one message at a time: of the one that is hovered, tapped, or asked for by its own button. Tab goes
 * past them to the next message, the arrows from one to the other.
 */
export class MessageTools {
  #actions;
  #bar = h("div", { class: "message-tools", role: "toolbar", "aria-label": s.message.actions });
  #view = null;
  #shown = "";

  constructor(actions) {
    this.#actions = actions;
    this.#bar.addEventListener("keydown", (event) => this.#key(event));
  }

  async show(view, { takesFocus = false } = {}) {
    await loadStyle("message-tools.css");
    const { activeElement, body } = document;
    // Whoever has gone on meanwhile stays there.
    const isLeft = activeElement !== body && !view.element.contains(activeElement);
    if (!view.element.isConnected) return;
    const isElsewhere = view !== this.#view || !this.#bar.isConnected;
    if (isElsewhere && this.#bar.contains(document.activeElement)) view.element.closest(".log").focus({ preventScroll: true });
    this.#view?.element.classList.remove("has-tools");
    this.#view = view;
    view.element.classList.add("has-tools");
    if (isElsewhere) view.element.append(this.#bar);
    this.refresh();
    if (takesFocus && !isLeft) this.#bar.firstChild?.focus();
  }

  /** What can be done may have changed with the message. */
  refresh() {
    if (!this.#view) return;
    const items = this.#actions.of(this.#view.message);
    const shown = items.map(({ name }) => name).join();
    if (shown === this.#shown) return;
    this.#shown = shown;
    const focused = this.#bar.contains(document.activeElement) && document.activeElement.dataset.name;
    this.#bar.replaceChildren(...items.map(({ name, drawing, text, run }) => {
      const onclick = ({ currentTarget }) => run(this.#view, currentTarget);
      return iconButton(drawing, text, onclick, { title: text, "data-name": name });
    }));
    for (const button of [...this.#bar.children].slice(1)) button.tabIndex = -1;
    if (focused) (this.#bar.querySelector(`[data-name=${focused}]`) ?? this.#bar.firstChild)?.focus();
  }

  hide() {
    if (this.#bar.contains(document.activeElement)) return;
    this.#view?.element.classList.remove("has-tools");
    this.#bar.remove();
    this.#view = null;
  }

  #key(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const buttons = [...this.#bar.children];
    const at = buttons.indexOf(document.activeElement);
    if (step === undefined || at < 0) return;
    const isLeftToRight = getComputedStyle(this.#bar).direction === "ltr";
    buttons.at((at + (isLeftToRight ? step : -step)) % buttons.length).focus();
    event.preventDefault();
  }
}
