import { h, loadStyle } from "./dom.js";
import { partsOf } from "./message-view.js";

/** In this order they stand behind the text, whichever is there first. */
const order = ["instruction", "certainty", "contexts", "versions"];

/** What stands around a message's text where there is any of it, each drawn by a module that is loaded for it. */
export class MessageExtras {
  #view;
  #act;
  #before = h("div", { class: "message-before" });
  #after = h("div", { class: "message-after" });
  #drawn = {};
  #instruction = "";
  #closed = false;

  constructor(view, act) {
    this.#view = view;
    this.#act = act;
    view.body.before(this.#before);
    view.body.after(this.#after);
  }

  close() {
    this.#closed = true;
    this.#drawn.contexts?.part?.close();
  }

  /** `shown` is the message itself, or what of an earlier version is shown in its place. */
  async update(message, shown) {
    await Promise.all(["message-extras.css", "markdown-rich.css"].map(loadStyle));
    if (this.#closed) return;
    this.#drawInstruction(partsOf(shown).instruction);
    const { parts, contexts, ai_response: answer, confidence, status, metadata } = shown;
    this.#draw("parts", parts, this.#before, async () => {
      return { element: (await import("./message-parts.js")).partsView(parts) };
    });
    const sure = confidence ?? answer?.confidence;
    const certainty = {
      sure: typeof sure === "number" ? sure : undefined,
      mustCheck: metadata?.verification_required === true || answer?.metadata?.verificationRequired === true,
    };
    const isCertain = status !== "streaming" && (certainty.sure !== undefined || certainty.mustCheck);
    this.#draw("certainty", isCertain && certainty, this.#after, async () => {
      return { element: (await import("./explained-answer.js")).certaintyView(certainty) };
    });
    this.#draw("contexts", contexts, this.#after, async () => {
      const { Citations } = await import("./citations.js");
      return new Citations(this.#view.body, contexts);
    });
    this.#draw("versions", versionsOf(message), this.#after, async () => {
      const { VersionPager } = await import("./version-pager.js");
      return new VersionPager(this.#view, message, this.#act);
    });
  }

  async #drawInstruction(text) {
    this.#instruction = text;
    await this.#draw("instruction", Boolean(text), this.#after, async () => {
      const { Instruction } = await import("./explained-answer.js");
      return new Instruction();
    });
    if (this.#instruction) this.#drawn.instruction?.part?.show(this.#instruction);
  }

  /** Draws a part where its data are others than before; `make` resolves to `{ element, close?() }`. */
  async #draw(name, data, place, make) {
    const text = data ? JSON.stringify(data) : "";
    const before = this.#drawn[name];
    if (text === (before?.text ?? "")) return;
    const now = { text, part: before?.part };
    this.#drawn[name] = now;
    let part = null;
    try {
      part = text ? await make() : null;
    } catch (error) {
      now.text = "";
      throw error;
    }
    if (this.#closed || this.#drawn[name] !== now) return part?.close?.();
    now.part?.element.remove();
    now.part?.close?.();
    now.part = part;
    if (!part) return;
    const next = order.slice(order.indexOf(name) + 1).map((one) => this.#drawn[one]?.part?.element).find(Boolean);
    if (place === this.#after && next) next.before(part.element);
    else place.append(part.element);
  }
}

/** What makes a message's versions, and nothing else of it; null where there is but one. */
function versionsOf({ status, content, is_edited, metadata }) {
  if (status === "deleted" || !(is_edited || metadata?.version > 1)) return null;
  return { version: metadata?.version, text: is_edited ? content : null };
}
