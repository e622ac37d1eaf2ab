/**
 * The server said no. `code`, `message` and `param` are those of its error envelope; `changes`, where what was asked
 * expected an older revision, is what has changed since.
 */
export class ApiError extends Error {
  constructor(status, { code, message, param } = {}, changes) {
    super(message ?? `The server answered ${status}.`);
    this.status = status;
    this.code = code;
    this.param = param;
    this.changes = changes;
  }
}

/** No answer came, or only half of one: what was asked may or may not have happened. */
export class NetworkError extends Error {
  constructor(cause) {
    super("The server can’t be reached.", { cause });
  }
}

/** Calls to the server under one signal: when it is aborted, nothing that was under way arrives any more. */
export class Api {
  #signal;
  #onSignedOut;

  constructor({ signal, onSignedOut } = {}) {
    this.#signal = signal;
    this.#onSignedOut = onSignedOut;
  }

  get(path) { return this.#json("GET", path); }
  post(path, body) { return this.#json("POST", path, body); }
  patch(path, body) { return this.#json("PATCH", path, body); }
  delete(path) { return this.#json("DELETE", path); }

  /** The open response to a request; throws ApiError or NetworkError unless it is a success. */
  async open(method, path, { body, headers, signal } = {}) {
    const signals = [this.#signal, signal].filter(Boolean);
    let response;
    try {
      response = await fetch(`/api${path}`, {
        method,
        headers: body === undefined ? headers : { "Content-Type": "application/json", ...headers },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: signals.length ? AbortSignal.any(signals) : undefined,
        cache: "no-store",
      });
    } catch (error) {
      throw error.name === "AbortError" ? error : new NetworkError(error);
    }
    if (response.ok) return response;
    const problem = await response.json().catch(() => ({}));
    if (response.status === 401) this.#onSignedOut?.();
    throw new ApiError(response.status, problem.error, problem.changes);
  }

  async #json(method, path, body) {
    const response = await this.open(method, path, { body });
    try {
      return await response.json();
    } catch (error) {
      throw error.name === "AbortError" ? error : new NetworkError(error);
    }
  }
}
