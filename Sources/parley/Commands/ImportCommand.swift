import ArgumentParser
import Foundation
import Logging
import ParleyCore
import ParleyTransfer

/// The command `parley import`.
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Bring someone's conversations in from a file, or take an import back.",
        discussion: """
            The same file again adds nothing, and one that has grown adds what is more. It works while servers run; tabs \
            that are open show what came when they are loaded again. Files may be of any size: one conversation at a time \
            is held in memory.
            """
    )

    @Option(help: "What the file is: \(ImportFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
    var format: String?

    @Option(name: .customLong("as"), help: "The e-mail address of the person whose conversations they become.")
    var person: String

    @Option(help: "Take an import back, by the batch that it was told by.")
    var undo: String?

    @Flag(help: "Print the account of every record as JSON.")
    var json = false

    @Argument(help: "The file, or the archive; - for standard input.")
    var file: String?

    @OptionGroup var options: SettingOptions

    func validate() throws {
        guard EmailAddress(person) != nil else { throw ValidationError("'\(person)' is not an e-mail address.") }
        if let undo {
            guard ImportBatchID(undo) != nil else { throw ValidationError("'\(undo)' is not the id of a batch.") }
            guard file == nil, format == nil else { throw ValidationError("--undo takes no file and no format.") }
            return
        }
        guard let format, ImportFormat(rawValue: format) != nil else {
            let names = ImportFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--format must be one of: \(names).")
        }
        guard file != nil else { throw ValidationError("Which file?") }
    }

    func run() async throws {
        try await CommandFailure.reporting {
            let wiring = Wiring(settings: try await options.settings(), logger: Logger(label: "parley"))
            guard let email = EmailAddress(person) else { throw ParleyError.invalid("as", "not an address") }
            let identity = Identity(email: email)
            if let batch = undo.flatMap({ ImportBatchID($0) }) {
                let account = try await wiring.openStoreBesideServer().use { store in
                    try await ImportUndo(store.conversations, batches: store.batches)(batch, as: identity)
                }
                print(json ? account.json(batch) : account.table)
                return
            }
            guard let format = format.flatMap(ImportFormat.init(rawValue:)), let file else { return }
            let source = try ImportSource(file: file)
            let batch: ImportBatchID = wiring.ids.make()
            let account = try await wiring.openStoreBesideServer().use { store in
                try await ImportJob(format, into: store.conversations, batch: batch)(source, as: identity)
            }
            print(json ? account.json(batch, format) : account.table(batch))
        }
    }
}

extension ImportSource {
    /// A file, or standard input.
    fileprivate init(file path: String) throws {
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw ParleyError(.invalidRequest, "\(path) can't be read: \(String(cString: strerror(errno))).")
        }
        var status = stat()
        let isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        // The descriptor is open as long as the command runs.
        self.init(size: isFile ? Int(status.st_size) : nil) { offset, count in
            var bytes = [UInt8](repeating: 0, count: count)
            while true {
                let length = bytes.withUnsafeMutableBytes { buffer in
                    isFile
                        ? pread(descriptor, buffer.baseAddress, count, off_t(offset))
                        : read(descriptor, buffer.baseAddress, count)
                }
                guard length < 0 else {
                    bytes.removeLast(count - length)
                    return bytes
                }
                guard errno == EINTR else {
                    throw ParleyError(.invalidRequest, "\(path) can't be read: \(String(cString: strerror(errno))).")
                }
            }
        }
    }
}
