import Foundation
import ParleyChat
import Testing

@testable import parley

@Suite("Persona files")
struct PersonaFilesTests {
    /// Reads a directory that holds these files.
    private func read(_ files: [String: String]) throws -> PersonaFiles {
        let directory = FileManager.default.temporaryDirectory.appending(path: "parley-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: directory) }
        for (name, text) in files { try Data(text.utf8).write(to: directory.appending(path: name)) }
        var personas = PersonaFiles.builtIn()
        personas.add(directory: directory.path)
        return personas
    }

    @Test("ai_pm comes with the program, and explains")
    func builtIn() throws {
        let files = PersonaFiles.builtIn()
        #expect(files.problems == [])
        let persona = try #require(Personas(files.personas)["ai_pm"])
        #expect(persona.answer == .explained && persona.model == nil)
        #expect(persona.systemPrompt?.contains("technical_instruction") == true)
        #expect(try Settings(values: [:]).personas["ai_pm"] == persona)
    }

    @Test("An operator adds personas, in YAML or JSON, and may replace the built-in one")
    func added() throws {
        let files = try read([
            "pirate.yaml": "system: |\n  Speak like a pirate.\nmodel: parrot-1\n",
            "plain.json": #"{"answer": "text"}"#, "ai_pm.yml": "system: Ours.\nanswer: explained\n",
            "none.yaml": "system: ~\nmodel: null\nanswer:\n", "word.yaml": "system: \"null\"\n",
            "notes.txt": "not a persona", ".pirate.yaml.swp": "neither",
        ])
        #expect(files.problems == [])
        let personas = Personas(files.personas)
        let pirate = Persona(name: "pirate", systemPrompt: "Speak like a pirate.\n", model: "parrot-1", answer: .text)
        #expect(personas["pirate"] == pirate)
        #expect(personas["plain"] == Persona(name: "plain", systemPrompt: nil))
        #expect(personas["ai_pm"]?.systemPrompt == "Ours.")
        #expect(personas["none"] == Persona(name: "none", systemPrompt: nil))
        #expect(personas["word"]?.systemPrompt == "null")
        #expect(personas["notes"] == nil)
    }

    @Test(
        "What is wrong with a file is told with its name",
        arguments: [
            ("a.yaml", "system: [1", "a.yaml is not YAML or JSON"), ("a.yaml", "- one", "must hold keys and values"),
            ("a.yaml", "sytem: x", "sytem is not known"), ("a.yaml", "system: {a: b}", "system must be a text"),
            ("a.yaml", "answer: json", "answer must be text or explained"),
            ("a b.yaml", "system: x", "persona must be"),
            ("a.yaml", "model: \"\"", "model"), ("a.yaml", "", "must hold keys and values"),
            ("a.yaml", "system: " + String(repeating: "x", count: 65_537), "longer than 65536 bytes"),
            ("a.yaml", "system: " + String(repeating: "x", count: 300_000), "larger than 262144 bytes"),
        ]
    )
    func problems(name: String, text: String, words: String) throws {
        let problem = try #require(try read([name: text]).problems.first)
        #expect(problem.contains(words) && problem.contains(name))
    }

    @Test("What is no file, or no text, is refused and hangs nothing")
    func noText() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "parley-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: directory) }
        #expect(mkfifo(directory.appending(path: "pipe.yaml").path, 0o600) == 0)
        try Data([0x73, 0x3A, 0xFF]).write(to: directory.appending(path: "bytes.yaml"))
        var files = PersonaFiles.builtIn()
        files.add(directory: directory.path)
        #expect(files.problems == ["bytes.yaml is not UTF-8.", "pipe.yaml is not a regular file."])
    }

    @Test("Two files of one persona, and a directory that is not there, are problems of the setting")
    func settings() throws {
        #expect(
            try read(["a.yaml": "system: x", "a.json": "{}"]).problems == [
                "a.yaml: there are two files of the persona a."
            ]
        )
        let error = #expect(throws: InvalidSettings.self) { try Settings(values: ["personas": "/absent"]) }
        #expect(error?.problems.map(\.key) == ["personas"])
    }
}
