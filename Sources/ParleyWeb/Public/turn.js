import { ApiError, NetworkError } from "./api.js";
import { nextIndex, pause } from "./live-rules.js";
import { readEvents } from "./sse.js";

const pauses = [250, 500, 1000, 2000, 4000, 8000, 8000, 8000];

/**
 * The events of one turn until it is done, through lost connections.
 *
 * Starts with `post` (the body of POST /chat), or joins a `reply` under way: {id, next}, `next` being the index of the
 * first delta that is not known yet. Deltas come out once and in order. While the connection is being mended, one
 * `reconnecting` comes out. Before the reply is known nothing can be resumed: the error is thrown, and the caller may
 * post the same id again.
 */
export async function* turnEvents(api, { post, reply }, signal) {
  let failures = 0;
  for (;;) {
    try {
      const response = reply ? await rejoin(api, reply, signal) : await start(api, post, signal);
      for await (const event of readEvents(response.body)) {
        if (event.type === "done") return;
        if (event.type === "error") throw new ApiError(0, event.error);
        if (event.message?.role === "assistant") {
          reply = { id: event.message.id, next: nextIndex(event.message) };
        }
        if (event.type === "message_delta") {
          if (event.index < reply.next) continue;
          if (event.index > reply.next) break;
          reply.next += 1;
          failures = 0;
        }
        yield event;
      }
    } catch (error) {
      if (!reply || !isPassing(error)) throw error;
    }
    if (!reply || failures === pauses.length) throw new NetworkError();
    yield { type: "reconnecting" };
    await pause(pauses[failures++], signal);
  }
}

const start = (api, post, signal) => api.open("POST", "/chat", { body: { ...post, stream: true }, signal });

function rejoin(api, { id, next }, signal) {
  // From the first delta on there is nothing to come after; a finished reply is answered as a whole in any case.
  const headers = next > 0 && next < Infinity ? { "Last-Event-ID": `${id}:${next - 1}` } : {};
  return api.open("GET", `/chat/${id}/stream`, { headers, signal });
}

/** A broken connection and a busy or restarting server pass by themselves. An abort and a refusal don't. */
function isPassing(error) {
  if (error instanceof ApiError) return error.status === 429 || error.status >= 500;
  return error.name !== "AbortError";
}
