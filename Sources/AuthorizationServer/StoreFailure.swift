package import OAuth
import Storage

extension OAuthError {
    /// What a failing store is called outside: the same request may succeed later. Nil for every other error.
    package init?(failureOf error: any Error) {
        switch error as? StoreError {
        case .busy, .diskFull, .failed, .closed:
            self.init(
                .temporarilyUnavailable, "The server cannot reach its data at this moment; try again soon.",
                reason: "\(error)")
        case .missing, .locked, .permissions, .newerSchema, .foreign, .clockSteppedBack, .constraint, nil: return nil
        }
    }
}
