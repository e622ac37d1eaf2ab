import Foundation
import Logging
import ParleyAuth

extension Settings {
    /// Checks the values of all keys; every problem is found before one is reported.
    init(values: [String: String]) throws(InvalidSettings) {
        self.init()
        var reader = SettingsReader(values: values)
        reader.text("http.host") { host = $0 }
        reader.integer("http.port") { port = $0 }
        reader.list("http.origins") { origins, problem in
            for origin in origins where !OriginPolicy.isOrigin(origin) {
                problem("\(origin) is not an origin: write scheme://host or scheme://host:port.")
            }
            self.origins = origins
        }
        reader.text("store") { text, problem in
            guard let path = Self.databasePath(in: text) else {
                return problem("must be sqlite: and the path of a file; other stores are not built yet.")
            }
            databasePath = path
        }
        reader.choice("signup") { signup = $0 == "open" ? .open : .closed }
        reader.text("jwt.secret") { text, problem in
            guard let secret = Self.secret(text, kid: nil, problem) else { return }
            secrets.append(secret)
        }
        reader.list("jwt.secrets") { entries, problem in
            for entry in entries {
                let halves = entry.split(separator: "=", maxSplits: 1)
                guard halves.count == 2 else { problem("each entry must be kid=secret."); continue }
                if let secret = Self.secret(String(halves[1]), kid: String(halves[0]), problem) {
                    secrets.append(secret)
                }
            }
            let kids = secrets.compactMap(\.kid)
            if Set(kids).count != kids.count { problem("a kid stands twice.") }
        }
        if values["jwt.secret"] != nil, values["jwt.secrets"] != nil {
            reader.report("jwt.secret", "can't be set beside jwt.secrets: which of them signs would be a guess.")
        }
        reader.text("jwt.issuer") { issuer = $0 }
        reader.text("jwt.audience") { audience = $0 }
        reader.choice("jwt.identity") { identityClaim = $0 == "sub" ? .sub : .email }
        reader.text("model.url") { text, problem in
            let url = URL(string: text)
            guard let scheme = url?.scheme, scheme == "http" || scheme == "https", url?.host?.isEmpty == false else {
                return problem("must be an http or https URL, such as http://127.0.0.1:11434/v1.")
            }
            modelURL = text
        }
        reader.text("model.api_key") { modelAPIKey = $0 }
        reader.text("model.name") { modelName = $0 }
        reader.choice("limits.rates") { keepsRates = $0 == "on" }
        reader.choice("log.level") { logLevel = Logger.Level(rawValue: $0) ?? .info }
        reader.choice("log.format") { logsJSON = $0 == "json" }
        guard reader.problems.isEmpty else { throw InvalidSettings(problems: reader.problems) }
    }

    private static func databasePath(in text: String) -> String? {
        let scheme = "sqlite:"
        guard text.hasPrefix(scheme), text.count > scheme.count else { return nil }
        return String(text.dropFirst(scheme.count))
    }

    private static func secret(_ text: String, kid: String?, _ problem: (String) -> Void) -> HMACSecret? {
        let secret = HMACSecret(kid: kid, bytes: Array(text.utf8))
        guard secret.bytes.count >= HMACSecret.minimumBytes else {
            let name = kid.map { "the secret of \($0)" } ?? "it"
            problem("\(name) is shorter than \(HMACSecret.minimumBytes) bytes.")
            return nil
        }
        return secret
    }
}

/// Hands each key's value out as what it must be, and gathers what is wrong.
private struct SettingsReader {
    let values: [String: String]
    private(set) var problems: [SettingProblem] = []

    init(values: [String: String]) {
        self.values = values
    }

    mutating func report(_ key: String, _ reason: String) {
        problems.append(SettingProblem(key: key, reason: reason))
    }

    mutating func text(_ key: String, _ use: (String) -> Void) {
        if let value = values[key] { use(value) }
    }

    mutating func text(_ key: String, _ use: (String, (String) -> Void) -> Void) {
        guard let value = values[key] else { return }
        var reasons: [String] = []
        use(value) { reasons.append($0) }
        for reason in reasons { report(key, reason) }
    }

    mutating func list(_ key: String, _ use: ([String], (String) -> Void) -> Void) {
        text(key) { text, problem in
            let entries = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
            use(entries.filter { !$0.isEmpty }, problem)
        }
    }

    mutating func integer(_ key: String, _ use: (Int) -> Void) {
        guard let value = values[key], case .integer(let range) = kind(of: key) else { return }
        guard let number = Int(value), range ~= number else {
            return report(key, "must be an integer from \(range.lowerBound) to \(range.upperBound), not \(value).")
        }
        use(number)
    }

    mutating func choice(_ key: String, _ use: (String) -> Void) {
        guard let value = values[key], case .choice(let choices) = kind(of: key) else { return }
        guard choices.contains(value) else {
            return report(key, "must be one of \(choices.joined(separator: ", ")), not \(value).")
        }
        use(value)
    }

    private func kind(of key: String) -> SettingKey.Kind? {
        SettingKey.all.first { $0.name == key }?.kind
    }
}
