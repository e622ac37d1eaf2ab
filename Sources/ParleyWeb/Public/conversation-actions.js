import { Deletions } from "./deletions.js";
import { attempt } from "./notices.js";
import { s } from "./later-strings.js";

const mostAttempts = 5;

/** Somebody else has given the conversation another name since one began to type: `title`. */
class Renamed extends Error {
  constructor(title) {
    super(s.sidebar.renamedMeanwhile(title));
    this.title = title;
  }
}

/** What can be done with a whole conversation, wherever it is asked for; what goes wrong is told. */
export class ConversationActions {
  #api;
  #list;
  #projects;
  #deletions;
  #open;
  #onleave;
  #onreturn;

  /**
   * `open(id)` is that conversation where it is the one on the screen; `onleave(id)` is told when it is taken from there,
   * and `onreturn(id)` when it is back after all.
   */
  constructor({ api, list, projects, signal, open, onleave, onreturn }) {
    this.#api = api;
    this.#list = list;
    this.#projects = projects;
    this.#deletions = new Deletions({ api, list, signal });
    this.#open = open;
    this.#onleave = onleave;
    this.#onreturn = onreturn;
  }

  /** Deletes at once what waits for it; settles when it is answered. */
  settle() { return this.#deletions.settle(); }

  /** The same where nobody is left to take the answers. */
  leave() { this.#deletions.leave(); }

  /** True when it is renamed; the present title, where that isn't `from` any more. */
  async rename(id, title, from) {
    let present;
    const done = await attempt(s.sidebar.notRenamed, async () => {
      try {
        const renamed = await this.#rename(id, title, from);
        this.#open(id)?.changed(renamed);
      } catch (error) {
        if (error instanceof Renamed) present = error.title;
        throw error;
      }
    });
    return present ?? done;
  }

  /** The menu of a conversation at a button; `rename` begins to rename it where that button is. */
  async openMenu(item, anchor, rename) {
    const { openConversationMenu } = await import("./conversation-menu.js");
    const { id } = item;
    openConversationMenu(item, anchor, {
      projects: this.#projects,
      onrename: rename,
      onpin: () => this.#change(id, { pinned: !item.pinned }),
      onarchive: () => this.#change(id, { status: item.status === "active" ? "archived" : "active" }),
      onmove: (project) => this.#change(id, { project_id: project }),
      ondelete: () => this.delete(item),
    });
  }

  /** Asks, and takes it from sight; for a while it can be brought back. */
  async delete(item) {
    if (!this.#projects.mayWrite(item.project_id)) return;
    const { confirmDialog } = await import("./confirm-dialog.js");
    const text = s.sidebar.deleteText(item.title);
    if (!(await confirmDialog({ title: s.sidebar.deleteTitle, text, action: s.sidebar.delete }))) return;
    const wasOpen = Boolean(this.#open(item.id));
    this.#deletions.begin(item, () => wasOpen && this.#onreturn(item.id));
    if (wasOpen) this.#onleave(item.id);
  }

  #change(id, fields) {
    return attempt(s.sidebar.notChanged, async () => {
      const changed = await this.#patch(id, fields);
      this.#open(id)?.changed(changed);
    });
  }

  /**
   * Renames a conversation that had the title `from` when one began to type; throws Renamed where it has another now.
   * Whatever else has happened in it since is taken in, and no hindrance.
   */
  async #rename(id, title, from) {
    for (let attempts = 1; ; attempts += 1) {
      const known = this.#list.find(id);
      if (known && known.title !== from) throw new Renamed(known.title);
      try {
        return await this.#patch(id, { title, ...(known && { expected_revision: known.revision }) });
      } catch (error) {
        if (error.code !== "stale" || attempts === mostAttempts) throw error;
        if (!error.changes) {
          await this.#list.ask(id);
          continue;
        }
        this.#list.update(error.changes.conversation);
        this.#open(id)?.missed(error.changes);
      }
    }
  }

  async #patch(id, fields) {
    const changed = await this.#api.patch(`/conversations/${id}`, fields);
    this.#list.update(changed);
    return changed;
  }
}
