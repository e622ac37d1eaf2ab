import NIOCore
import ParleyCore
import RedisWire

extension RedisStore {
    /// The secret that all instances sign with: the one that is kept, or `proposal`, which is kept from now on.
    ///
    /// Of several instances that start at once, all get the same.
    public func signingSecret(orKeep proposal: [UInt8]) async throws -> [UInt8] {
        let key = RedisArgument.string(SideKeys.signingSecret)
        _ = try await send(["SET", key, .bytes(proposal), "NX"])
        guard let kept = try await send(["GET", key]).buffer else {
            throw ParleyError(.internalError, "The signing secret could not be kept.")
        }
        return Array(kept.readableBytesView)
    }
}
