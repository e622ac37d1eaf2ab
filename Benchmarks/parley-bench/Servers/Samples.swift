import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// An answer of Parley's for each workload: what the bare routes return.
struct Samples: Sendable {
    let reads: ByteBuffer
    let appends: ByteBuffer

    /// Asks once for each.
    static func fetch(_ requests: RequestTexts, from port: Int) async throws -> Samples {
        Samples(
            reads: try await fetch(requests.sample(.reads, from: port)),
            appends: try await fetch(requests.sample(.appends, from: port))
        )
    }

    private static func fetch(_ request: HTTPClientRequest) async throws -> ByteBuffer {
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
        guard 200..<300 ~= response.status.code else { throw LoadError.status(Int(response.status.code)) }
        return try await response.body.collect(upTo: 1024 * 1024)
    }
}

extension RequestTexts {
    /// The first person's request.
    fileprivate func sample(_ workload: Workload, from port: Int) -> HTTPClientRequest {
        let person = people[0]
        let base = "http://127.0.0.1:\(port)/api/conversations/"
        var request: HTTPClientRequest
        switch workload {
        case .reads: request = HTTPClientRequest(url: base + "\(person.history)/messages?limit=50")
        case .appends:
            request = HTTPClientRequest(url: base + "\(person.log)/messages")
            request.method = .POST
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: appendBody(of: 0, 0)))
        }
        request.headers.add(name: "Authorization", value: "Bearer \(person.token)")
        return request
    }
}
