import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// Free ports for programs that tests start.
package enum LoopbackPort {
    private static let given = NIOLockedValueBox<Set<Int>>([])

    /// A free port that no other test of this run has received.
    ///
    /// It lies below the range of ephemeral ports, so that no outgoing connection can take it before the program
    /// listens.
    package static func free() async throws -> Int {
        for _ in 0..<200 {
            let port = Int.random(in: 20_000..<32_000)
            guard given.withLockedValue({ $0.insert(port).inserted }) else { continue }
            let bootstrap = ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            guard let channel = try? await bootstrap.bind(host: "127.0.0.1", port: port).get() else { continue }
            try await channel.close()
            return port
        }
        throw StageFailure("no free port on 127.0.0.1 between 20000 and 32000")
    }
}

/// A failure of the test environment.
package struct StageFailure: Error, CustomStringConvertible {
    /// One sentence.
    package let description: String

    /// Makes a failure.
    package init(_ description: String) { self.description = description }
}
