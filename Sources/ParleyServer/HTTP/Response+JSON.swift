import HTTPTypes
import Hummingbird
import NIOCore
import ParleyCore

extension Response {
    /// An answer whose body `write` writes as JSON.
    static func json(
        _ status: HTTPResponse.Status = .ok,
        capacity: Int = 512,
        _ write: (inout JSONWriter) -> Void
    ) -> Response {
        var writer = JSONWriter(capacity: capacity)
        write(&writer)
        return .json(status, body: ByteBuffer(bytes: writer.bytes))
    }

    /// An answer whose body is JSON already.
    static func json(_ status: HTTPResponse.Status = .ok, body: ByteBuffer) -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json; charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: body)
        )
    }

    /// The status of a create: 200 where it repeated an earlier one.
    static func created<Value>(_ commit: Commit<Value>, _ write: (inout JSONWriter) -> Void) -> Response {
        json(commit.isReplay ? .ok : .created, write)
    }

    /// `{"success":true}`.
    static var success: Response {
        json { $0.object { $0.member("success", true) } }
    }
}
