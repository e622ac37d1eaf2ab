import { h } from "./dom.js";
import { s } from "./later-strings.js";

const t = s.composer;

/** The button that says which model answers, and the menu behind it with models and filters. Remembers in memory only. */
export class ChoiceMenu {
  element;
  #options;
  #choice;
  #onchoice;
  #label = h("span", { class: "choice-label" });
  #button;
  #menu;

  /** `choice` is `{ model?, filters? }`; `onchoice` is told each new one. */
  constructor(options, { choice, onchoice }) {
    this.#options = options;
    this.#choice = choice;
    this.#onchoice = onchoice;
    this.#menu = h(
      "div",
      { class: "choice-menu", popover: "auto", role: "dialog", "aria-label": t.choose, ontoggle: (event) => this.#toggled(event) },
      options.models.length > 1 && this.#models(),
      ...options.filters.map((filter) => this.#filter(filter)),
    );
    this.#button = h(
      "button",
      { class: "choice-button", type: "button", "aria-haspopup": "dialog", onclick: () => this.#menu.togglePopover() },
      this.#label,
    );
    this.element = h("div", { class: "choice" }, this.#button, this.#menu);
    this.#show();
  }

  #models() {
    const { models, default_model: usual } = this.#options;
    const others = models.filter(({ id }) => id !== usual);
    const own = (value, text) => h(
      "label",
      { class: "choice-option" },
      h("input", {
        type: "radio", name: "model", value, checked: value === (this.#choice.model ?? ""),
        onchange: () => this.#set({ model: value || undefined }),
      }),
      h("span", {}, text),
    );
    const usualText = usual ? t.usual(usual) : t.usualUnknown;
    return h(
      "fieldset",
      { class: "choice-group" },
      h("legend", {}, t.model),
      own("", usualText),
      ...others.map(({ id }) => own(id, id)),
    );
  }

  #filter({ name, values }) {
    const chosen = this.#choice.filters?.[name] ?? "";
    const option = (value, text) => h("option", { value, selected: value === chosen }, text);
    const select = h(
      "select",
      { onchange: () => this.#setFilter(name, select.value) },
      option("", t.any),
      ...values.map((value) => option(value, value)),
    );
    return h("label", { class: "choice-filter" }, h("span", {}, name), select);
  }

  #setFilter(name, value) {
    const { [name]: _, ...filters } = this.#choice.filters ?? {};
    if (value) filters[name] = value;
    this.#set({ filters: Object.keys(filters).length > 0 ? filters : undefined });
  }

  #set(change) {
    const choice = { ...this.#choice, ...change };
    // What isn't chosen isn't sent.
    this.#choice = Object.fromEntries(Object.entries(choice).filter(([, value]) => value !== undefined));
    this.#onchoice(this.#choice);
    this.#show();
  }

  #show() {
    const { model = this.#options.default_model, filters = {} } = this.#choice;
    const text = [model ?? t.model, ...Object.values(filters)].join(" · ");
    this.#label.textContent = text;
    this.#button.setAttribute("aria-label", `${t.choose}: ${text}`);
    this.#button.title = text;
  }

  #toggled({ newState }) {
    this.#button.setAttribute("aria-expanded", newState === "open");
    if (newState !== "open") return;
    const { top, left, right } = this.#button.getBoundingClientRect();
    const { offsetWidth: width } = this.#menu;
    const start = getComputedStyle(this.#button).direction === "rtl" ? right - width : left;
    this.#menu.style.left = `${Math.max(8, Math.min(start, innerWidth - width - 8))}px`;
    this.#menu.style.bottom = `${innerHeight - top + 6}px`;
    this.#menu.style.maxHeight = `${Math.max(120, top - 16)}px`;
    (this.#menu.querySelector("input:checked") ?? this.#menu.querySelector("select"))?.focus();
  }
}
