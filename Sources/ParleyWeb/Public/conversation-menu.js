import "./later-icons.js";
import { openMenu } from "./menu.js";
import { s } from "./later-strings.js";

/**
 * What can be done with a conversation, as a menu at a button. `actions` are `onrename`, `onpin`, `onarchive`, `onmove`
 * (to a project's id) and `ondelete`.
 */
export function openConversationMenu(item, anchor, { projects, ...actions }) {
  const targets = projects.targets(item.project_id);
  const isActive = item.status === "active";
  return openMenu(anchor, s.sidebar.moreOf(item.title), [
    { icon: "pencil", text: s.sidebar.rename, run: actions.onrename },
    isActive && { icon: "pin", text: item.pinned ? s.sidebar.unpin : s.sidebar.pin, run: actions.onpin },
    { icon: "archive", text: isActive ? s.sidebar.archive : s.sidebar.unarchive, run: actions.onarchive },
    targets.length > 0 && {
      icon: "folder",
      text: s.projects.move,
      items: () => targets.map(({ id, name, personal }) => ({
        icon: "folder", text: personal ? s.projects.personal : name, run: () => actions.onmove(id),
      })),
    },
    "-",
    { icon: "trash", text: s.sidebar.delete, isDanger: true, run: actions.ondelete },
  ]);
}
