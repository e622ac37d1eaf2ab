/** The words of the help page and of the list of shortcuts in English; the other languages have the same keys. */
export default {
  title: "Help",
  shortcuts: {
    list: "Show these shortcuts",
    search: "Search",
    create: "New conversation",
    previous: "Previous conversation",
    next: "Next conversation",
    compose: "To the message field",
    copy: "Copy the last answer",
    sidebar: "Show or hide the conversations (narrow windows)",
    send: "Send the message",
    line: "New line in the message",
    escape: "Close what is open",
  },
  keys: {
    Mod: "Ctrl", Shift: "Shift", Alt: "Alt", Enter: "Enter", Escape: "Esc", ArrowUp: "↑", ArrowDown: "↓",
  },
  or: "or",
  /** Each with its heading, and its paragraphs. */
  sections: [
    ["What Parley does", [
      "Parley keeps your conversations with AI assistants, on a server of your own. A message is stored before its "
        + "answer begins, and an answer goes on at the server even when you close the page.",
      "All of your tabs and devices show the same at once. In a project, others write with you; each message says "
        + "whose it is.",
    ]],
    ["Searching", [
      "The field above your conversations searches titles and messages, as far as you may see them. It finds words "
        + "by how they begin, whatever their case and accents. Choose a message to go to its place.",
      "The browser’s own search only sees the part of a long conversation that is on the screen.",
    ]],
    ["When the connection is lost", [
      "A line below the conversation says so. You can go on reading and writing: a message that couldn’t leave waits "
        + "in this page, marked as not sent. Leave the page open until it has been sent.",
      "The connection comes back by itself, and with it everything that has happened meanwhile.",
    ]],
    ["When your session ends", [
      "Parley asks for your password over the covered page. Sign in, and you go on where you were, with what you had "
        + "typed.",
    ]],
    ["What this browser keeps", [
      "No messages, no titles, no names: only the theme, the language and whether single keys are shortcuts, as you "
        + "have chosen them here, and a cookie that says who is signed in.",
      "When you sign out, everything of yours goes from the page and from all of its tabs at once. The addresses of "
        + "conversations stay in the browser’s history; without signing in they show nothing.",
    ]],
  ],
  singleKeys: "Shortcuts of a single key",
  singleKeysHint: "Turn them off if you speak to your computer, or press keys by accident.",
};
