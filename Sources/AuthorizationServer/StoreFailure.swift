package import OAuth
import Storage

extension OAuthError {
    /// The public error for a failing store, which says that the same request may succeed later; nil for every other error.
    package init?(failureOf error: any Error) {
        switch error as? StoreError {
        case .busy, .diskFull, .failed, .closed:
            self.init(
                .temporarilyUnavailable, "The server cannot read or write its data at the moment. Try again soon.",
                reason: "\(error)")
        case .missing, .locked, .permissions, .newerSchema, .foreign, .clockSteppedBack, .constraint, nil: return nil
        }
    }
}
