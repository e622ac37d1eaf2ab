import Foundation
import ParleyAuth
import ParleyChat
import ParleyCore
import Yams

/// Reads personas from files, one each, named after the persona.
///
/// A file holds `system`, `model` and `answer` (`text` or `explained`), all optional. JSON is YAML, so one reader does.
struct PersonaFiles {
    private static let extensions: Set<String> = ["yaml", "yml", "json"]
    private static let maximumBytes = 256 * 1024

    /// The personas found so far.
    private(set) var personas: [Persona] = []
    /// What is wrong with files, a sentence each.
    private(set) var problems: [String] = []

    /// The personas that come with the program.
    static func builtIn() -> PersonaFiles {
        var files = PersonaFiles()
        files.add("ai_pm", PackageResources.ai_pm_yaml, from: "the built-in ai_pm.yaml")
        return files
    }

    /// Adds those of a directory; one with the name of a built-in takes its place.
    mutating func add(directory: String) {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch {
            problems.append("can't read the directory \(directory).")
            return
        }
        var seen: Set<String> = []
        for file in names.sorted() {
            let url = URL(fileURLWithPath: directory).appending(path: file)
            // Backups and notes lie beside: what is no persona by its name is none.
            guard Self.extensions.contains(url.pathExtension), !file.hasPrefix(".") else { continue }
            let name = url.deletingPathExtension().lastPathComponent
            guard seen.insert(name).inserted else {
                problems.append("\(file): there are two files of the persona \(name).")
                continue
            }
            do {
                _ = try Rules.persona(name)
            } catch {
                problems.append("\(file): \(error.message)")
                continue
            }
            do throws(SmallFile.Flaw) {
                let content = try SmallFile(path: url.path, maximumBytes: Self.maximumBytes).bytes
                guard content.count <= Self.maximumBytes else {
                    throw SmallFile.Flaw(reason: "is larger than \(Self.maximumBytes) bytes")
                }
                add(name, content, from: file)
            } catch {
                problems.append("\(file) \(error.reason).")
            }
        }
    }

    private mutating func add(_ name: String, _ content: [UInt8], from file: String) {
        guard let text = String(validating: content, as: UTF8.self) else {
            problems.append("\(file) is not UTF-8.")
            return
        }
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            problems.append("\(file) is not YAML or JSON.")
            return
        }
        guard case .mapping(let mapping)? = root else {
            problems.append("\(file) must hold keys and values.")
            return
        }
        var values: [String: String] = [:]
        for (key, value) in mapping {
            guard let key = key.string, ["system", "model", "answer"].contains(key) else {
                problems.append("\(file): \(key.string ?? "a key") is not known; there are system, model and answer.")
                continue
            }
            if value == Node("null") || value == Node("~") || value == Node("") { continue }
            guard let text = value.string else {
                problems.append("\(file): \(key) must be a text.")
                continue
            }
            values[key] = text
        }
        let answer = values["answer"].map(Persona.Answer.init(rawValue:)) ?? .text
        guard let answer else {
            let choices = Persona.Answer.allCases.map(\.rawValue).joined(separator: " or ")
            problems.append("\(file): answer must be \(choices).")
            return
        }
        if let system = values["system"], system.utf8.count > Limits.messageContentBytes {
            problems.append("\(file): system is longer than \(Limits.messageContentBytes) bytes.")
            return
        }
        do {
            let model = try values["model"].map { text throws(ParleyError) in try Rules.model(text) }
            personas.append(Persona(name: name, systemPrompt: values["system"], model: model, answer: answer))
        } catch {
            problems.append("\(file): \(error.message)")
        }
    }
}
