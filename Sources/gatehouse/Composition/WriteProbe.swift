import AuthorizationServer
import Synchronization

/// Whether the database takes writes, found out by a small write. A full disk and a read-only file system still answer reads, so
/// that a server that only reads would look healthy while nobody can sign in.
actor WriteProbe {
    private let write: @Sendable () async throws -> Void
    private let patience: Duration
    private var present: Task<Void, Never>?
    private var last: (obstacle: String?, at: ContinuousClock.Instant)?

    /// A result counts for this long; a failed write is tried again at each question after a second.
    private static let lifetime = (good: Duration.seconds(5), bad: Duration.seconds(1))

    /// A probe by this write, which must be on the disk when it returns. A write that takes longer than `patience` counts as
    /// failed until it ends.
    init(patience: Duration = .seconds(3), write: @escaping @Sendable () async throws -> Void) {
        self.write = write
        self.patience = patience
    }

    /// Why nothing can be written; nil if writes succeed.
    func obstacle() async -> String? {
        let present = ContinuousClock.now
        if let last, present - last.at < (last.obstacle == nil ? Self.lifetime.good : Self.lifetime.bad) {
            return last.obstacle
        }
        let task = self.present ?? Task { await attempt() }
        self.present = task
        guard await Self.ends(task, within: patience) else {
            return "nothing can be written: a write has not ended for \(patience.components.seconds) seconds"
        }
        return last?.obstacle
    }

    private func attempt() async {
        var obstacle: String?
        do {
            try await write()
        } catch {
            obstacle = "nothing can be written: \(ErrorText.of(error))"
        }
        last = (obstacle, ContinuousClock.now)
        present = nil
    }

    /// Whether a task ends in time. A write on a disk that hangs cannot be cancelled, so it is left behind.
    private static func ends(_ task: Task<Void, Never>, within time: Duration) async -> Bool {
        await withCheckedContinuation { continuation in
            let once = Once(continuation)
            Task {
                await task.value
                once.resume(true)
            }
            Task {
                try? await Task.sleep(for: time)
                once.resume(false)
            }
        }
    }

    /// A continuation that the first of two tasks resumes.
    private final class Once: Sendable {
        private let continuation: Mutex<CheckedContinuation<Bool, Never>?>

        init(_ continuation: CheckedContinuation<Bool, Never>) {
            self.continuation = Mutex(continuation)
        }

        func resume(_ value: Bool) {
            continuation.withLock { continuation in
                continuation?.resume(returning: value)
                continuation = nil
            }
        }
    }
}
