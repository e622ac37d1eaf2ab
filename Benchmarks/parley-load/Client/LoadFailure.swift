/// Why there are no figures.
enum LoadFailure: Error, CustomStringConvertible {
    /// The server's answer to a handshake is none.
    case refused(String)
    /// The server has closed a socket; with what it said last.
    case closed(String)
    /// The server said that something is wrong, or that something was missed.
    case complaint(String)
    /// What was awaited may have been missed, and the server has said so.
    case missed
    /// The server sent what this client does not understand.
    case unreadable(String)
    /// A request was not answered with a success.
    case status(Int, String)
    /// What was awaited did not come in time.
    case timedOut(String)

    var description: String {
        switch self {
        case .refused(let text): "A handshake was refused: \(text)"
        case .closed(let text): "A connection was closed: \(text)"
        case .complaint(let text): "The server says: \(text)"
        case .missed: "Something may have been missed."
        case .unreadable(let text): "This was not understood: \(text)"
        case .status(let status, let text): "A request was answered with \(status): \(text)"
        case .timedOut(let text): "In vain was awaited: \(text)"
        }
    }
}
