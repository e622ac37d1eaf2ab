import { iconButton } from "./controls.js";
import { h } from "./dom.js";
import { during, field } from "./fields.js";
import { s } from "./later-strings.js";

const roles = ["owner", "editor", "viewer"];

/** Who is in a project. An owner adds and removes people, and says what they may do; everyone may leave. */
export class ProjectMembers {
  element;
  #project;
  #api;
  #user;
  #isOwner;
  #onchange;
  #onleave;
  #list = h("ul", { class: "members" });
  #error = h("p", { class: "field-error", role: "alert", hidden: true });
  #email = null;

  constructor(project, { api, user, isOwner, onchange, onleave }) {
    this.#project = project;
    this.#api = api;
    this.#user = user;
    this.#isOwner = isOwner;
    this.#onchange = onchange;
    this.#onleave = onleave;
    this.element = h(
      "section",
      { class: "project-members", "aria-labelledby": "members-title" },
      h("h3", { id: "members-title" }, s.projects.members),
      this.#list,
      this.#error,
      isOwner && this.#adding(),
    );
    this.#draw();
  }

  focus() {
    this.#email?.focus();
  }

  #draw() {
    const { members } = this.#project;
    const owners = members.filter(({ role }) => role === "owner").length;
    this.#list.replaceChildren(...members.map((member) => this.#row(member, member.role === "owner" && owners === 1)));
  }

  #row(member, isLastOwner) {
    const { email, role } = member;
    const isSelf = email === this.#user.email;
    const who = h("span", { class: "member-who" }, h("span", { class: "member-email" }, email));
    if (isSelf) who.append(h("span", { class: "member-note" }, s.projects.you));
    const mayChange = this.#isOwner && !isLastOwner;
    const mayGo = !isLastOwner && (isSelf || this.#isOwner);
    const text = h("span", { class: "member-role" }, s.projects.roles[role]);
    return h("li", {}, who, mayChange ? this.#choice(member) : text, mayGo && this.#goButton(email, isSelf));
  }

  #choice({ email, role }) {
    const select = roleSelect(s.projects.roleFor(email), role);
    select.addEventListener("change", () => this.#set(email, select.value, () => this.#draw()));
    return select;
  }

  #goButton(email, isSelf) {
    if (!isSelf) return iconButton("close", s.projects.remove(email), () => this.#remove(email), { title: s.projects.removeShort });
    return h("button", { class: "link", type: "button", onclick: () => this.#remove(email) }, s.projects.leave);
  }

  #adding() {
    const email = h("input", { name: "email", type: "email", placeholder: s.projects.emailExample, spellcheck: "false" });
    const select = roleSelect(s.projects.newRole, "editor");
    const hint = h("p", { class: "field-hint", "aria-live": "polite" }, s.projects.roleExplained.editor);
    select.addEventListener("change", () => { hint.textContent = s.projects.roleExplained[select.value]; });
    const error = h("p", { class: "field-error", role: "alert", hidden: true });
    const form = h(
      "form",
      { class: "member-new", novalidate: true, autocomplete: "off" },
      field(s.projects.addMember, email),
      error,
      h("div", { class: "member-line" }, select, h("button", { class: "button" }, s.projects.add)),
      hint,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#add(email, select.value, error);
    });
    this.#email = email;
    return form;
  }

  #add(input, role, error) {
    const email = input.value.trim().toLowerCase();
    if (!email) return input.focus();
    return during({ email: input }, error, async () => {
      await this.#take(await this.#api.open("PUT", this.#path(email), { body: { role } }));
      input.value = "";
      input.focus();
    });
  }

  #set(email, role, undo) {
    return during({}, this.#error, async () => {
      try {
        await this.#take(await this.#api.open("PUT", this.#path(email), { body: { role } }));
      } catch (problem) {
        undo();
        throw problem;
      }
    });
  }

  #remove(email) {
    return during({}, this.#error, async () => {
      const response = await this.#api.open("DELETE", this.#path(email));
      if (email === this.#user.email) return this.#onleave();
      await this.#take(response);
      this.focus();
    });
  }

  #path(email) { return `/projects/${this.#project.id}/members/${encodeURIComponent(email)}`; }

  async #take(response) {
    this.#project = await response.json();
    this.#onchange(this.#project);
    this.#draw();
  }
}

function roleSelect(label, chosen) {
  const options = roles.map((role) => h("option", { value: role, selected: role === chosen }, s.projects.roles[role]));
  return h("select", { class: "role-select", "aria-label": label }, ...options);
}
