import { confirmDialog } from "./confirm-dialog.js";
import { iconButton } from "./controls.js";
import { h, loadStyle } from "./dom.js";
import { during, field } from "./fields.js";
import { ProjectMembers } from "./project-members.js";
import { s } from "./later-strings.js";
import { uuid } from "./uuid.js";

const personas = ["ai_pm"];
const longestName = 256;
const longestDescription = 4096;
const mostDays = 36_500;

/**
 * A project: its name, description and persona, who is in it, and its end. What one's role doesn't allow is only shown.
 * Without `project` it makes one. Resolves, when it is closed, to the project that was made, if one was.
 */
export async function openProjectDialog(project, context) {
  await loadStyle("project-dialog.css");
  return new ProjectDialog(project, context).done;
}

class ProjectDialog {
  done;
  #project;
  #api;
  #projects;
  #live;
  #user;
  #made = null;
  #newID = null;
  #members = null;
  #error = h("p", { class: "field-error", role: "alert", hidden: true });
  #body = h("div", { class: "project-body" });
  #dialog;

  constructor(project, { api, projects, live, user }) {
    this.#project = project;
    this.#api = api;
    this.#projects = projects;
    this.#live = live;
    this.#user = user;
    this.#dialog = h(
      "dialog",
      { class: "dialog project-dialog", "aria-labelledby": "project-title" },
      h(
        "header",
        {},
        h("h2", { id: "project-title", dir: "auto" }, this.#title),
        iconButton("close", s.common.close, () => this.#dialog.close()),
      ),
      this.#body,
    );
    this.#dialog.addEventListener("click", ({ target }) => target === this.#dialog && this.#dialog.close());
    this.done = new Promise((resolve) => {
      this.#dialog.addEventListener("close", () => {
        this.#dialog.remove();
        resolve(this.#made);
      });
    });
    this.#fill();
    document.getElementById("app").append(this.#dialog);
    this.#dialog.showModal();
  }

  get #title() {
    if (!this.#project) return s.projects.make;
    return this.#project.personal ? s.projects.personal : this.#project.name;
  }

  get #role() { return this.#project ? this.#projects.role(this.#project.id) : "owner"; }

  #fill() {
    const isOwner = this.#role === "owner";
    const isShared = this.#project && !this.#project.personal;
    this.#body.replaceChildren(isOwner ? this.#fieldsForm() : this.#facts());
    if (!isShared) return;
    this.#members = new ProjectMembers(this.#project, {
      api: this.#api, user: this.#user, isOwner,
      onchange: (project) => this.#changed(project),
      onleave: () => this.#gone(),
    });
    this.#body.append(this.#members.element);
    if (isOwner) this.#body.append(this.#ending());
  }

  #fieldsForm() {
    const { name = "", description = "", persona = "", retention_days: days } = this.#project ?? {};
    const fields = {
      name: h("input", { name: "name", value: name, maxlength: longestName, required: true, autofocus: !this.#project }),
      description: h("textarea", { name: "description", rows: 2, maxlength: longestDescription }, description),
      persona: h("input", { name: "persona", value: persona, maxlength: 64, list: "personas", spellcheck: "false" }),
      retention_days: h("input", { name: "retention_days", type: "number", value: days, min: 1, max: mostDays }),
    };
    for (const one of [fields.name, fields.description]) one.dir = "auto";
    const action = this.#project ? s.projects.save : s.projects.create;
    const form = h(
      "form",
      { class: "project-fields", autocomplete: "off", novalidate: true },
      field(s.projects.name, fields.name),
      field(s.projects.description, fields.description, s.projects.optional),
      field(s.projects.persona, fields.persona, s.projects.personaHint),
      h("datalist", { id: "personas" }, ...personas.map((value) => h("option", { value }))),
      field(s.projects.days, fields.retention_days, s.projects.daysHint),
      this.#error,
      h("div", { class: "dialog-actions" }, h("button", { class: "button button-primary" }, action)),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save(fields);
    });
    return form;
  }

  #facts() {
    const { description, persona, retention_days: days } = this.#project;
    return h(
      "div",
      { class: "project-fields" },
      description && h("p", { dir: "auto" }, description),
      persona && h("p", {}, `${s.projects.persona}: ${persona}`),
      days && h("p", {}, s.projects.kept(days)),
      h("p", { class: "field-hint" }, s.projects.roleOf[this.#role]),
    );
  }

  async #save(fields) {
    const text = (name) => fields[name].value.trim();
    const values = { name: text("name"), description: text("description") || null, persona: text("persona") || null };
    const before = this.#project?.retention_days ?? null;
    await during(fields, this.#error, async () => {
      const days = daysIn(fields.retention_days);
      // Sent only where it is changed here: somebody else may have changed it since.
      if (days !== before) values.retention_days = days;
      if (!this.#project) return this.#make(values);
      const hides = days !== null && days < (before ?? Infinity);
      if (hides && !(await this.#confirms(days))) return;
      this.#changed(await this.#api.patch(`/projects/${this.#project.id}`, values));
      // Of what is hidden by that nobody is told.
      if (hides) this.#live.dispatchEvent(new CustomEvent("event", { detail: { type: "resync" } }));
      this.#dialog.close();
    });
  }

  async #make(values) {
    // Made with an id of its own, it is made once, however often it is sent.
    this.#newID ??= uuid();
    const given = Object.entries(values).filter(([, value]) => value !== null);
    this.#made = await this.#api.post("/projects", { id: this.#newID, ...Object.fromEntries(given) });
    this.#project = this.#made;
    this.#changed(this.#made);
    this.#dialog.querySelector("h2").textContent = this.#title;
    this.#fill();
    this.#members.focus();
  }

  /** What has been left alone for longer goes out of sight as soon as this is saved. */
  #confirms(days) {
    const title = s.projects.daysTitle(days);
    return confirmDialog({ title, text: s.projects.daysText(days), action: s.projects.daysAction });
  }

  #changed(project) {
    this.#project = project;
    this.#projects.update(project);
  }

  #gone() {
    this.#projects.remove(this.#project.id);
    this.#dialog.close();
  }

  /** Deleting takes everything in it along, so the name has to be typed. */
  #ending() {
    const { id, name } = this.#project;
    const error = h("p", { class: "field-error", role: "alert", hidden: true });
    const input = h("input", { name: "confirmation", autocomplete: "off", dir: "auto" });
    const button = h("button", { class: "button button-danger", disabled: true }, s.projects.deleteForGood);
    const form = h(
      "form",
      { class: "project-ending", autocomplete: "off" },
      field(s.projects.typeName(name), input, s.projects.deletesAll),
      error,
      h("div", { class: "dialog-actions" }, button),
    );
    input.addEventListener("input", () => { button.disabled = input.value.trim() !== name; });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      await during({ confirmation: input }, error, async () => {
        try {
          await this.#api.delete(`/projects/${id}`);
        } catch (problem) {
          // Gone already is what was asked for.
          if (problem.status !== 404) throw problem;
        }
        this.#gone();
      });
    });
    return h("details", { class: "project-end" }, h("summary", {}, s.projects.delete), form);
  }
}

/** For how many days conversations shall be kept; null where that is for ever. */
function daysIn(input) {
  if (!input.validity.valid) throw Object.assign(new Error(s.projects.daysRange(mostDays)), { param: input.name });
  return input.value ? input.valueAsNumber : null;
}
