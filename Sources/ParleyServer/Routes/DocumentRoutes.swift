import HTTPTypes
import Hummingbird
import NIOCore
import ParleyCore
import ParleyWeb

/// The web app's files, and `GET /openapi.yaml`.
struct DocumentRoutes {
    /// Where the files are, if they are not those in the binary.
    let assets: AssetFolder?

    func add(to router: Router<ServerContext>) {
        // Every address of the app is the same page; which conversation it shows is read from the address there.
        for path: RouterPath in ["/", "/c/:id", "/help", "/operator", "/rescue"] {
            router.get(path) { request, _ in try await serve("index.html", to: request) }
        }
        router.get("assets/:name") { request, context in
            try await serve(context.parameters.get("name") ?? "", to: request)
        }
        router.get("openapi.yaml") { _, _ in
            Response(
                status: .ok,
                headers: [.contentType: "application/yaml"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: PackageResources.openapi_yaml))
            )
        }
    }

    /// A file of the web app; browsers keep it, and ask each time whether it is the present one.
    @Sendable private func serve(_ name: String, to request: Request) async throws -> Response {
        let asset = if let assets { try await assets.asset(name) } else { WebAsset.named(name) }
        guard let asset else { throw ParleyError.notFound }
        var headers: HTTPFields = [.cacheControl: "no-cache", .eTag: asset.entityTag]
        if request.alreadyHas(asset) { return Response(status: .notModified, headers: headers) }
        headers[.contentType] = asset.contentType
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: asset.bytes)))
    }
}

extension Request {
    /// Whether one of the tags in `If-None-Match` is the file's, compared weakly as RFC 9110 (section 13.1.2) says: a proxy
    /// that compresses makes tags weak.
    fileprivate func alreadyHas(_ asset: WebAsset) -> Bool {
        headers[.ifNoneMatch]?.split(separator: ",").contains { entry in
            let tag = entry.drop { $0 == " " }.prefix { $0 != " " }
            return tag == "*" || (tag.hasPrefix("W/") ? tag.dropFirst(2) : tag) == asset.entityTag
        } ?? false
    }
}
