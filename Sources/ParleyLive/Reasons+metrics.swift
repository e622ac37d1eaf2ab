import ParleyMetrics

extension LiveMetrics.Resync {
    init(_ reason: ResyncReason) {
        self =
            switch reason {
            case .slow: .slow
            case .lagged: .lagged
            case .behind: .behind
            case .ahead: .ahead
            case .joined: .joined
            }
    }
}

extension LiveMetrics.Closing {
    init(_ closing: LiveClosing) {
        self =
            switch closing {
            case .shutdown: .shutdown
            case .failure: .failure
            case .accessLost: .accessLost
            case .tooSlow: .tooSlow
            case .signedOut: .signedOut
            case .expired: .expired
            }
    }
}
