import { legacyKeys } from "./legacy-keys.js";

const prefix = "chat_messages_";
const people = ["user", "human"];
const speakers = [...people, "assistant", "ai", "ai_pm", "bot", "system", "tool"];
const onScreen = ["chat-messages", "chat-contexts", "currentChatSession"];

/**
 * What an older web app left in this browser, as groups that belong together: one for each session, and one for what
 * was on its screen, which belongs to the current session where it names one. The newest group comes first. A group is
 * `{ id, keys, title, messages, from, to, isUnreadable }`; `messages` are `{ isPerson, content }`, and `from` and `to`
 * times, or null.
 */
export function readLegacy() {
  const values = Object.fromEntries(legacyKeys().map((key) => [key, localStorage.getItem(key)]));
  const session = parsed(values.currentChatSession);
  const current = session?.id === undefined || session.id === "" ? null : `${session.id}`;
  const groups = new Map();
  const group = (id) => {
    if (!groups.has(id)) groups.set(id, { id, keys: [], title: "", messages: [], times: [], isUnreadable: false });
    return groups.get(id);
  };
  for (const [key, value] of Object.entries(values)) {
    const isScreen = onScreen.includes(key);
    const one = group(isScreen ? current ?? "" : key.slice(prefix.length));
    one.keys.push(key);
    if (key === "currentChatSession") describe(one, session);
    else if (key !== "chat-contexts") add(one, parsed(value), isScreen);
  }
  return [...groups.values()].map(({ times, ...one }) => {
    const sorted = times.sort();
    return { ...one, from: sorted[0] ?? null, to: sorted.at(-1) ?? null };
  }).sort((one, other) => (other.to ?? "").localeCompare(one.to ?? ""));
}

/** The values of these keys, as they are now. */
export function valuesOf(keys) {
  const present = keys.map((key) => [key, localStorage.getItem(key)]);
  return Object.fromEntries(present.filter(([, value]) => value !== null));
}

/** Removes keys; with `values`, only those that still hold what stands there. Nothing else is touched. */
export function removeLegacy(keys, values = null) {
  const known = new Set(legacyKeys());
  for (const key of keys) {
    if (known.has(key) && (!values || localStorage.getItem(key) === values[key])) localStorage.removeItem(key);
  }
}

function describe(group, session) {
  if (typeof session?.title === "string") group.title = session.title;
  if (session === undefined) group.isUnreadable = true;
  for (const time of [session?.createdAt, session?.updatedAt]) note(group, time);
}

/** What was on the screen is mostly what the session holds, too: it counts where that holds nothing. */
function add(group, list, isScreen) {
  if (!Array.isArray(list)) {
    group.isUnreadable ||= list !== null;
    return;
  }
  const isMessage = (one) => typeof one?.content === "string" && one.content && speakers.includes(one.role ?? one.type);
  const messages = list.filter(isMessage);
  if (messages.length < list.length) group.isUnreadable = true;
  for (const { createdAt } of messages) note(group, createdAt);
  const shown = messages.map(({ role, type, content }) => ({ isPerson: people.includes(role ?? type), content }));
  if (!isScreen || shown.length > group.messages.length) group.messages = shown;
}

function note(group, time) {
  const date = new Date(time ?? NaN);
  if (!Number.isNaN(date.getTime())) group.times.push(date.toISOString());
}

/** A value, however often it was made a text of; undefined where it is broken, null where there is none. */
function parsed(text) {
  let value = text ?? null;
  try {
    for (let depth = 0; typeof value === "string" && depth < 4; depth += 1) value = JSON.parse(value);
    return typeof value === "string" ? undefined : value;
  } catch {
    return undefined;
  }
}
