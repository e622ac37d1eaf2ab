import Configuration
import Foundation
import Yams

/// Where settings come from: options, then the environment, then a file.
struct SettingsSource {
    /// Values given as options, by key.
    var options: [String: String] = [:]
    /// The environment.
    var environment: [String: String] = [:]
    /// The path of a YAML or JSON file.
    var file: String?

    /// Reads every known key as text, and finds keys that nobody knows.
    func read() async -> (values: [String: String], problems: [SettingProblem]) {
        let (fileValues, fileProblems) = readFile()
        let reader = ConfigReader(providers: [
            Self.provider("options", options),
            EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "parley"),
            Self.provider("file", fileValues),
        ])
        var values: [String: String] = [:]
        var problems = fileProblems + unknownVariables()
        for key in SettingKey.all {
            // An empty value counts as none, so that a unit file can blank what its environment sets.
            if let value = reader.string(forKey: ConfigKey(key.name), isSecret: key.mayBeInFile), !value.isEmpty {
                values[key.name] = value
            } else if key.mayBeInFile, let path = reader.string(forKey: ConfigKey(key.name + ".file")), !path.isEmpty {
                do {
                    values[key.name] = try String(contentsOfFile: path, encoding: .utf8)
                        .trimmingCharacters(in: .newlines)
                } catch {
                    problems.append(SettingProblem(key: key.name + ".file", reason: "can't read \(path)."))
                }
            }
        }
        return (values, problems)
    }

    private static func provider(_ name: String, _ values: [String: String]) -> InMemoryProvider {
        InMemoryProvider(
            name: name,
            values: Dictionary(
                uniqueKeysWithValues: values.map { key, value in
                    (
                        AbsoluteConfigKey(key.split(separator: ".").map(String.init), context: [:]),
                        ConfigValue(.string(value), isSecret: false)
                    )
                }
            )
        )
    }

    /// `PARLEY_` variables that no key answers to; `PARLEY_CONFIG` names the file.
    private func unknownVariables() -> [SettingProblem] {
        let known = Set(
            SettingKey.all.map(\.variable) + SettingKey.all.filter(\.mayBeInFile).map { $0.variable + "_FILE" }
                + ["PARLEY_CONFIG"]
        )
        return environment.keys.filter { $0.hasPrefix("PARLEY_") && !known.contains($0) }.sorted()
            .map { name in
                // A letter of the wrong size is the least of mistakes.
                let upper = name.uppercased()
                let nearest = known.sorted().min { EditDistance.between($0, upper) < EditDistance.between($1, upper) }
                return SettingProblem(key: name, reason: "is not known; did you mean \(nearest ?? "")?")
            }
    }

    private func readFile() -> (values: [String: String], problems: [SettingProblem]) {
        guard let file else { return ([:], []) }
        let text: String
        do { text = try String(contentsOfFile: file, encoding: .utf8) } catch {
            return ([:], [SettingProblem(key: "config", reason: "can't read \(file).")])
        }
        var values: [String: String] = [:]
        var problems: [SettingProblem] = []
        do {
            // JSON is YAML, so one parser reads both.
            if let root = try Yams.compose(yaml: text) { Self.flatten(root, path: [], into: &values, &problems) }
        } catch {
            // The parser draws the place on lines of its own; each problem is told on one.
            let words = "\(error)".split(whereSeparator: \.isWhitespace).joined(separator: " ")
            problems.append(SettingProblem(key: "config", reason: "\(file) is not YAML or JSON: \(words)"))
        }
        for name in values.keys.sorted() where !SettingKey.knownNames.contains(name) {
            let nearest = SettingKey.nearest(to: name)
            problems.append(SettingProblem(key: name, reason: "is not known; did you mean \(nearest)?"))
            values[name] = nil
        }
        return (values, problems)
    }

    private static func flatten(
        _ node: Node,
        path: [String],
        into values: inout [String: String],
        _ problems: inout [SettingProblem]
    ) {
        let name = path.joined(separator: ".")
        switch node {
        case .mapping(let mapping) where SettingKey.isList(name):
            // Pairs, such as secrets by key id, read better as a map.
            values[name] = mapping.map { "\($0.key.string ?? "")=\($0.value.string ?? "")" }.joined(separator: ",")
        case .mapping(let mapping):
            for (key, value) in mapping { flatten(value, path: path + [key.string ?? ""], into: &values, &problems) }
        case .sequence(let sequence):
            values[name] = sequence.compactMap(\.string).joined(separator: ",")
        case .scalar(let scalar):
            guard !name.isEmpty else {
                problems.append(SettingProblem(key: "config", reason: "the file must hold keys and values."))
                return
            }
            values[name] = scalar.string == "null" || scalar.string == "~" ? "" : scalar.string
        case .alias:
            problems.append(SettingProblem(key: name, reason: "aliases can't be used here."))
        }
    }
}
