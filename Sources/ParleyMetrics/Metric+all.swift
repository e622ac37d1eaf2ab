extension Metric {
    private static let fast: [Double] = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
    ]
    private static let request: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
    ]
    private static let patient: [Double] = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800]
    private static let powers: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]

    /// All of them, in the order in which docs/self-hosting.md tells of them.
    public static let all: [Metric] = [
        httpRequests, httpDurations, httpRunning,
        replies, replyFirstToken, replyDurations, repliesRunning,
        limiterRefusals,
        storeOperations, storeDurations, batchSizes,
        poolConnections, poolWaiting, poolWaits, slowStatements,
        cacheReads, busFrames, busGaps,
        mirrorApplications, mirrorFailures, mirrorDifferences, mirrorWaiting, mirrorLag,
        liveConnections, liveFrames, liveFills, liveCatchUps, liveResyncs, liveClosings,
    ]

    // MARK: HTTP

    /// Requests that were answered.
    public static let httpRequests = Metric(
        "parley_http_requests_total",
        .counter,
        labels: ["method", "route", "status"],
        "Requests answered, by the route's template; a stream counts when it begins."
    )
    /// How long requests took.
    public static let httpDurations = Metric(
        "parley_http_request_duration_seconds",
        .histogram(buckets: request),
        labels: ["method", "route"],
        "How long requests took until their answer was ready, or, where it is a stream, until its end."
    )
    /// Requests under way.
    public static let httpRunning = Metric(
        "parley_http_requests_in_flight",
        .gauge,
        "Requests being answered, open streams among them."
    )

    // MARK: Replies

    /// Replies that have ended.
    public static let replies = Metric(
        "parley_replies_total",
        .counter,
        labels: ["outcome"],
        "Replies that this instance wrote to their end: delivered, stopped, failed, interrupted, lost, gave_up, cut_off."
    )
    /// How long a model took to begin.
    public static let replyFirstToken = Metric(
        "parley_reply_first_token_seconds",
        .histogram(buckets: patient),
        "From a turn's beginning until the model began to speak, think or call a tool."
    )
    /// How long replies took.
    public static let replyDurations = Metric(
        "parley_reply_duration_seconds",
        .histogram(buckets: patient),
        "From a turn's beginning until its reply's end."
    )
    /// Replies under way.
    public static let repliesRunning = Metric(
        "parley_replies_running",
        .gauge,
        "Replies that have a place on this instance: being begun, waiting or written."
    )

    // MARK: Limits

    /// Who was asked to wait.
    public static let limiterRefusals = Metric(
        "parley_rate_limit_refusals_total",
        .counter,
        labels: ["limit"],
        "Calls that were refused with 429 since somebody's budget was empty, by the limit's name."
    )

    // MARK: Stores

    /// What was asked of the store.
    public static let storeOperations = Metric(
        "parley_store_operations_total",
        .counter,
        labels: ["operation", "outcome"],
        "Operations of the store: ok, refused (the caller's doing), unavailable, failed, cancelled."
    )
    /// How long the store took.
    public static let storeDurations = Metric(
        "parley_store_operation_duration_seconds",
        .histogram(buckets: fast),
        labels: ["operation"],
        "How long operations of the store took, the wait in its queues included; for writes until they were durable."
    )
    /// How much is committed at once.
    public static let batchSizes = Metric(
        "parley_store_batch_size",
        .histogram(buckets: powers),
        labels: ["batch"],
        "How many writes or reads shared one transaction or statement."
    )
    /// Connections to a database.
    public static let poolConnections = Metric(
        "parley_pool_connections",
        .gauge,
        labels: ["pool", "state"],
        "Connections of a pool: open ones, and those of them that are lent."
    )
    /// Who waits for a connection.
    public static let poolWaiting = Metric(
        "parley_pool_waiting",
        .gauge,
        labels: ["pool"],
        "Callers waiting for a connection of a pool."
    )
    /// How long a connection was waited for.
    public static let poolWaits = Metric(
        "parley_pool_wait_duration_seconds",
        .histogram(buckets: fast),
        labels: ["pool"],
        "How long callers waited for a connection of a pool, those that got none included."
    )
    /// Statements that took too long.
    public static let slowStatements = Metric(
        "parley_slow_statements_total",
        .counter,
        labels: ["statement"],
        "Statements that took longer than they should, by their name; each is in the log, too."
    )

    // MARK: Between instances

    /// How the cache served.
    public static let cacheReads = Metric(
        "parley_cache_reads_total",
        .counter,
        labels: ["result"],
        "Reads that asked the cache: hit, miss, stale (an entry that the truth contradicted), refused (no answer in time)."
    )
    /// Frames of the bus.
    public static let busFrames = Metric(
        "parley_bus_frames_total",
        .counter,
        labels: ["direction"],
        "Frames of events sent to and received from other instances."
    )
    /// Where the bus lost something.
    public static let busGaps = Metric(
        "parley_bus_gaps_total",
        .counter,
        labels: ["reason"],
        "Times that listeners were told they had missed events: link (the link was lost), queue (one read too slowly)."
    )

    // MARK: The mirror

    /// What was brought to the mirror.
    public static let mirrorApplications = Metric(
        "parley_mirror_applications_total",
        .counter,
        "Conversations, projects and people that were brought to the mirror after they had changed."
    )
    /// Where the mirror could not be written.
    public static let mirrorFailures = Metric(
        "parley_mirror_failures_total",
        .counter,
        "Times that something could not be brought to the mirror; it is tried again."
    )
    /// What only the mirror has.
    public static let mirrorDifferences = Metric(
        "parley_mirror_differences_total",
        .counter,
        "Times that the mirror was found to hold something that can't come from the truth; it is left alone."
    )
    /// What is still to be brought to the mirror.
    public static let mirrorWaiting = Metric(
        "parley_mirror_waiting",
        .gauge,
        "Conversations, projects and people that are still to be brought to the mirror."
    )
    /// How far the mirror is behind.
    public static let mirrorLag = Metric(
        "parley_mirror_lag_seconds",
        .gauge,
        "How long the first of them has waited."
    )

    // MARK: Sockets and streams of events

    /// Sockets and streams that are open.
    public static let liveConnections = Metric(
        "parley_live_connections",
        .gauge,
        "Sockets and streams of events that are open."
    )
    /// What they were told.
    public static let liveFrames = Metric(
        "parley_live_frames_total",
        .counter,
        "Frames handed to sockets and streams: an event counts once for each that was told."
    )
    /// Gaps that were closed.
    public static let liveFills = Metric(
        "parley_live_fills_total",
        .counter,
        "Times that events which did not come in time were filled in from the store."
    )
    /// Clients that came back.
    public static let liveCatchUps = Metric(
        "parley_live_catch_ups_total",
        .counter,
        "Subscriptions that brought a client the changes since it was last here."
    )
    /// Clients that must look afresh.
    public static let liveResyncs = Metric(
        "parley_live_resyncs_total",
        .counter,
        labels: ["reason"],
        "Times that a client, or all of a project, was told to load the state afresh: slow, lagged, behind, ahead, joined."
    )
    /// Connections the server closed.
    public static let liveClosings = Metric(
        "parley_live_closings_total",
        .counter,
        labels: ["reason"],
        "Connections that the server closed: shutdown, failure, access_lost, too_slow, signed_out, expired."
    )
}
