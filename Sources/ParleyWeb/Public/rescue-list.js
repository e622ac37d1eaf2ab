import { h } from "./dom.js";
import { s } from "./rescue-strings.js";
import { fullTime, shortTime } from "./time.js";

/** How many messages of a session are shown, and how much of each. */
const firstLines = 3;
const lineLength = 160;

/** The sessions that were found, each to be chosen, and what can be done with the chosen ones. */
export class RescueList {
  element;
  #groups;
  #boxes = new Map();
  #all = h("input", { type: "checkbox" });
  #import;
  #buttons;
  #status = h("p", { class: "rescue-status", role: "status" });

  /** `chosen` are the ids of those that were chosen before; at first all are. */
  constructor(groups, { chosen, onimport, onsave, ondelete }) {
    this.#groups = groups;
    this.#import = button("button-primary", "", () => onimport(this.#keys));
    this.#buttons = [
      this.#import,
      button("", s.save, () => onsave(this.#keys)),
      button("rescue-delete", s.delete, () => ondelete(this.#keys)),
    ];
    this.#all.addEventListener("change", () => {
      for (const box of this.#boxes.values()) box.checked = this.#all.checked;
      this.#update();
    });
    this.element = h(
      "div",
      {},
      h("p", { class: "rescue-intro" }, s.intro),
      groups.length > 1 && h("label", { class: "rescue-all" }, this.#all, s.all),
      h("ul", { class: "rescue-list" }, ...groups.map((group) => this.#row(group, chosen?.has(group.id) ?? true))),
      h("div", { class: "rescue-actions" }, ...this.#buttons),
      this.#status,
    );
    this.#update();
  }

  get chosenIDs() { return new Set(this.#chosen.map(({ id }) => id)); }

  setBusy(isBusy) {
    this.element.setAttribute("aria-busy", isBusy);
    for (const one of this.#buttons) one.disabled = isBusy;
    this.#status.textContent = isBusy ? s.importing : "";
  }

  get #chosen() { return this.#groups.filter(({ id }) => this.#boxes.get(id).checked); }
  get #keys() { return this.#chosen.flatMap(({ keys }) => keys); }

  #row(group, isChosen) {
    const box = h("input", { type: "checkbox", checked: isChosen, onchange: () => this.#update() });
    this.#boxes.set(group.id, box);
    const title = group.title || (group.id ? s.untitled : s.onScreen);
    return h(
      "li",
      {},
      h(
        "label",
        { class: "rescue-row" },
        box,
        h(
          "span",
          { class: "rescue-about" },
          h("span", { class: "rescue-title", dir: "auto" }, title),
          h("span", { class: "rescue-facts" }, facts(group)),
        ),
      ),
      h("ol", { class: "rescue-lines" }, ...group.messages.slice(0, firstLines).map(line)),
    );
  }

  #update() {
    const { length } = this.#chosen;
    this.#all.checked = length === this.#groups.length;
    this.#all.indeterminate = length > 0 && length < this.#groups.length;
    this.#import.textContent = s.import(length);
    for (const one of this.#buttons) one.disabled = length === 0;
  }
}

function facts({ messages, from, to, isUnreadable }) {
  const dates = from ? s.dates(shortTime(from), shortTime(to)) : s.noDates;
  return [s.messages(messages.length), dates, isUnreadable && s.unreadable].filter(Boolean).join(" · ");
}

/** People's words, and whatever else stood there: as text. */
function line({ isPerson, content }) {
  const text = content.length > lineLength ? `${content.slice(0, lineLength)}…` : content;
  return h("li", { dir: "auto" }, h("span", { class: "rescue-who" }, isPerson ? s.you : s.assistant), " ", text);
}

const button = (style, text, onclick) => h("button", { class: `button ${style}`, type: "button", onclick }, text);
