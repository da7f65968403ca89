import TestSupport
import Testing

@testable import Storage

/// Opens stores of one engine. The suites of verbs run on each element of `all`, so a further engine is one more element.
struct StoreFactory: Sendable {
    /// The name of the engine.
    let name: String
    /// Opens the store in a folder; the same folder gives the same rows again, as after a restart. The write after `queue`
    /// waiting ones is refused.
    let open: @Sendable (_ folder: String, _ queue: Int) throws -> Store

    /// The engine of the test that runs, set by `EachStore`.
    @TaskLocal static var current = sqlite

    static let all = [sqlite]

    private static let sqlite = StoreFactory(name: "SQLite") { folder, queue in
        try Store(path: folder + "/gatehouse.sqlite", options: .init(create: true, queue: queue))
    }
}

/// Runs each test of a suite once on each engine.
struct EachStore: SuiteTrait, TestTrait, TestScoping {
    let isRecursive = true

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        for factory in StoreFactory.all { try await StoreFactory.$current.withValue(factory) { try await function() } }
    }
}

extension Trait where Self == EachStore {
    /// The tests know no engine: they reach the store by its verbs alone.
    static var onEachStore: Self { EachStore() }
}

extension TemporaryFolder {
    /// A store of the engine of the running test in this folder.
    func store(queue: Int = 2_048) throws -> Store { try StoreFactory.current.open(path, queue) }
}
