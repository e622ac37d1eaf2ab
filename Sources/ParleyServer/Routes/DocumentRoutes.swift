import HTTPTypes
import Hummingbird
import NIOCore
import ParleyCore
import ParleyWeb

/// The web app's files, and `GET /openapi.yaml`.
struct DocumentRoutes {
    func add(to router: Router<ServerContext>) {
        // Every address of the app is the same page; which conversation it shows is read from the address there.
        for path: RouterPath in ["/", "/c/:id"] {
            router.get(path) { request, _ in try serve(WebAsset.named("index.html"), to: request) }
        }
        router.get("assets/:name") { request, context in
            try serve(WebAsset.named(context.parameters.get("name") ?? ""), to: request)
        }
        router.get("openapi.yaml") { _, _ in
            Response(
                status: .ok,
                headers: [.contentType: "application/yaml"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: PackageResources.openapi_yaml))
            )
        }
    }

    /// A file of the binary; browsers keep it, and ask each time whether it is the one of this build.
    @Sendable private func serve(_ asset: WebAsset?, to request: Request) throws -> Response {
        guard let asset else { throw ParleyError.notFound }
        var headers: HTTPFields = [.cacheControl: "no-cache", .eTag: asset.entityTag]
        if request.headers[.ifNoneMatch] == asset.entityTag { return Response(status: .notModified, headers: headers) }
        headers[.contentType] = asset.contentType
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: asset.bytes)))
    }
}
