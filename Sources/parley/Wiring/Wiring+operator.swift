import Foundation
import ParleyChat
import ParleyLive
import ParleyServer
import ServiceLifecycle

extension Wiring {
    /// What the operators see; none where the settings name none: then nothing is sampled.
    func desk(_ store: OpenedStore, _ hub: LiveHub, _ replies: ReplyRegistry) -> OperatorDesk? {
        guard !settings.operators.isEmpty else { return nil }
        let watch = InstanceWatch(
            // Which of several instances on which machine; a name that no two of them have at the same time.
            instance: "\(ProcessInfo.processInfo.hostName)/\(ProcessInfo.processInfo.processIdentifier)",
            version: ParleyVersion.text,
            sources: InstanceWatch.Sources(
                metrics: watching.reader,
                live: { hub.census },
                runningReplies: { replies.runningReplies },
                slowStatements: watching.slowStatements,
                slowStatement: settings.slowStatement
            ),
            clock: clock
        )
        return OperatorDesk(people: settings.operators, usage: store.usage, watch: watch, clock: clock)
    }
}

/// Looks how the instance is doing for as long as the server runs.
struct InstanceWatching: Service {
    let watch: InstanceWatch

    func run() async {
        await cancelWhenGracefulShutdown { await watch.run() }
    }
}
