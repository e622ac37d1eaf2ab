import ParleyCore
import ParleyMetrics
import ParleyStore

extension Wiring {
    /// The mirror that the settings name, if any, opened when it can be.
    var lateMirror: LateMirror? {
        guard let place = settings.mirror else { return nil }
        var wiring = self
        // What is counted of a store is counted of the truth.
        wiring.watching = .nothing
        return LateMirror(logger: logger) { [wiring] in try await wiring.open(place, isCopy: true) }
    }

    /// What keeps a second store like the truth.
    func makeMirror(of truth: OpenedStore, in copy: LateMirror) -> Mirror {
        let mirror = Mirror(
            of: truth.replica,
            in: copy,
            metrics: MirrorMetrics(factory: watching.factory),
            clock: clock,
            logger: logger,
            ready: { await copy.tried() }
        )
        watching.watch(mirror)
        return mirror
    }

    /// The truth, and a mirror's notes next to it.
    func noting(_ truth: some ConversationStore, _ mirror: Mirror?) -> any ConversationStore {
        if let mirror { MirrorStore(truth, noting: mirror) } else { truth }
    }

    /// The same of a truth that can say which version of a log is the present one.
    func notingVersioned(_ truth: some VersionedStore, _ mirror: Mirror?) -> any VersionedStore {
        if let mirror { MirrorStore(truth, noting: mirror) } else { truth }
    }

    /// The same of accounts.
    func noting(_ truth: any AccountStore, _ mirror: Mirror?) -> any AccountStore {
        if let mirror { MirrorAccountStore(truth, noting: mirror) } else { truth }
    }

    /// The same of what remembers imports.
    func noting(_ truth: any ImportBatchStore, _ mirror: Mirror?) -> any ImportBatchStore {
        if let mirror { MirrorImportBatchStore(truth, noting: mirror) } else { truth }
    }

    /// The same of the query log.
    func noting(_ truth: any QueryLog, _ mirror: Mirror?) -> any QueryLog {
        if let mirror { MirrorQueryLog(truth, noting: mirror) } else { truth }
    }
}
