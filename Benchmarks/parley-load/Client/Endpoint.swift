import ArgumentParser

/// A server's address, as `http://127.0.0.1:8080`.
struct Endpoint: Hashable, Sendable, ExpressibleByArgument {
    let host: String
    let port: Int

    init?(argument: String) {
        guard argument.hasPrefix("http://") else { return nil }
        let parts = argument.dropFirst("http://".count).prefix { $0 != "/" }.split(separator: ":")
        guard let host = parts.first, parts.count <= 2, let port = parts.count == 2 ? Int(parts[1]) : 80 else {
            return nil
        }
        self.host = String(host)
        self.port = port
    }
}
