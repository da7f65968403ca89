extension EventReceiver {
    /// Asks the authorization server for a verification event. Call it when the events endpoint is ready: the receiver returns the
    /// event's state by itself, and only then does the endpoint receive events.
    ///
    /// Spec: Shared Signals Framework §8.1.4
    public func requestVerification() async throws(ElicitationError) {
        _ = try await authority.ask(.post([], repeatable: true), "/events/verify")
    }
}
