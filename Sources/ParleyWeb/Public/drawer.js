import { iconButton } from "./controls.js";
import { h } from "./dom.js";
import { s } from "./strings.js";

/** Where the window is too narrow for two columns, the sidebar slides in over the conversation. */
export class Drawer {
  scrim = h("div", { class: "scrim", onclick: () => this.close() });
  #sidebar;
  #main;
  #narrow = matchMedia("(max-width: 48rem)");
  #open = false;

  constructor(sidebar, main, signal) {
    this.#sidebar = sidebar;
    this.#main = main;
    this.#narrow.addEventListener("change", () => this.#update(), { signal });
    sidebar.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    this.#update();
  }

  button() {
    return iconButton("menu", s.preferences.conversations, () => this.show(), { class: "icon-button menu-button" });
  }

  close() {
    if (!this.#open) return;
    this.#open = false;
    this.#update();
    this.#main.querySelector(".menu-button")?.focus();
  }

  toggle() {
    if (this.#open) this.close();
    else this.show();
  }

  /** Where there is room for both, the sidebar is there anyway. */
  show() {
    if (!this.#narrow.matches) return;
    this.#open = true;
    this.#update();
    this.#sidebar.querySelector("a[aria-current], .new-button").focus();
  }

  /** What is out of sight must be out of reach of the keyboard and of screen readers as well. */
  #update() {
    this.#sidebar.classList.toggle("is-open", this.#open);
    this.#sidebar.inert = this.#narrow.matches && !this.#open;
    this.#main.inert = this.#narrow.matches && this.#open;
  }
}
