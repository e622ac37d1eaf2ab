/// What both ends agreed on about permessage-deflate (RFC 7692, section 7.1).
///
/// Neither end keeps its window from one message to the next. That is asked for always: it makes one pair of zlib's streams
/// enough for all sockets of an event loop, where a pair for each would cost 300 KB of memory.
public struct DeflateAgreement: Sendable, Hashable {
    static let name = "permessage-deflate"
    private static let serverNoContext = "server_no_context_takeover"
    private static let clientNoContext = "client_no_context_takeover"
    private static let serverBits = "server_max_window_bits"
    private static let clientBits = "client_max_window_bits"

    /// The window of what this end compresses, as a power of two: 9 to 15.
    public let windowBits: Int
    /// What a server answers in `Sec-WebSocket-Extensions`.
    let answer: String

    /// What a client offers.
    static let offer = "\(name); \(serverNoContext); \(clientNoContext)"

    /// The first of a client's offers that a server can grant.
    static func granting(_ offers: [ExtensionHeader]) -> DeflateAgreement? {
        for offer in offers where offer.name == name {
            if let granted = granting(offer) { return granted }
        }
        return nil
    }

    private static func granting(_ offer: ExtensionHeader) -> DeflateAgreement? {
        guard Set(offer.parameters.map(\.name)).count == offer.parameters.count else { return nil }
        var windowBits: Int?
        for parameter in offer.parameters {
            switch parameter.name {
            case serverNoContext, clientNoContext:
                guard parameter.value == nil else { return nil }
            case serverBits:
                // zlib has no raw window of 8 bits: such an offer is declined.
                guard let bits = bits(parameter.value), bits >= 9 else { return nil }
                windowBits = bits
            case clientBits:
                // A hint, with or without a number; windows of every size are read.
                guard parameter.value == nil || bits(parameter.value) != nil else { return nil }
            default: return nil
            }
        }
        var answer = "\(name); \(serverNoContext); \(clientNoContext)"
        if let windowBits { answer += "; \(serverBits)=\(windowBits)" }
        return DeflateAgreement(windowBits: windowBits ?? 15, answer: answer)
    }

    /// What a client makes of a server's answer to ``offer``; nil when the answer is not one to it.
    static func accepting(_ answer: ExtensionHeader) -> DeflateAgreement? {
        guard answer.name == name, Set(answer.parameters.map(\.name)).count == answer.parameters.count else {
            return nil
        }
        var serverForgets = false
        for parameter in answer.parameters {
            switch parameter.name {
            case serverNoContext:
                guard parameter.value == nil else { return nil }
                serverForgets = true
            case clientNoContext:
                guard parameter.value == nil else { return nil }
            case serverBits:
                guard bits(parameter.value) != nil else { return nil }
            default: return nil
            }
        }
        return serverForgets ? DeflateAgreement(windowBits: 15, answer: "") : nil
    }

    /// 8 to 15 without leading zeros (RFC 7692, section 7.1.2.1).
    private static func bits(_ value: String?) -> Int? {
        guard let value, let bits = Int(value), (8...15).contains(bits), String(bits) == value else { return nil }
        return bits
    }
}
