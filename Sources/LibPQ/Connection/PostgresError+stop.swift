extension PostgresError {
    /// What the caller of a statement is told that was given up, or whose connection was lost.
    static func ended(
        by stop: PipelineStateMachine.Stop?,
        refusal: PostgresError? = nil,
        lost: PostgresError? = nil
    ) -> PostgresError {
        let sqlState = refusal?.sqlState == .queryCanceled ? SQLState.queryCanceled : lost?.sqlState
        let isLost = lost != nil
        switch stop {
        case .cancelled:
            return PostgresError(.cancelled, "the task was cancelled", sqlState: sqlState, isConnectionLost: isLost)
        case .deadline:
            return PostgresError(.deadline, "the statement's time was up", sqlState: sqlState, isConnectionLost: isLost)
        case nil: return lost ?? PostgresError(.connectionLost, "the connection has ended", isConnectionLost: true)
        }
    }
}
