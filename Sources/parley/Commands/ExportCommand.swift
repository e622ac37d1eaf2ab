import ArgumentParser
import Foundation
import Logging
import ParleyCore
import ParleyTransfer

/// The command `parley export`.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write what someone owns to a file or to standard output.",
        discussion: """
            Their personal project, and the projects they are an owner of. jsonl can be imported again, here or elsewhere; \
            markdown is for reading. It works while servers run.
            """
    )

    @Option(help: "What to write: \(ExportFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
    var format: String

    @Option(name: .customLong("as"), help: "The e-mail address of the person.")
    var person: String

    @Option(help: "Only the conversation with this id.")
    var conversation: String?

    @Argument(help: "The file, which must not be there yet; none, or - for standard output.")
    var file: String?

    @OptionGroup var options: SettingOptions

    func validate() throws {
        guard EmailAddress(person) != nil else { throw ValidationError("'\(person)' is not an e-mail address.") }
        guard ExportFormat(rawValue: format) != nil else {
            let names = ExportFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--format must be one of: \(names).")
        }
        if let conversation, ConversationID(conversation) == nil {
            throw ValidationError("'\(conversation)' is not the id of a conversation.")
        }
    }

    func run() async throws {
        try await CommandFailure.reporting {
            let wiring = Wiring(settings: try await options.settings(), logger: Logger(label: "parley"))
            guard let email = EmailAddress(person), let format = ExportFormat(rawValue: format) else { return }
            let conversation = conversation.flatMap { ConversationID($0) }
            let output = try OutputFile(file)
            do {
                try await wiring.openStoreBesideServer().use { store in
                    let export = ConversationExport(format, from: store.conversations)
                    try await export(of: conversation, as: Identity(email: email)) { try output.write($0) }
                }
                try output.close()
            } catch {
                // A part must not be taken for the whole.
                output.remove()
                throw error
            }
        }
    }
}

/// Where an export goes: unlike a log's, its bytes must all get there.
private struct OutputFile: Sendable {
    private let path: String?
    private let descriptor: Int32

    init(_ path: String?) throws {
        self.path = path == "-" ? nil : path
        guard let path = self.path else {
            descriptor = STDOUT_FILENO
            return
        }
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure }
    }

    func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 {
                guard errno == EINTR else { throw failure }
                continue
            }
            rest = rest.dropFirst(written)
        }
    }

    func close() throws {
        guard path != nil else { return }
        guard fsync(descriptor) == 0, Foundation.close(descriptor) == 0 else { throw failure }
    }

    func remove() {
        if let path { unlink(path) }
    }

    private var failure: ParleyError {
        let reason = String(cString: strerror(errno))
        return ParleyError(.invalidRequest, "\(path ?? "Standard output") can't be written: \(reason).")
    }
}
