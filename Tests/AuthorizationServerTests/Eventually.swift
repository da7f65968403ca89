/// Waits until a condition holds; a test whose condition never does fails instead of hanging.
func eventually(_ condition: @Sendable () async -> Bool) async {
    for _ in 0..<3000 {
        if await condition() { return }
        try? await Task.sleep(for: .milliseconds(2))
    }
}
