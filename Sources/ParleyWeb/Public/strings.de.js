/** What an error's code says; where the server's sentence says more, as of what is wrong in a field, it stays. */
const problems = {
  unauthenticated: "E-Mail-Adresse oder Passwort stimmt nicht.",
  not_found: "Das gibt es hier nicht.",
  reply_in_progress: "Eine Antwort wird gerade geschrieben.",
  payload_too_large: "Das ist zu groß.",
  rate_limited: "Das war zu oft in kurzer Zeit; warte ein wenig.",
  upstream_error: "Der Server des Modells hat versagt.",
  unavailable: "Der Server ist gerade nicht bereit.",
  internal_error: "Auf dem Server ist etwas schiefgegangen.",
};

/** The interface's words in German; see strings.en.js. */
export default {
  common: {
    answerComplete: "Die Antwort ist vollständig.",
    answerStopped: "Die Antwort wurde beendet.",
    copied: "Die letzte Antwort ist kopiert.",
    nothingToCopy: "Es gibt noch keine Antwort zum Kopieren.",
    cancel: "Abbrechen",
    close: "Schließen",
    tryAgain: "Nochmal versuchen",
    loading: "Lädt …",
    failed: "Das hat nicht geklappt.",
    unreachable: "Der Server ist nicht zu erreichen.",
    answered: (status) => `Der Server hat mit ${status} geantwortet.`,
    problem: (code) => problems[code],
  },

  session: {
    notices: {
      elsewhere: "Du hast dich in einem anderen Tab abgemeldet.",
      signedOut: "Du wurdest abgemeldet.",
      erased: "Dein Konto wurde gelöscht.",
    },
    missing: "Diese Unterhaltung gibt es nicht",
    missingWhy: "Sie wurde gelöscht, oder sie gehört jemand anderem.",
    startNew: "Neue beginnen",
    notLoaded: "Das ließ sich nicht laden",
    ended: "Deine Sitzung ist zu Ende",
    unreachable: "Parley ist nicht zu erreichen",
    signedOutHere: "Nur auf dieser Seite abgemeldet",
    stillSignedIn: "Auf dieser Seite ist nichts mehr von dir. Aber solange der Server nicht weiß, dass du dich "
      + "abgemeldet hast, ist in Parley als du angemeldet, wer es in diesem Browser öffnet. Er erfährt es von selbst, "
      + "sobald du wieder online bist.",
    tellServer: "Jetzt mitteilen",
  },

  sidebar: {
    sidebar: "Seitenleiste",
    conversations: "Unterhaltungen",
    newConversation: "Neue Unterhaltung",
    nothingYet: "Hier erscheinen deine Unterhaltungen.",
    nothingArchived: "Das Archiv ist leer.",
    noMessages: "Noch keine Nachrichten",
    pinned: "Angeheftet",
    unread: "Ungelesen",
    today: "Heute",
    yesterday: "Gestern",
    thisWeek: "Diese Woche",
    now: "jetzt",
    minutes: (count) => `${count} Min.`,
    hours: (count) => `${count} Std.`,
    title: "Titel",
    rename: "Umbenennen",
    renameOf: (title) => `„${title}“ umbenennen`,
    more: "Mehr",
    moreOf: (title) => `Mehr zu „${title}“`,
    gone: "Die Unterhaltung, die du offen hattest, wurde gelöscht, oder du darfst sie nicht mehr sehen.",
  },

  search: {
    label: "Unterhaltungen und Nachrichten durchsuchen",
    placeholder: "Suchen",
  },

  projects: {
    more: "Projekte und Archiv",
    failed: "Das Öffnen hat nicht geklappt.",
    readOnly: "In diesem Projekt kannst du nur lesen.",
  },

  conversation: {
    label: "Unterhaltung",
    typing: (users) => {
      if (users.length > 2) return `${users.length} Leute schreiben …`;
      return users.length === 2 ? `${users[0]} und ${users[1]} schreiben …` : `${users[0]} schreibt …`;
    },
    log: "Nachrichten",
    toEnd: "Zur neuesten Nachricht",
    untitled: "Neue Unterhaltung",
    rename: "Diese Unterhaltung umbenennen",
    renameShort: "Umbenennen",
    delete: "Diese Unterhaltung löschen",
    deleteShort: "Löschen",
    more: "Mehr zu dieser Unterhaltung",
    moreShort: "Mehr",
    members: (count) => ` · ${count} Mitglieder`,
    forkedFrom: "Abgezweigt von",
    forkedLink: "einer früheren Unterhaltung",
    ask: "Worüber möchtest du sprechen?",
    openers: ["Erklär mir etwas", "Hilf mir, eine Nachricht zu schreiben", "Denk eine Entscheidung mit mir durch"],
  },

  message: {
    roles: { user: "Du", assistant: "Assistent", system: "System", tool: "Werkzeug" },
    label: (author, time) => `${author}, ${time}`,
    edited: (time) => `${time}, bearbeitet`,
    failed: (reason) => `Die Antwort ist gescheitert. ${reason}`,
    interrupted: "Die Antwort wurde unterbrochen: Der Server hielt an, bevor sie vollständig war.",
    deleted: "Diese Nachricht wurde gelöscht.",
    stopped: "Angehalten.",
    unanswered: "Darauf kam keine Antwort.",
    actions: "Aktionen zur Nachricht",
    reactions: "Reaktionen",
    reaction: (emoji, count) => `${emoji}, ${count}`,
  },

  markdown: {
    copy: "Kopieren",
    copied: "Kopiert",
    notCopied: "Nicht kopiert",
    image: "Bild:",
  },

  composer: {
    label: "Nachricht",
    placeholder: "Schreib eine Nachricht",
    send: "Senden",
    stop: "Antwort anhalten",
    enter: "Enter",
    enterSends: " sendet, ",
    shiftEnter: "Umschalt + Enter",
    shiftEnterBreaks: " beginnt eine neue Zeile",
    tooLong: (bytes) => `Das ist um ${bytes.toLocaleString("de")} Bytes zu lang für eine Nachricht. Kürze oder teile es.`,
    readOnly: "Du darfst hier lesen, aber nicht schreiben.",
    notStopped: "Sie konnte nicht angehalten werden.",
    choose: "Modell und Filter",
    model: "Modell",
    usual: (name) => `${name} (üblich)`,
    usualUnknown: "Das übliche",
    any: "Alle",
  },

  unsent: {
    label: "Deine Nachricht, noch nicht gesendet",
    you: "Du",
    sending: "Wird gesendet …",
    answer: "Geht hinaus, sobald die Antwort fertig ist.",
    connection: "Noch nicht gesendet. Sie geht hinaus, sobald die Verbindung wieder da ist.",
    refused: (problem) => `Nicht gesendet: ${problem}`,
    retry: "Noch einmal versuchen",
    edit: "bearbeiten",
    discard: "verwerfen",
  },

  connection: {
    lost: "Verbindung verloren. Wird wiederhergestellt …",
    offline: "Du bist offline. Neues kommt, wenn du zurück bist.",
    answerGoesOn: "Die Verbindung ging verloren; die Antwort entsteht auf dem Server weiter.",
    tryNow: "Jetzt versuchen",
    stillLost: "Noch keine Verbindung.",
    back: "Wieder verbunden.",
    state: { open: "Verbunden", mending: "Verbindet neu …", lost: "Nicht verbunden", offline: "Offline" },
  },

  preferences: {
    account: "Konto",
    conversations: "Unterhaltungen",
    skip: "Zum Inhalt springen",
  },

  time: {
    evening: "Guten Abend",
    morning: "Guten Morgen",
    afternoon: "Guten Tag",
  },
};
