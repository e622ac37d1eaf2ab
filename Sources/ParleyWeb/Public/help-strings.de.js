/** The words of the help page and of the list of shortcuts in German; see help-strings.en.js. */
export default {
  title: "Hilfe",
  shortcuts: {
    list: "Diese Kürzel zeigen",
    search: "Suchen",
    create: "Neue Unterhaltung",
    previous: "Vorige Unterhaltung",
    next: "Nächste Unterhaltung",
    compose: "Zum Nachrichtenfeld",
    copy: "Letzte Antwort kopieren",
    sidebar: "Unterhaltungen ein- und ausblenden (schmale Fenster)",
    send: "Nachricht senden",
    line: "Neue Zeile in der Nachricht",
    escape: "Schließen, was offen ist",
  },
  keys: {
    Mod: "Strg", Shift: "Umschalt", Alt: "Alt", Enter: "Enter", Escape: "Esc", ArrowUp: "↑", ArrowDown: "↓",
  },
  or: "oder",
  sections: [
    ["Was Parley tut", [
      "Parley bewahrt deine Unterhaltungen mit KI-Assistenten auf, auf eurem eigenen Server. Eine Nachricht ist "
        + "gespeichert, bevor die Antwort beginnt, und eine Antwort entsteht auf dem Server weiter, auch wenn du die "
        + "Seite schließt.",
      "Alle deine Tabs und Geräte zeigen sofort dasselbe. In einem Projekt schreiben andere mit; an jeder Nachricht "
        + "steht, von wem sie ist.",
    ]],
    ["Suchen", [
      "Das Feld über deinen Unterhaltungen durchsucht Titel und Nachrichten, soweit du sie sehen darfst. Es findet "
        + "Wörter an ihrem Anfang, gleich wie sie geschrieben sind: groß, klein, mit Akzent oder ohne. Wähle eine "
        + "Nachricht, um an ihre Stelle zu springen.",
      "Die Suche des Browsers sieht von einer langen Unterhaltung nur, was gerade auf dem Bildschirm steht.",
    ]],
    ["Wenn die Verbindung weg ist", [
      "Eine Zeile unter der Unterhaltung sagt es dir. Du kannst weiter lesen und schreiben: Eine Nachricht, die "
        + "nicht hinauskam, wartet auf dieser Seite und ist als nicht gesendet markiert. Lass die Seite offen, bis "
        + "sie gesendet ist.",
      "Die Verbindung kommt von selbst zurück, und mit ihr alles, was inzwischen geschehen ist.",
    ]],
    ["Wenn deine Sitzung endet", [
      "Parley fragt über der verdeckten Seite nach deinem Passwort. Melde dich an, und es geht weiter, wo du warst, "
        + "mit allem, was du geschrieben hattest.",
    ]],
    ["Was dieser Browser behält", [
      "Keine Nachrichten, keine Titel, keine Namen: nur das Aussehen, die Sprache und ob einzelne Tasten Kürzel "
        + "sind, wie du es hier gewählt hast, und ein Cookie, das sagt, wer angemeldet ist.",
      "Meldest du dich ab, verschwindet alles von dir sofort von der Seite und aus allen ihren Tabs. Die Adressen "
        + "von Unterhaltungen bleiben im Verlauf des Browsers; ohne Anmeldung zeigen sie nichts.",
    ]],
  ],
  singleKeys: "Kürzel aus einer einzigen Taste",
  singleKeysHint: "Schalte sie aus, wenn du mit deinem Rechner sprichst oder Tasten aus Versehen drückst.",
};
