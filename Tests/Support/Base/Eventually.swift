import Testing

/// Waits until `condition` holds, and fails the calling test when it does not hold in time.
///
/// Tests wait for conditions and never for a duration. The limit exists only so that a broken program fails the test
/// instead of hanging the run; it is long because the machine may be busy with other tests. An error that `condition`
/// throws ends the waiting and fails the test.
package func eventually(
    within limit: Duration = .seconds(60), fileID: String = #fileID, filePath: String = #filePath, line: Int = #line,
    column: Int = #column, _ condition: () async throws -> Bool
) async {
    let location = SourceLocation(fileID: fileID, filePath: filePath, line: line, column: column)
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    var rounds = 0
    do {
        while try await !condition() {
            guard clock.now < deadline else {
                Issue.record("The condition did not hold within \(limit).", sourceLocation: location)
                return
            }
            rounds += 1
            // Most conditions hold after a few turns of other tasks; a longer wait must not keep a core from them.
            if rounds < 200 { await Task.yield() } else { try await Task.sleep(for: .milliseconds(1)) }
        }
    } catch {
        Issue.record(error, sourceLocation: location)
    }
}
