import Foundation
import NIOCore

/// One socket, of which one thing at a time is awaited.
final class Listening: SocketOwner {
    private let plan: SocketPlan
    private let eventLoop: any EventLoop
    private let isReady: EventLoopPromise<Void>
    private var socket: LoadSocket?
    private var awaited: (type: String, text: String, promise: EventLoopPromise<UInt64>)?
    private var failure: LoadFailure?
    /// How often it was told to look at everything afresh, as when an instance has lost its link to the others.
    private(set) var resyncs = 0

    init(_ plan: SocketPlan, on eventLoop: any EventLoop) {
        self.plan = plan
        self.eventLoop = eventLoop
        isReady = eventLoop.makePromise()
    }

    func open() -> EventLoopFuture<Void> {
        LoadSocket.open(0, plan, on: eventLoop, owner: self)
        return isReady.futureResult
    }

    /// When an event of a type with a text in it comes, from now on; in nanoseconds.
    func next(_ type: String, with text: String) -> EventLoopFuture<UInt64> {
        let promise = eventLoop.makePromise(of: UInt64.self)
        if let failure {
            promise.fail(failure)
        } else {
            awaited = (type, text, promise)
            eventLoop.assumeIsolated().scheduleTask(in: .seconds(10)) {
                promise.fail(LoadFailure.timedOut("\(type) with \(text)"))
            }
        }
        return promise.futureResult
    }

    func send(_ frame: ByteBuffer) { socket?.send(frame) }

    func ready(_ socket: LoadSocket) {
        self.socket = socket
        isReady.succeed()
    }

    func message(revision: Int?, _ payload: UnsafeRawBufferPointer, on socket: LoadSocket) {
        guard let awaited else { return }
        let text = String(decoding: payload, as: UTF8.self)
        guard text.hasPrefix("{\"type\":\"\(awaited.type)\""), text.contains(awaited.text) else { return }
        self.awaited = nil
        awaited.promise.succeed(socket.now)
    }

    func resync(_ text: String, on socket: LoadSocket) {
        resyncs += 1
        awaited?.promise.fail(LoadFailure.missed)
        awaited = nil
    }

    func ended(_ socket: LoadSocket, _ failure: LoadFailure) {
        self.failure = failure
        self.socket = nil
        isReady.fail(failure)
        awaited?.promise.fail(failure)
        awaited = nil
    }
}
