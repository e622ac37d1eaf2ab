import ParleyCore

/// Decides what a look at a key set means: pure, so that every case can be tried.
///
/// Content is compared, not times: a copy that keeps its time, or two writes in one tick of the file system, are seen too.
/// Half a file is no key set, so that it changes nothing; the next look finds the rest.
struct KeySetWatch: Sendable {
    /// What a look has brought.
    enum Finding: Sendable {
        /// Nothing that was not known.
        case nothingNew
        /// Other keys, which hold from now on.
        case keys(KeyRing)
        /// A key set that can't be had or used, for a reason not told before; the keys stay what they were.
        case refusal(ParleyError)
    }

    private let secrets: [HMACSecret]
    private var content: [UInt8]?
    private var complaint: String?

    /// Whether the last look found what can be used.
    var isSound: Bool { complaint == nil }

    /// Begins with a content that has made a ring, or with none.
    init(secrets: [HMACSecret], content: [UInt8]? = nil) {
        self.secrets = secrets
        self.content = content
    }

    /// Takes the next look's outcome.
    mutating func see(_ outcome: Result<[UInt8], ParleyError>) -> Finding {
        do throws(ParleyError) {
            let seen = try outcome.get()
            guard seen != content else {
                complaint = nil
                return .nothingNew
            }
            let ring = try KeyRing(secrets, keySet: seen)
            (content, complaint) = (seen, nil)
            return .keys(ring)
        } catch {
            guard error.message != complaint else { return .nothingNew }
            complaint = error.message
            return .refusal(error)
        }
    }
}
