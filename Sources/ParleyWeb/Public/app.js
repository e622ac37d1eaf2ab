import { h, loadStyle } from "./dom.js";
import { clearNotices, notify } from "./notices.js";
import { applyTheme } from "./preferences.js";
import { problemView } from "./problem-view.js";
import { Session } from "./session.js";
import { s } from "./strings.js";
import { Unsent } from "./unsent.js";
import { Veil } from "./veil.js";
import { Workspace } from "./workspace.js";

const root = document.getElementById("app");
const session = new Session();
const veil = new Veil();
const t = s.session;
const leftovers = "body > :not(#app, #notices, #announcer, script, noscript)";
let workspace = null;
let unsent = null;
/** What the page shows is replaced only by what was asked for later, whichever is loaded first. */
let shown = 0;

session.addEventListener("change", () => {
  const { user, reason } = session;
  wipe();
  if (user) enter();
  else leave(reason);
});

session.addEventListener("suspend", () => {
  workspace?.suspend();
  veil.lower();
  askAgain();
});

session.addEventListener("resume", () => {
  veil.raise();
  workspace?.resume();
});

function show(...elements) {
  shown += 1;
  root.replaceChildren(...elements);
}

function showProblem(problem) {
  show(h("main", { class: "whole" }, problemView(problem)));
}

function enter() {
  unsent = new Unsent();
  workspace = new Workspace({ session, unsent, onsignout: signOut });
  show(workspace.element);
}

async function leave(reason) {
  show();
  const now = shown;
  try {
    const [{ SignInView }] = await Promise.all([import("./sign-in-view.js"), loadStyle("sign-in.css")]);
    if (now === shown) show(new SignInView(session, { notice: t.notices[reason] }).element);
  } catch {
    const problem = { title: t.unreachable, text: s.common.unreachable, action: s.common.tryAgain };
    if (now === shown) showProblem({ ...problem, onaction: () => leave(reason) });
  }
}

/** The session ran out in the middle of something: signing in again goes on with it, and anything else ends it. */
async function askAgain() {
  try {
    const [{ SessionDialog }] = await Promise.all([import("./session-dialog.js"), loadStyle("sign-in.css")]);
    if (!session.isSuspended) return;
    const dialog = new SessionDialog(session, { holdsUnsent: () => unsent.holdsAny, onleave: signOut });
    veil.show(dialog.element, () => dialog.escape());
    dialog.focus();
  } catch {
    const problem = { title: t.ended, text: s.common.unreachable, action: s.common.tryAgain, onaction: askAgain };
    if (session.isSuspended) veil.show(problemView(problem));
  }
}

/** Takes everything of the person who was here from the page and from memory, and from the address what they read. */
function wipe() {
  if (workspace) history.replaceState(null, "", "/");
  workspace?.close();
  workspace = unsent = null;
  veil.raise();
  // Menus and the like close when they lose the focus, and stand beside the app.
  document.activeElement?.blur();
  for (const one of document.querySelectorAll(leftovers)) one.remove();
  root.replaceChildren();
  clearNotices();
  forgetLastMatches();
}

/** A browser remembers the last text that a regular expression matched, and the last e-mail address that it examined. */
function forgetLastMatches() {
  / /.test(" ");
  h("input", { type: "email", value: "a@b" }).checkValidity();
}

async function signOut() {
  try {
    await session.signOut();
  } catch (error) {
    stillSignedIn(error);
  }
}

/** Nothing is left on the page, but the server couldn't be told. It is told as soon as it can be. */
function stillSignedIn(error) {
  const over = new AbortController();
  async function tell() {
    over.abort();
    try {
      await session.endAtServer();
      if (!session.user) leave("left");
    } catch (problem) {
      if (!session.user) stillSignedIn(problem);
    }
  }
  const text = `${error.message} ${t.stillSignedIn}`;
  showProblem({ title: t.signedOutHere, text, action: t.tellServer, onaction: tell });
  addEventListener("online", tell, { signal: over.signal });
  // Whoever signs in meanwhile isn't to be signed out by it.
  session.addEventListener("change", () => over.abort(), { signal: over.signal });
}

async function check() {
  try {
    await session.check();
    if (!session.isSuspended) veil.raise();
  } catch (error) {
    const problem = { title: t.unreachable, text: error.message, action: s.common.tryAgain, onaction: check };
    if (!session.user) return showProblem(problem);
    veil.lower();
    veil.show(problemView(problem));
  }
}

// The browser may keep the page as it was and show it again on the way back, when someone else is sitting here. So it
// is veiled before it is put away, and unveiled only when the server has said whose it is.
addEventListener("pagehide", () => document.documentElement.classList.add("is-veiled"));
addEventListener("pageshow", async ({ persisted }) => {
  if (persisted) await check();
  document.documentElement.classList.remove("is-veiled");
});

// A tab that was out of sight for long: the session may have ended meanwhile. Offline is no reason to show less.
document.addEventListener("visibilitychange", () => {
  if (session.user && !document.hidden && !session.isSuspended) session.check().catch(() => {});
});

// What is loaded when it is needed can't be had without a network, and is asked for again the next time.
addEventListener("unhandledrejection", (event) => {
  if (!/module/.test(event.reason?.message ?? "") || !(event.reason instanceof TypeError)) return;
  event.preventDefault();
  notify(s.common.unreachable);
});

applyTheme();
check();
