/**
 * The interface's words in English. Each part of the app has a section; what depends on values is a function.
 * The other languages have the same keys; a test compares them.
 */
export default {
  common: {
    answerComplete: "The answer is complete.",
    answerStopped: "The answer has stopped.",
    copied: "The last answer is copied.",
    nothingToCopy: "There is no answer to copy yet.",
    cancel: "Cancel",
    close: "Close",
    tryAgain: "Try again",
    loading: "Loading…",
    failed: "That didn’t work.",
    unreachable: "The server can’t be reached.",
    answered: (status) => `The server answered ${status}.`,
    /** What an error's code says, where that is better than what the server says: its sentences are English. */
    problem: (_code) => undefined,
  },

  session: {
    notices: {
      elsewhere: "You signed out in another tab.",
      signedOut: "You have been signed out.",
      erased: "Your account was deleted.",
    },
    missing: "There is no such conversation",
    missingWhy: "It was deleted, or it belongs to someone else.",
    startNew: "Start a new one",
    notLoaded: "This couldn’t be loaded",
    ended: "Your session has ended",
    unreachable: "Parley can’t be reached",
    signedOutHere: "Signed out on this page only",
    stillSignedIn: "Nothing of yours is left on this page, but until the server knows that you have signed out, "
      + "whoever opens Parley in this browser is still signed in as you. It is told by itself as soon as you are "
      + "online.",
    tellServer: "Tell it now",
  },

  sidebar: {
    sidebar: "Sidebar",
    conversations: "Conversations",
    newConversation: "New conversation",
    nothingYet: "Your conversations will appear here.",
    nothingArchived: "Nothing is archived.",
    noMessages: "No messages yet",
    pinned: "Pinned",
    unread: "Unread",
    today: "Today",
    yesterday: "Yesterday",
    thisWeek: "This week",
    now: "now",
    minutes: (count) => `${count} min`,
    hours: (count) => `${count} h`,
    title: "Title",
    rename: "Rename",
    renameOf: (title) => `Rename “${title}”`,
    more: "More",
    moreOf: (title) => `More for “${title}”`,
    gone: "The conversation you had open was deleted, or isn’t yours to see any more.",
  },

  search: {
    label: "Search conversations and messages",
    placeholder: "Search",
  },

  projects: {
    more: "Projects and archive",
    failed: "It couldn’t be opened.",
    readOnly: "In this project you can only read.",
  },

  conversation: {
    label: "Conversation",
    typing: (users) => {
      if (users.length > 2) return `${users.length} people are typing…`;
      return users.length === 2 ? `${users[0]} and ${users[1]} are typing…` : `${users[0]} is typing…`;
    },
    log: "Messages",
    toEnd: "To the newest message",
    untitled: "New conversation",
    rename: "Rename this conversation",
    renameShort: "Rename",
    delete: "Delete this conversation",
    deleteShort: "Delete",
    more: "More for this conversation",
    moreShort: "More",
    members: (count) => ` · ${count} members`,
    forkedFrom: "Forked from",
    forkedLink: "an earlier conversation",
    ask: "What would you like to talk about?",
    openers: ["Explain something to me", "Help me write a message", "Think through a decision with me"],
  },

  message: {
    roles: { user: "You", assistant: "Assistant", system: "System", tool: "Tool" },
    label: (author, time) => `${author}, ${time}`,
    edited: (time) => `${time}, edited`,
    failed: (reason) => `The answer failed. ${reason}`,
    interrupted: "The answer was interrupted: the server stopped before it was complete.",
    deleted: "This message was deleted.",
    stopped: "Stopped.",
    unanswered: "No answer came to this.",
    actions: "Message actions",
    reactions: "Reactions",
    reaction: (emoji, count) => `${emoji}, ${count}`,
  },

  markdown: {
    copy: "Copy",
    copied: "Copied",
    notCopied: "Couldn’t copy",
    image: "Image:",
  },

  composer: {
    label: "Message",
    placeholder: "Write a message",
    send: "Send",
    stop: "Stop the answer",
    enter: "Enter",
    enterSends: " sends, ",
    shiftEnter: "Shift + Enter",
    shiftEnterBreaks: " starts a new line",
    tooLong: (bytes) => `This is too long for a message, by ${bytes.toLocaleString("en")} bytes. Shorten or split it.`,
    readOnly: "You may read here, but not write.",
    notStopped: "It couldn’t be stopped.",
    choose: "Model and filters",
    model: "Model",
    usual: (name) => `${name} (usual)`,
    usualUnknown: "The usual one",
    any: "Any",
  },

  unsent: {
    label: "Your message, not sent yet",
    you: "You",
    sending: "Sending…",
    answer: "Goes out when the answer is done.",
    connection: "Not sent yet. It goes out when the connection is back.",
    refused: (problem) => `Not sent: ${problem}`,
    retry: "Try again",
    edit: "edit",
    discard: "discard",
  },

  connection: {
    lost: "Connection lost. Reconnecting…",
    offline: "You are offline. News comes when you are back.",
    answerGoesOn: "The connection was lost; the answer goes on at the server.",
    tryNow: "Try now",
    stillLost: "Still not connected.",
    back: "Connected again.",
    state: { open: "Connected", mending: "Reconnecting…", lost: "Not connected", offline: "Offline" },
  },

  preferences: {
    account: "Account",
    conversations: "Conversations",
    skip: "Skip to the content",
  },

  time: {
    evening: "Good evening",
    morning: "Good morning",
    afternoon: "Good afternoon",
  },
};
