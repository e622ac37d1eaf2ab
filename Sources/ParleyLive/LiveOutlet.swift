/// A connection to a client, seen from here: where its frames go.
///
/// What is delivered, sent and run in line by one outlet's group happens one after another, in the order of the calls.
/// Locks of the hub may be held while a group is called, so neither an outlet nor a group calls back from within: what a
/// session is told by ``LiveSession/ended()`` and ``LiveSession/receive(_:)`` is told outside.
public protocol LiveOutlet: AnyObject, Sendable {
    /// The connections that are served together with this one.
    var group: any LiveOutletGroup { get }

    /// Sends a frame.
    ///
    /// Called in line only.
    ///
    /// A bounded queue stands behind it: one that is full drops what waits, puts one `resync` in its place, and closes the
    /// connection if its client then takes nothing.
    func send(_ frame: LiveFrame)

    /// Returns once little waits to be taken by the client, or it has taken nothing for too long: for who has much to send
    /// and can wait. At once where nothing is kept waiting.
    func drained() async

    /// Closes the connection after what was sent before.
    ///
    /// In line or not; ``LiveSession/ended()`` follows, later.
    func close(_ closing: LiveClosing)
}

extension LiveOutlet {
    /// Keeps nothing waiting.
    public func drained() async {}
}

/// Connections that are served together, such as those of one event loop.
public protocol LiveOutletGroup: AnyObject, Sendable {
    /// Hands a frame to sessions of this group by ``LiveSession/pass(_:)``, in line.
    func deliver(_ frame: LiveFrame, to sessions: [LiveSession])

    /// Runs something in line: always, also when its connections are gone, for it is waited for.
    func inLine(_ body: @escaping @Sendable () -> Void)

    /// Returns once not too many deliveries wait; at once, as a rule.
    func ready() async
}
