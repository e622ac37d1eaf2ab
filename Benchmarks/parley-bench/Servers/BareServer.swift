import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle

/// What no server on Hummingbird can beat: routes that answer with bytes made beforehand and do nothing else.
struct BareServer {
    let samples: Samples

    func service(onRunning: @escaping @Sendable (Int) async -> Void) -> some Service {
        let router = Router()
        router.get("reads") { [body = samples.reads] _, _ in
            Response(status: .ok, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: body))
        }
        router.get("hot") { [body = samples.hot] _, _ in
            Response(status: .ok, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: body))
        }
        router.post("appends") { [body = samples.appends] request, _ in
            _ = try await request.body.collect(upTo: 65_536)
            return Response(
                status: .created,
                headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: body)
            )
        }
        return Application(
            router: router,
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { await onRunning($0.localAddress?.port ?? 0) },
            logger: Logger(label: "bare") { _ in SwiftLogNoOpLogHandler() }
        )
    }
}
