import Testing

/// Waits until `condition` holds; what a test looks for happens soon or never.
func until(_ condition: () async throws -> Bool) async {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(60)
    do {
        while try await !condition() {
            guard clock.now < end else {
                Issue.record("it never came about")
                return
            }
            await Task.yield()
        }
    } catch {
        Issue.record(error)
    }
}
