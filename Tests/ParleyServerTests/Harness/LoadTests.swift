import Testing

/// Tests that load a server with hundreds of connections: one after the other, since together they would wait for each
/// other more than for what they test, and hold more files open than a process may poll.
@Suite("Under load", .serialized)
enum LoadTests {}
