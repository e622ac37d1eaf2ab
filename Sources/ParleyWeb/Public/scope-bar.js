import { iconButton } from "./controls.js";
import { h } from "./dom.js";
import "./later-icons.js";
import { openMenu } from "./menu.js";
import { s } from "./later-strings.js";

/** Which conversations the list shows: of all projects or of one, the present ones or those put away. */
export class ScopeBar {
  element;
  #list;
  #projects;
  #onprojects;
  #select = h("select", {
    class: "scope-select", "aria-label": s.projects.project,
    onchange: () => this.#show({ project: this.#select.value || null }),
  });
  #kept = h("p", { class: "scope-kept" });
  #archive = h("p", { class: "scope-archive" }, s.sidebar.archived);

  constructor(list, projects, onprojects) {
    this.#list = list;
    this.#projects = projects;
    this.#onprojects = onprojects;
    this.#archive.append(iconButton("close", s.sidebar.leaveArchive, () => this.#show({ status: "active" })));
    this.element = h("div", { class: "scope" }, this.#select, this.#kept, this.#archive);
    projects.addEventListener("change", () => this.#update());
    list.addEventListener("scope", () => this.#update());
    this.#update();
  }

  openMenu(anchor) {
    const { project, status } = this.#list.scope;
    const isArchive = status === "archived";
    return openMenu(anchor, s.projects.more, [
      { icon: "plus", text: s.projects.make, run: () => this.#onprojects(null) },
      project && { icon: "people", text: s.projects.settings, run: () => this.#onprojects(project) },
      {
        icon: "archive", text: isArchive ? s.sidebar.leaveArchive : s.sidebar.showArchive,
        run: () => this.#show({ status: isArchive ? "active" : "archived" }),
      },
    ]);
  }

  #update() {
    const { shared, personal, all } = this.#projects;
    const { project, status } = this.#list.scope;
    this.#archive.hidden = status !== "archived";
    this.#select.hidden = !shared.length;
    this.#select.replaceChildren(
      h("option", { value: "" }, s.projects.all),
      ...(personal ? [h("option", { value: personal.id }, s.projects.personal)] : []),
      ...shared.map(({ id, name }) => h("option", { value: id }, name)),
    );
    this.#select.value = project ?? "";
    const days = this.#projects.find(project)?.retention_days;
    this.#kept.hidden = !days;
    this.#kept.textContent = days ? s.projects.kept(days) : "";
    // Somebody has deleted it, or taken this person from it.
    if (project && all.length && !this.#projects.find(project)) this.#show({ project: null });
  }

  #show(change) {
    this.#list.select({ ...this.#list.scope, ...change });
  }
}
