import Testing

/// What every store must do, by the doc comments of ``ParleyCore/ConversationStore`` and the other ports.
///
/// One suite over every store and composition by ``StoreFactory``; its subjects are files of their own.
@Suite("Every store")
struct StoreConformanceTests {}
