import HTTPTypes
import Hummingbird
import NIOCore
import ParleyCore

/// `GET /metrics`.
struct MetricsRoutes {
    let page: MetricsPage

    func add(to router: Router<ServerContext>) {
        router.get("metrics") { request, _ in
            guard page.readers == .everyone || !request.wasPassedOn else { throw ParleyError.notFound }
            return Response(
                status: .ok,
                headers: [.contentType: page.contentType, .cacheControl: "no-store"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: page.text()))
            )
        }
    }
}

extension Request {
    /// What proxies add to a request, so as to say that they passed it on.
    private static let marks = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "Via"]
        .compactMap { HTTPField.Name($0) }

    /// Whether a proxy says that it passed this request on.
    ///
    /// A client may say so as well, and gains nothing.
    fileprivate var wasPassedOn: Bool { Self.marks.contains { headers.contains($0) } }
}
