import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// An answer of Parley's for each workload: what the bare routes return.
struct Samples: Sendable {
    let reads: ByteBuffer
    let hot: ByteBuffer
    let appends: ByteBuffer

    /// Asks once for each.
    static func fetch(_ requests: RequestTexts, from port: Int) async throws -> Samples {
        Samples(
            reads: try await fetch(requests.sampleRead(50, from: port)),
            hot: try await fetch(requests.sampleRead(15, from: port)),
            appends: try await fetch(requests.sampleAppend(from: port))
        )
    }

    private static func fetch(_ request: HTTPClientRequest) async throws -> ByteBuffer {
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
        guard 200..<300 ~= response.status.code else { throw LoadError.status(Int(response.status.code)) }
        return try await response.body.collect(upTo: 1024 * 1024)
    }
}

extension RequestTexts {
    /// The first person's read.
    fileprivate func sampleRead(_ limit: Int, from port: Int) -> HTTPClientRequest {
        sample("\(people[0].history)/messages?limit=\(limit)", from: port)
    }

    /// The first person's first append.
    fileprivate func sampleAppend(from port: Int) -> HTTPClientRequest {
        var request = sample("\(people[0].log)/messages", from: port)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(ByteBuffer(string: appendBody(of: 0, 0)))
        return request
    }

    private func sample(_ path: String, from port: Int) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/api/conversations/\(path)")
        request.headers.add(name: "Authorization", value: "Bearer \(people[0].token)")
        return request
    }
}
