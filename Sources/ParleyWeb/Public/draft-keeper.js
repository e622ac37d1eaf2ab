import { pauseBefore } from "./live-rules.js";

/** How long nothing more is typed until it is kept. */
const settled = 600;
/** How long nothing is typed here until it may be that somebody goes on elsewhere. */
const spell = 5000;
/** A draft is at most what a message may be. */
const longest = 64 * 1024;
/** What a browser still sends when the page is gone, in all. */
const longestFarewell = 60 * 1024;
/** How long a message waits for a draft that is just being kept, in milliseconds. */
const patience = 2000;

/**
 * Keeps what is typed on the server, for all devices of this person: soon after the last key, at once when the field or
 * the page is left, and again until it is acknowledged; of one conversation one at a time. Messages that wait are part of
 * it: whatever becomes of this page, their text is found again.
 *
 * What the server has newer is taken over where nothing was typed here since, and else put before what was. It is looked
 * for whenever somebody begins to type, so that of two devices neither wipes what the other has kept. A browser asks before
 * it closes the page while anything isn't acknowledged.
 */
export class DraftKeeper {
  #api;
  #unsent;
  #signal;
  #places = new Map();
  #open = null;
  #paused = 0;
  #isComposing = false;

  constructor({ api, live, unsent, signal }) {
    this.#api = api;
    this.#unsent = unsent;
    this.#signal = signal;
    const listen = (target, type, work) => target.addEventListener(type, work, { signal });
    listen(unsent, "draft", ({ detail }) => this.#changed(detail));
    listen(unsent, "change", () => [...this.#places.keys()].forEach((id) => this.#soon(id)));
    listen(unsent, "sent", ({ detail }) => this.#cleared(detail.conversation));
    listen(unsent, "made", ({ detail }) => this.#made(detail));
    listen(live, "event", ({ detail }) => detail.type === "ready" && this.#back());
    listen(window, "online", () => unsent.resume());
    listen(document, "focusout", ({ target }) => target.id === "composer" && this.#pause());
    listen(document, "visibilitychange", () => (document.hidden ? this.#pause() : this.#look()));
    listen(window, "focus", () => this.#look());
    // Another text would take a word that is being composed from under the hands.
    for (const type of ["compositionstart", "compositionend"]) listen(document, type, () => this.#compose(type));
    listen(window, "pagehide", () => this.#farewell());
    listen(window, "beforeunload", (event) => this.#holdsBack && event.preventDefault());
    signal.addEventListener("abort", () => this.#close());
  }

  /** This conversation is on the screen: its draft is looked up now, and whenever it may have changed. */
  open(conversation) {
    this.#open = conversation;
    this.#look();
  }

  /** Settles when no older text can reach the server behind what is sent now; soon, in any case. */
  async settle(id) {
    const place = this.#place(id);
    clearTimeout(place.timer);
    if (place.saving) await Promise.race([place.saving, new Promise((resolve) => setTimeout(resolve, patience))]);
    // One that is still under way may come first or last.
    place.isUncertain = place.saving !== null;
  }

  get #holdsBack() {
    return this.#unsent.holdsMore || [...this.#places.keys()].some((id) => this.#isDirty(id));
  }

  /** `saved` is what the server has, as far as that is known; `tried`, what it was sent last; `known`, when it was certain. */
  #place(id) {
    if (!this.#places.has(id)) {
      const fresh = { saved: null, isLoaded: false, saving: null, loading: false, timer: 0, attempt: 0, refused: null };
      this.#places.set(id, { ...fresh, tried: null, known: 0, isUncertain: false, isOwn: false, version: 0 });
    }
    return this.#places.get(id);
  }

  #text(id) {
    const whole = this.#unsent.whole(id);
    return isTooLong(whole) ? this.#unsent.draft(id) : whole;
  }

  #isDirty(id) {
    const { isLoaded, saved } = this.#place(id);
    return isLoaded ? this.#text(id) !== saved : this.#text(id) !== "";
  }

  #isKnown({ known }) {
    return known > this.#paused && performance.now() - known < spell;
  }

  #changed({ conversation, isFromElsewhere }) {
    const place = this.#place(conversation);
    place.isOwn = !isFromElsewhere;
    if (isFromElsewhere) return;
    if (this.#isKnown(place)) place.known = performance.now();
    else if (!place.attempt) this.#load(conversation);
    this.#soon(conversation);
  }

  #soon(id, after = settled) {
    const place = this.#place(id);
    clearTimeout(place.timer);
    if (!this.#signal.aborted && this.#isDirty(id)) place.timer = setTimeout(() => this.#save(id), after);
  }

  #flush() {
    for (const [id, { refused }] of this.#places) if (this.#isDirty(id) && refused !== this.#text(id)) this.#save(id);
  }

  #compose(type) {
    this.#isComposing = type === "compositionstart";
    this.#flush();
  }

  /** Whoever stops typing here may go on elsewhere. */
  #pause() {
    this.#flush();
    this.#paused = performance.now();
  }

  async #save(id) {
    const place = this.#place(id);
    clearTimeout(place.timer);
    const text = this.#text(id);
    // While a message is on its way, the server is about to clear the draft.
    if (place.saving || this.#isComposing || this.#unsent.isSending(id)) return;
    if (!this.#isDirty(id) || text === place.refused) return;
    if (!this.#isKnown(place)) return this.#load(id);
    const keepalive = text.length < longestFarewell / 3;
    place.tried = text;
    place.saving = this.#api.put(pathOf(id), { text }, { keepalive }).then(() => null, (error) => error);
    const error = await place.saving;
    place.saving = null;
    place.version += 1;
    if (this.#signal.aborted) return;
    // Without an answer it may be there or not.
    place.saved = error ? null : text;
    if (error) place.known = 0;
    if (error?.status >= 400 && error.status < 500 && error.status !== 429) place.refused = text;
    else if (error) this.#soon(id, pauseBefore((place.attempt += 1)));
    else {
      place.attempt = 0;
      this.#soon(id);
    }
  }

  async #load(id) {
    const place = this.#place(id);
    if (place.loading) return;
    place.loading = true;
    const { version } = place;
    try {
      const { text } = await this.#api.get(pathOf(id), AbortSignal.timeout(2 * spell));
      const own = this.#unsent.draft(id);
      const isInDoubt = own && text !== own && place.isOwn && !this.#isDirty(id);
      const origin = isInDoubt && (await import("./draft-origin.js"));
      const isOver = !origin || (await origin.mayGiveWay(own, text, id, this.#api));
      const isOvertaken = version !== place.version || place.saving || this.#isComposing || this.#unsent.isSending(id);
      if (!isOvertaken) this.#take(id, place, text, isOver);
      if (!this.#isDirty(id)) place.attempt = 0;
    } catch (error) {
      if (error.name === "AbortError") return;
      // What can't be read can't be written either.
      if (error.status === 403 || error.status === 404) Object.assign(place, { isLoaded: true, saved: this.#text(id) });
      else this.#soon(id, pauseBefore((place.attempt += 1)));
      return;
    } finally {
      place.loading = false;
    }
    this.#soon(id);
  }

  #take(id, place, text, isOver) {
    const own = this.#unsent.draft(id);
    const isTouched = this.#isDirty(id);
    const isFromHere = text === place.saved || text === place.tried;
    Object.assign(place, { saved: text, isLoaded: true, known: performance.now() });
    if (!isTouched && isOver) {
      if (this.#unsent.messages(id).length === 0) this.#unsent.keepDraft(id, text, true);
    } else if (!isFromHere && !this.#unsent.whole(id).includes(text)) {
      // Typed elsewhere, and here before that was known: both are kept.
      this.#unsent.keepDraft(id, [text, own].filter(Boolean).join("\n\n"), true);
      place.isOwn = true;
    }
  }

  /** With a message the server has taken away the draft that it was. */
  #cleared(id) {
    const place = this.#place(id);
    Object.assign(place, { saved: place.isUncertain || place.saving ? null : "", isLoaded: true, refused: null });
    place.isUncertain = false;
    place.version += 1;
    this.#soon(id);
  }

  #made(id) {
    this.#cleared(null);
    this.#places.set(id, { ...this.#place(null), saved: "", saving: null, loading: false, timer: 0, isUncertain: false });
  }

  /** The server can be reached again. */
  #back() {
    this.#unsent.resume();
    this.#flush();
    this.#look();
  }

  #look() {
    if (this.#open && !this.#signal.aborted) this.#load(this.#open.id ?? null);
  }

  /** The page goes, and nobody hears the answer any more. A message on its way may be lost with it, so it is a draft, too. */
  #farewell() {
    let room = longestFarewell;
    for (const id of this.#places.keys()) {
      const body = JSON.stringify({ text: this.#text(id) });
      room -= body.length;
      if (!this.#isDirty(id) || room < 0) continue;
      const headers = { "Content-Type": "application/json" };
      fetch(`/api${pathOf(id)}`, { method: "PUT", keepalive: true, headers, body }).catch(() => {});
    }
  }

  #close() {
    for (const { timer } of this.#places.values()) clearTimeout(timer);
    this.#unsent.close();
  }
}

const encoder = new TextEncoder();

/** By how many bytes a text is longer than a message may be; 0 where it isn't. */
export function excess(text) {
  // No character takes more than three bytes for each of its units.
  return text.length * 3 <= longest ? 0 : Math.max(0, encoder.encode(text).length - longest);
}

const isTooLong = (text) => excess(text) > 0;
const pathOf = (id) => `/conversations/${id ?? "new"}/draft`;
