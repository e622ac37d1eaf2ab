import { clearNotices, notify } from "./notices.js";
import { problemView } from "./problem-view.js";
import { Session } from "./session.js";
import { SignInView } from "./sign-in-view.js";
import { Unsent } from "./unsent.js";
import { Workspace } from "./workspace.js";

const root = document.getElementById("app");
const session = new Session();
const notices = {
  expired: "Your session has ended. Sign in again to go on where you were.",
  elsewhere: "You signed out in another tab.",
  signedOut: "You have been signed out.",
};
let workspace = null;
/** What was typed and not sent, and whose it is, so that they find it again when they sign in again. */
let kept = null;

session.addEventListener("change", () => {
  const { user, reason } = session;
  wipe();
  if (user) enter(user);
  else leave(reason);
});

function enter(user) {
  if (kept?.email === user.email) kept.unsent.suspend();
  else kept = { email: user.email, unsent: new Unsent() };
  workspace = new Workspace({ session, unsent: kept.unsent, onsignout: signOut });
  root.replaceChildren(workspace.element);
}

/** Whoever signs out means it: what they typed goes too, and so does the address of what they read. */
function leave(reason) {
  if (["left", "elsewhere", "signedOut"].includes(reason)) {
    kept = null;
    history.replaceState(null, "", "/");
  }
  root.replaceChildren(new SignInView(session, { notice: notices[reason] }).element);
}

/** Takes everything of the person who was here from the page and from memory, but what they typed and didn't send. */
function wipe() {
  workspace?.close();
  workspace = null;
  root.replaceChildren();
  clearNotices();
}

async function signOut() {
  try {
    await session.signOut();
  } catch (error) {
    notify(`You are not signed out yet: ${error.message} Close this browser, or reload the page and try again.`);
  }
}

async function check() {
  try {
    await session.check();
  } catch (error) {
    session.forget();
    wipe();
    const problem = { title: "Parley can’t be reached", text: error.message, action: "Try again", onaction: check };
    root.replaceChildren(problemView(problem));
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
  if (session.user && !document.hidden) session.check().catch(() => {});
});

check();
