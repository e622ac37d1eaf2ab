import Foundation

/// The process's own standard streams.
///
/// What can't be written is dropped: a full disk under a log, or a reader that has left its pipe, must not end the server, as
/// Foundation's handles do.
enum StandardStream {
    case output
    case error

    private var descriptor: Int32 {
        switch self {
        case .output: STDOUT_FILENO
        case .error: STDERR_FILENO
        }
    }

    /// Writes bytes at once, without a buffer; in one call where the stream takes them all, so that lines of different threads
    /// don't mix.
    func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 {
                guard errno == EINTR else { return }
                continue
            }
            rest = rest.dropFirst(written)
        }
    }
}
