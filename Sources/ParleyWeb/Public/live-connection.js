import { afterClose, pauseBefore } from "./live-rules.js";

/** How long nothing may come before the server is asked whether it is there, until it says so itself. */
const heartbeat = 25_000;
/** How long it has to answer, and to take a new connection. */
const patience = 8_000;
/** A timer that comes later than this has slept: the computer was suspended, or the tab was frozen. */
const oversleep = 5_000;

/**
 * The socket that brings what happens as it happens, mended for as long as `signal` isn't aborted.
 *
 * Fires `event` (detail: what the server told; after each `ready` what came before is to be asked for), and `state`:
 * `connecting` at first, `open`, `mending` while it is tried for the first time after a loss, and `lost` where that
 * failed.
 */
export class LiveConnection extends EventTarget {
  state = "connecting";
  #signal;
  #onended;
  #ondoubt;
  #socket = null;
  #attempt = 0;
  #retry;
  #watch;
  #heard = 0;
  #heartbeat = heartbeat;
  #resting = false;
  #tick;

  /** `onended` is told why the server wants no further attempt; `ondoubt`, that one was refused without a word. */
  constructor({ signal, onended, ondoubt }) {
    super();
    this.#signal = signal;
    this.#onended = onended;
    this.#ondoubt = ondoubt;
    signal.addEventListener("abort", () => { clearTimeout(this.#tick); this.#close(); });
    addEventListener("online", () => this.#stir(), { signal });
    addEventListener("offline", () => this.isOpen && this.#ask(), { signal });
    addEventListener("pageshow", ({ persisted }) => persisted && this.#stir(), { signal });
    document.addEventListener("visibilitychange", () => document.hidden || this.#stir(), { signal });
    document.addEventListener("resume", () => this.#stir(), { signal });
  }

  get isOpen() { return this.state === "open" && this.#socket !== null; }

  start() {
    if (this.#signal.aborted) return;
    this.#connect();
    this.#watchSleep(Date.now());
  }

  /** Tells the server something; false when there is no connection, and it has to be told again after `ready`. */
  send(command) {
    if (!this.isOpen) return false;
    this.#socket.send(JSON.stringify(command));
    return true;
  }

  /** Something has changed about the network or the tab: tries at once, or finds out whether the socket still lives. */
  wake() {
    if (this.#signal.aborted) return;
    this.#resting = false;
    if (this.isOpen) return this.#ask();
    if (this.#socket) return;
    this.#attempt = 0;
    this.#connect();
  }

  /** Nobody may be told anything for now: no connection and no attempt until `wake`. */
  rest() {
    this.#resting = true;
    this.#close();
    this.#setState("lost");
  }

  #stir() {
    if (!this.#resting) this.wake();
  }

  /** A computer that sleeps tells nobody; only its clock shows afterwards that time has passed. */
  #watchSleep(before) {
    this.#tick = setTimeout(() => {
      const now = Date.now();
      if (now - before > 2 * oversleep) this.#stir();
      this.#watchSleep(now);
    }, oversleep);
  }

  #connect() {
    clearTimeout(this.#retry);
    const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/ws`);
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => socket === this.#socket && this.#take(JSON.parse(data)));
    socket.addEventListener("close", ({ code }) => socket === this.#socket && this.#closed(code));
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#lose(), patience);
  }

  #take(event) {
    this.#heard = performance.now();
    if (event.type === "ready") {
      this.#attempt = 0;
      this.#heartbeat = event.heartbeat_seconds * 1000;
      this.#listen();
      this.#setState("open");
    }
    this.dispatchEvent(new CustomEvent("event", { detail: event }));
  }

  /** One timer, and not one for each of many frames: it looks when the last one came. */
  #listen() {
    clearTimeout(this.#watch);
    const quiet = performance.now() - this.#heard;
    const rest = this.#heartbeat - quiet;
    this.#watch = setTimeout(() => (rest > 0 ? this.#listen() : this.#ask()), Math.max(rest, 0));
  }

  /** The browser answers the server's own pings without telling, so silence says nothing until it has been asked. */
  #ask() {
    this.send({ type: "ping" });
    const asked = performance.now();
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => (this.#heard > asked ? this.#listen() : this.#lose()), patience);
  }

  #closed(code) {
    const next = afterClose(code);
    if (next === "reconnect") return this.#lose();
    this.#close();
    this.#setState("lost");
    this.#onended(next);
  }

  #lose() {
    const wasOpen = this.isOpen;
    this.#close();
    this.#setState(wasOpen ? "mending" : "lost");
    // Why an upgrade is refused is hidden from scripts; that the session is over is the reason to find out.
    if (!wasOpen) this.#ondoubt();
    if (!this.#signal.aborted && !this.#resting) this.#retry = setTimeout(() => this.#connect(), pauseBefore(this.#attempt++));
  }

  /** Forgets the socket at once: without a network its close event takes a minute to come. */
  #close() {
    clearTimeout(this.#retry);
    clearTimeout(this.#watch);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #setState(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}
