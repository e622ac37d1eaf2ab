/** The codes with which the server closes a socket for good; after all others one connects again. */
const signedOut = 4501;
const expired = 4502;
const firstFinal = 4500;

/** What a close code asks for: `reconnect`, or why there is nothing to go back to: `signedOut`, `expired`, `refused`. */
export function afterClose(code) {
  if (code === signedOut) return "signedOut";
  if (code === expired) return "expired";
  return code >= firstFinal ? "refused" : "reconnect";
}

const longestPause = 15_000;

/**
 * How many milliseconds to wait before the next attempt, after so many that failed.
 *
 * `random` (0 to 1) spreads them: when a server restarts, all tabs of all people lose it in the same moment.
 */
export function pauseBefore(attempt, random = Math.random()) {
  const most = Math.min(longestPause, 500 * 2 ** attempt);
  return attempt === 0 ? most * random : most * (0.5 + random / 2);
}

/** Does something until there is an answer, or a refusal that further attempts won't change, which is thrown. */
export async function insist(work, signal) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (error.name === "AbortError" || (error.status < 500 && error.status !== 429)) throw error;
      await pause(pauseBefore(attempt), signal);
    }
  }
}

/** A wait that an abort ends, with the signal's reason. */
export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const left = () => { clearTimeout(timer); reject(signal.reason); };
    const timer = setTimeout(() => { signal.removeEventListener("abort", left); resolve(); }, milliseconds);
    signal.addEventListener("abort", left, { once: true });
  });
}

/** The index of the next piece that a reply lacks: none, once it is finished. */
export const nextIndex = ({ status, next_index }) => (status === "streaming" ? next_index ?? 0 : Infinity);
