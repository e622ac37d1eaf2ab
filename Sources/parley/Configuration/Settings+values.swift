import Foundation
import Logging
import ParleyAuth
import ParleyChat
import ParleyCore
import ParleyServer
import RedisWire

extension Settings {
    /// Checks the values of all keys; every problem is found before one is reported.
    init(values: [String: String]) throws(InvalidSettings) {
        self.init()
        var reader = SettingsReader(values: values)
        reader.text("http.host") { host = $0 }
        reader.integer("http.port") { port = $0 }
        reader.list("http.origins") { origins, problems in
            for origin in origins where !OriginPolicy.isOrigin(origin) {
                problems.append("\(origin) is not an origin: write scheme://host or scheme://host:port.")
            }
            self.origins = origins
        }
        reader.list("http.proxies") { networks, problems in
            for network in networks where !proxies.add(network) {
                problems.append("\(network) is no address and no network: write 10.1.2.3 or 10.1.0.0/16.")
            }
        }
        reader.text("store") { text, problems in
            if let place = StorePlace(text) {
                store = place
                if let flaw = place.flaw { problems.append(flaw) }
            } else {
                problems.append(
                    "must be sqlite: and the path of a file, or a URL that begins with postgres:// or redis://."
                )
            }
        }
        reader.text("mirror") { text, problems in
            if let place = StorePlace(text) {
                mirror = place
                if let flaw = place.flaw { problems.append("is no URL that libpq takes: \(flaw).") }
                if place == store { problems.append("must be another store than the setting store.") }
            } else {
                problems.append("must be a store, as the setting store.")
            }
        }
        reader.text("redis") { text, problems in
            do throws(RedisError) { redis = try RedisURL(text) } catch { problems.append(error.message) }
        }
        if redis != nil, case .sqlite = store {
            reader.report("redis", "can't be used with a store in a file, which only one instance can have open.")
        }
        reader.integer("cache.ttl") { cacheLifetime = .seconds($0) }
        reader.integer("cache.limit") { cacheLimit = $0 }
        reader.choice("signup") { signup = $0 == "open" ? .open : .closed }
        reader.list("operators") { addresses, problems in
            for address in addresses {
                if let address = EmailAddress(address) {
                    operators.insert(address)
                } else {
                    problems.append("\(address) is no e-mail address.")
                }
            }
        }
        reader.text("jwt.secret") { text, problems in
            if let secret = Self.secret(text, kid: nil, &problems) { secrets.append(secret) }
        }
        reader.list("jwt.secrets") { entries, problems in
            for entry in entries {
                let halves = entry.split(maxSplits: 1) { $0 == "=" || $0 == ":" }
                guard halves.count == 2 else {
                    problems.append("each entry must be kid=secret.")
                    continue
                }
                if let secret = Self.secret(String(halves[1]), kid: String(halves[0]), &problems) {
                    secrets.append(secret)
                }
            }
            let kids = secrets.compactMap(\.kid)
            if Set(kids).count != kids.count { problems.append("a kid stands twice.") }
        }
        if values["jwt.secret"] != nil, values["jwt.secrets"] != nil {
            reader.report("jwt.secret", "can't be set beside jwt.secrets: which of them signs would be a guess.")
        }
        reader.text("jwt.jwks") { text, problems in
            keySet = Self.keySet(in: text)
            if keySet == nil { problems.append("must be the path of a file or an https URL.") }
        }
        reader.text("jwt.issuer") { issuer = $0 }
        reader.text("jwt.audience") { audience = $0 }
        reader.choice("jwt.identity") { identityClaim = $0 == "sub" ? .sub : .email }
        reader.text("model.url") { text, problems in
            let url = URL(string: text)
            guard let scheme = url?.scheme, scheme == "http" || scheme == "https", url?.host?.isEmpty == false else {
                problems.append("must be an http or https URL, such as http://127.0.0.1:11434/v1.")
                return
            }
            modelURL = text
        }
        reader.text("model.api_key") { modelAPIKey = $0 }
        reader.text("model.name") { modelName = $0 }
        reader.list("model.names") { names, problems in
            if Set(names).count != names.count { problems.append("a model stands twice.") }
            modelNames = names
        }
        reader.choice("model.extensions") { usesModelExtensions = $0 == "on" }
        reader.list("model.filters") { entries, problems in
            modelFilters = entries.compactMap { Self.filter($0, &problems) }
            if Set(modelFilters.map(\.name)).count != modelFilters.count { problems.append("a filter stands twice.") }
        }
        if !modelFilters.isEmpty, !usesModelExtensions {
            reader.report("model.filters", "needs model.extensions=on: else no filter is sent.")
        }
        reader.integer("model.first_token_timeout") { firstTokenTimeout = .seconds($0) }
        reader.integer("model.timeout") { modelTimeout = .seconds($0) }
        reader.choice("model.titles") { improvesTitles = $0 == "on" }
        reader.text("personas") { path, problems in
            var files = PersonaFiles.builtIn()
            files.add(directory: path)
            problems += files.problems
            personas = Personas(files.personas)
        }
        reader.choice("http.ws_deflate") { compressesSockets = $0 == "on" }
        reader.text("http.assets") { path, problems in
            var isDirectory: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue else {
                problems.append("must be the path of a folder.")
                return
            }
            assets = path
        }
        reader.choice("limits.rates") { keepsRates = $0 == "on" }
        reader.choice("log.level") { logLevel = Logger.Level(rawValue: $0) ?? .info }
        reader.choice("log.format") { logsJSON = $0 == "json" }
        reader.integer("log.slow_request") { slowRequest = .milliseconds($0) }
        reader.integer("log.slow_statement") { slowStatement = .milliseconds($0) }
        reader.choice("metrics") { metrics = $0 == "on" }
        guard reader.problems.isEmpty else { throw InvalidSettings(problems: reader.problems) }
    }

    private static func keySet(in text: String) -> KeySetPlace? {
        guard text.contains("://") else { return text.isEmpty ? nil : .file(text) }
        // Over plain http anyone on the way could put their own keys in.
        guard let url = URL(string: text), url.scheme == "https", url.host?.isEmpty == false else { return nil }
        return .url(text)
    }

    private static func filter(_ entry: String, _ problems: inout [String]) -> FilterChoice? {
        let halves = entry.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
        let values = halves.count == 2 ? halves[1].split(separator: "|").map(String.init) : []
        guard let name = halves.first, !name.isEmpty, !values.isEmpty, Set(values).count == values.count else {
            problems.append("\(entry) is no filter: write name=value|value, with no value twice.")
            return nil
        }
        return FilterChoice(name: name, values: values)
    }

    private static func secret(_ text: String, kid: String?, _ problems: inout [String]) -> HMACSecret? {
        let secret = HMACSecret(kid: kid, bytes: Array(text.utf8))
        do {
            try secret.check()
            return secret
        } catch {
            problems.append(error.message)
            return nil
        }
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

    /// Hands the text out with a list to put complaints in.
    mutating func text(_ key: String, _ use: (String, inout [String]) -> Void) {
        guard let value = values[key] else { return }
        var reasons: [String] = []
        use(value, &reasons)
        for reason in reasons { report(key, reason) }
    }

    mutating func list(_ key: String, _ use: ([String], inout [String]) -> Void) {
        text(key) { text, reasons in
            let entries = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
            use(entries.filter { !$0.isEmpty }, &reasons)
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
