import { iconButton, loadRenameForm, renameForm } from "./controls.js";
import { h } from "./dom.js";
import { s } from "./strings.js";

/** The line above a conversation: its title, and what can be done with the whole of it. */
export class TitleBar {
  element;
  #conversation;
  #onrename;
  #projects;
  #project = h("p", { class: "bar-project", hidden: true });
  #title = h("h1", { class: "bar-title", dir: "auto" });
  #tools;
  #form = null;

  constructor(conversation, { menuButton, onrename, ondelete, onmenu, projects, signal }) {
    this.#conversation = conversation;
    this.#onrename = onrename;
    this.#projects = projects;
    this.#tools = h(
      "div",
      { class: "bar-tools" },
      iconButton("pencil", s.conversation.rename, () => this.#rename(), { title: s.conversation.renameShort }),
      iconButton("trash", s.conversation.delete, ondelete, { title: s.conversation.deleteShort }),
      iconButton("more", s.conversation.more, ({ currentTarget }) => onmenu(currentTarget, () => this.#rename()), {
        title: s.conversation.moreShort, "aria-haspopup": "menu",
      }),
    );
    const names = h("div", { class: "bar-names" }, this.#title, this.#project);
    this.element = h("header", { class: "bar" }, menuButton, names, this.#tools);
    conversation.addEventListener("info", () => this.#update(), { signal });
    projects.addEventListener("change", () => this.#update(), { signal });
    this.#update();
  }

  #update() {
    const { info } = this.#conversation;
    this.#title.textContent = info?.title ?? s.conversation.untitled;
    this.#title.title = info?.title ?? "";
    // Who only reads is offered nothing else.
    this.#tools.hidden = Boolean(this.#form) || !info || !this.#projects.mayWrite(info.project_id);
    const project = this.#projects.find(info?.project_id);
    this.#project.hidden = !project || project.personal || project.members.length < 2;
    if (this.#project.hidden) return;
    this.#project.replaceChildren(h("bdi", {}, project.name), s.conversation.members(project.members.length));
  }

  async #rename() {
    if (!renameForm) await loadRenameForm();
    if (this.#tools.hidden) return;
    this.#form = renameForm(this.#conversation.info.title, {
      onsave: this.#onrename,
      onend: () => {
        this.#form.remove();
        this.#form = null;
        this.#title.classList.remove("visually-hidden");
        this.#update();
        this.#tools.firstChild.focus();
      },
    });
    // The page keeps its heading meanwhile.
    this.#title.classList.add("visually-hidden");
    this.#title.after(this.#form);
    this.#update();
    this.#form.elements.title.select();
  }
}
