import { h, loadStyle } from "./dom.js";
import { icon } from "./icons.js";

const gap = 4;
let open = null;

/**
 * Opens a menu at a button: `items` are `{ icon, text, run, isDanger?, isChecked? }`; what is falsy is left out, and
 * `"-"` is a line. One with `items()` instead of `run()` puts those in the place of these; one with `heading` and
 * `choices` is a group of items, of which one is checked and another may be, without the menu's closing. An element stands
 * there as it is.
 *
 * Arrows, Home, End and letters go through it; Escape, Tab and a click elsewhere close it, and the button has the focus
 * again.
 */
export async function openMenu(anchor, label, items) {
  await loadStyle("menu.css");
  const wasOpen = open?.anchor === anchor;
  open?.close();
  if (!wasOpen && anchor.isConnected) open = new Menu(anchor, label, items);
}

class Menu {
  anchor;
  #element;
  #closed = false;

  constructor(anchor, label, items) {
    this.anchor = anchor;
    this.#element = h("div", { class: "menu", role: "menu", "aria-label": label, popover: "manual", tabindex: -1 });
    this.#fill(items);
    this.#element.addEventListener("keydown", (event) => this.#keyPressed(event));
    this.#element.addEventListener("pointermove", ({ target }) => target.closest("button")?.focus());
    this.#element.addEventListener("focusout", ({ relatedTarget }) => {
      // Where the whole window loses the focus, the item keeps it within the page, and the menu stays.
      if (!this.#element.contains(relatedTarget ?? document.activeElement)) this.close({ keepsFocus: true });
    });
    document.addEventListener("pointerdown", this.#clickedElsewhere, { capture: true });
    // A dialog makes all but itself inert; and those who hear the page go through it by its parts.
    (anchor.closest("dialog, aside, main") ?? document.body).append(this.#element);
    this.#element.showPopover();
    this.#place();
    anchor.setAttribute("aria-expanded", "true");
    this.#buttons[0]?.focus();
  }

  get #buttons() { return [...this.#element.querySelectorAll("button")]; }

  close({ keepsFocus = false } = {}) {
    if (this.#closed) return;
    this.#closed = true;
    if (open === this) open = null;
    document.removeEventListener("pointerdown", this.#clickedElsewhere, { capture: true });
    this.anchor.setAttribute("aria-expanded", "false");
    const hadFocus = this.#element.contains(document.activeElement);
    this.#element.remove();
    if (hadFocus && !keepsFocus) this.anchor.focus({ preventScroll: true });
  }

  #clickedElsewhere = ({ target }) => {
    // The button itself closes it by its own click.
    if (!this.#element.contains(target) && !this.anchor.contains(target)) this.close({ keepsFocus: true });
  };

  #fill(items) {
    this.#element.replaceChildren(...items.filter(Boolean).map((item) => this.#entry(item)));
  }

  #entry(item) {
    if (item === "-") return h("hr");
    if (item instanceof Element) return item;
    if (item.choices) return this.#group(item);
    const isChoice = item.isChecked !== undefined;
    return h(
      "button",
      {
        class: item.isDanger ? "menu-item is-danger" : "menu-item", type: "button", tabindex: -1,
        role: isChoice ? "menuitemradio" : "menuitem", "aria-checked": isChoice ? String(item.isChecked) : null,
        onclick: () => this.#run(item),
      },
      icon(item.isChecked ? "check" : item.icon ?? "check"),
      h("span", { dir: "auto" }, item.text),
    );
  }

  #group({ heading, choices }) {
    const buttons = choices.map(({ text, isChecked, run }) => {
      const choose = () => {
        for (const each of buttons) each.setAttribute("aria-checked", String(each === button));
        run();
      };
      const button = this.#entry({ text, isChecked });
      button.addEventListener("click", choose);
      return button;
    });
    const title = h("p", { class: "menu-title", "aria-hidden": "true" }, heading);
    return h("div", { class: "menu-group", role: "group", "aria-label": heading }, title, ...buttons);
  }

  async #run({ run, items }) {
    if (!run && !items) return;
    if (items) {
      // The focus goes over before the item that has it is gone.
      this.#element.focus();
      this.#fill(items());
      this.#place();
      return this.#buttons[0]?.focus();
    }
    this.close();
    await run();
  }

  /** Below the button, at its end; above it where there is no room, and never out of the window. */
  #place() {
    const at = this.anchor.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.#element;
    const { clientWidth, clientHeight } = document.documentElement;
    const isLeftToRight = getComputedStyle(this.anchor).direction === "ltr";
    const left = isLeftToRight ? at.right - width : at.left;
    const below = at.bottom + gap;
    const top = below + height <= clientHeight ? below : at.top - gap - height;
    this.#element.style.left = `${Math.max(gap, Math.min(left, clientWidth - width - gap))}px`;
    this.#element.style.top = `${Math.max(gap, Math.min(top, clientHeight - height - gap))}px`;
  }

  #keyPressed(event) {
    const buttons = this.#buttons;
    const index = buttons.indexOf(document.activeElement);
    const to = {
      ArrowDown: (index + 1) % buttons.length,
      ArrowUp: (index - 1 + buttons.length) % buttons.length,
      Home: 0,
      End: buttons.length - 1,
    }[event.key] ?? this.#startingWith(event, buttons, index);
    // What is pressed here is for nobody behind it: an Escape must not close the drawer as well.
    event.stopPropagation();
    if (to >= 0) buttons[to].focus();
    else if (event.key === "Escape" || event.key === "Tab") this.close();
    else return;
    event.preventDefault();
  }

  #startingWith({ key }, buttons, index) {
    if (key.length !== 1 || key === " ") return -1;
    const order = [...buttons.slice(index + 1), ...buttons.slice(0, index + 1)];
    return buttons.indexOf(order.find((one) => one.textContent.toLowerCase().startsWith(key.toLowerCase())));
  }
}
