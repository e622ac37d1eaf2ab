import ArgumentParser

/// What all scenarios take.
struct CommonOptions: ParsableArguments {
    @Option(help: "The server, as http://127.0.0.1:8080.")
    var url: Endpoint

    @Option(help: "What the server is: \(Dialect.allCases.map(\.rawValue).joined(separator: ", ")).")
    var target = Dialect.parley

    @Option(help: "The secret that Parley believes, to make tokens with.")
    var secret: String?

    @Option(help: "A file with an address and a token on each line, in place of --secret.")
    var tokens: String?

    @Option(help: "The server's process, or several: their processor time and memory are told too.")
    var pid: [Int32] = []

    /// Those in whose names so many sockets are opened.
    func people(of sockets: Int) async throws -> People {
        try await people((sockets + People.socketsEach - 1) / People.socketsEach)
    }

    func people(_ count: Int) async throws -> People {
        try await People(count, file: tokens, secret: secret)
    }
}
