/// `docs/configuration.md`, made from the keys; a test compares.
enum SettingsDocument {
    static var markdown: String {
        var lines = [
            "# Configuration",
            "",
            "<!-- Made by `parley config doc`; change Sources/parley/Configuration/SettingKey.swift instead. -->",
            "",
            "Every setting is an option, an environment variable, or a key of a YAML or JSON file named by `--config` or",
            "`PARLEY_CONFIG`. The first of the three that sets it counts. Keys nobody knows are errors, and every problem is",
            "reported before a socket opens: `parley config check` does just that, `parley config print` shows what holds.",
            "",
            "Secrets, and URLs that may hold one, can come from a file: `jwt.secret.file`, `PARLEY_JWT_SECRET_FILE`. They are better not given as options,",
            "which every user of the machine can read.",
            "",
            "| key | option | environment | value | default |",
            "| --- | --- | --- | --- | --- |",
        ]
        for key in SettingKey.all {
            let cells = [
                code(key.name), code(key.option), code(key.variable), value(key), key.defaultText.map(code) ?? "",
            ]
            lines.append("| " + cells.joined(separator: " | ") + " |")
        }
        for key in SettingKey.all {
            lines += ["", "## `\(key.name)`", "", key.help]
        }
        lines += [
            "", "## A file", "", "```yaml", "http:", "  host: 127.0.0.1", "  port: 8080",
            "store: sqlite:/var/lib/parley/parley.db",
            "model:", "  url: http://127.0.0.1:11434/v1", "  name: llama3.2", "```", "",
        ]
        return lines.joined(separator: "\n")
    }

    private static func code(_ text: String) -> String { "`\(text)`" }

    private static func value(_ key: SettingKey) -> String {
        let kind =
            switch key.kind {
            case .text: "text"
            case .integer(let range): "\(range.lowerBound) to \(range.upperBound)"
            case .choice(let choices): choices.map(code).joined(separator: ", ")
            case .list: "a list, with commas"
            }
        return switch key.secrecy {
        case .none: kind
        case .password: kind + ", may hold a password"
        case .whole: kind + ", secret"
        }
    }
}
