import { s } from "./strings.js";

/**
 * The server said no. `code` and `param` are those of its error envelope; `changes`, where what was asked expected an
 * older revision, is what has changed since.
 * `message` is for people: in their language where there is a sentence for the code, else as the server words it.
 */
export class ApiError extends Error {
  constructor(status, { code, message, param } = {}, changes) {
    super(s.common.problem(code) ?? message ?? s.common.answered(status));
    this.status = status;
    this.code = code;
    this.param = param;
    this.changes = changes;
  }
}

/** No answer came, or only half of one: what was asked may or may not have happened. */
export class NetworkError extends Error {
  constructor(cause) {
    super(s.common.unreachable, { cause });
  }
}

/**
 * Calls to the server under one signal: when it is aborted, nothing that was under way arrives any more.
 *
 * `onSignedOut` is told when a call was refused since nobody is signed in, and when that call was made; once what it
 * returns is settled, the call is made again. So a session that ran out delays what is under way, and loses nothing.
 * `onForbidden` is told when something was refused to whoever is signed in.
 */
export class Api {
  #signal;
  #onSignedOut;
  #onForbidden;

  constructor({ signal, onSignedOut, onForbidden } = {}) {
    this.#signal = signal;
    this.#onSignedOut = onSignedOut;
    this.#onForbidden = onForbidden;
  }

  get(path, signal) { return this.#json("GET", path, undefined, signal); }
  post(path, body) { return this.#json("POST", path, body); }
  patch(path, body) { return this.#json("PATCH", path, body); }
  delete(path, body) { return this.#json("DELETE", path, body); }

  /** Keeps something; with `keepalive` it is sent even where the page is closed meanwhile. */
  async put(path, body, { keepalive } = {}) {
    await this.open("PUT", path, { body, keepalive });
  }

  /** The open response to a request; throws ApiError or NetworkError unless it is a success. */
  async open(method, path, { body, headers, signal, keepalive } = {}) {
    const signals = [this.#signal, signal].filter(Boolean);
    const whole = signals.length ? AbortSignal.any(signals) : undefined;
    const asked = performance.now();
    let response;
    try {
      response = await fetch(`/api${path}`, {
        method,
        headers: body === undefined ? headers : { "Content-Type": "application/json", ...headers },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: whole,
        cache: "no-store",
        keepalive,
      });
    } catch (error) {
      throw error.name === "AbortError" ? error : new NetworkError(error);
    }
    if (response.ok) return response;
    const problem = await response.json().catch(() => ({}));
    // Whoever was asked for may have left while this answer came.
    whole?.throwIfAborted();
    if (response.status === 401 && this.#onSignedOut) {
      await unlessAborted(this.#onSignedOut(asked), whole);
      return this.open(method, path, { body, headers, signal });
    }
    if (response.status === 403) this.#onForbidden?.();
    throw new ApiError(response.status, problem.error, problem.changes);
  }

  async #json(method, path, body, signal) {
    const response = await this.open(method, path, { body, signal });
    try {
      return await response.json();
    } catch (error) {
      throw error.name === "AbortError" ? error : new NetworkError(error);
    }
  }
}

/** Waits for something until an abort, whose reason is thrown. */
function unlessAborted(work, signal) {
  return new Promise((resolve, reject) => {
    const left = () => reject(signal.reason);
    signal?.addEventListener("abort", left, { once: true });
    work.then(resolve, reject).finally(() => signal?.removeEventListener("abort", left));
  });
}
