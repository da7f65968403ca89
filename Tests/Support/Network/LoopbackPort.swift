import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// Ports on which a program that a test starts can listen.
package enum LoopbackPort {
    private static let given = NIOLockedValueBox<Set<Int>>([])

    /// A port that nobody listens on and that no other test of this run was given.
    ///
    /// It comes from below the range out of which the system takes the ports of outgoing connections, so that none
    /// of those can take it before the program does.
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

/// Something without which a test cannot be played at all.
package struct StageFailure: Error, CustomStringConvertible {
    /// What is amiss.
    package let description: String

    /// Says what is amiss.
    package init(_ description: String) { self.description = description }
}
