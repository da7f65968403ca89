import NIOCore
import NIOPosix

/// A number of connections that send as fast as they are answered, for a while.
struct Load: Sendable {
    let target: Target
    let connections: Int
    /// Seconds before the measured ones, in which caches fill and pages fault in.
    var warmUp = 1
    /// Measured seconds.
    var duration = 5

    /// What came out.
    struct Result: Sendable {
        let connections: Int
        let requests: Int
        let seconds: Double
        let p50: Double
        let p99: Double
        /// Server CPU for each request, in microseconds.
        let cpu: Double

        var perSecond: Double { Double(requests) / seconds }
    }

    /// Runs the load; `source` makes what the connection of this number sends.
    func run(
        against server: MeasuredProcess, _ source: @escaping @Sendable (Int) -> any RequestSource
    ) async throws -> Result {
        // One thread: on two cores the other one is the server's.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let start = NIODeadline.now() + .seconds(Int64(warmUp))
        let window = start...(start + .seconds(Int64(duration)))
        let before = Task {
            try await Task.sleep(for: .seconds(warmUp))
            return try server.cpuSeconds()
        }
        let port = target.port
        let running = (0..<connections).map { index in
            let done = loop.makePromise(of: Tally.self)
            ClientBootstrap(group: loop)
                .channelOption(.socketOption(.init(rawValue: 1)), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            LoadConnection(source: source(index), window: window, done: done))
                    }
                }
                .connect(host: "127.0.0.1", port: port).cascadeFailure(to: done)
            return done.futureResult
        }
        var tallies: [Tally] = []
        for connection in running { tallies.append(try await connection.get()) }
        let used = try server.cpuSeconds() - (try await before.value)
        try await group.shutdownGracefully()
        if let failure = tallies.lazy.compactMap(\.firstFailure).first { throw BenchmarkFailure(failure) }
        let ended = min(NIODeadline.now(), window.upperBound)
        return try result(
            tallies.flatMap(\.latencies).sorted(), seconds: Double((ended - start).nanoseconds) / 1e9, cpu: used)
    }

    private func result(_ latencies: [UInt32], seconds: Double, cpu: Double) throws -> Result {
        guard !latencies.isEmpty, seconds > 0 else {
            throw BenchmarkFailure("all answers came before the measured time: give it more to do")
        }
        func percentile(_ share: Double) -> Double {
            Double(latencies[min(latencies.count - 1, Int(Double(latencies.count) * share))]) / 1000
        }
        return Result(
            connections: connections, requests: latencies.count, seconds: seconds, p50: percentile(0.5),
            p99: percentile(0.99), cpu: cpu / Double(latencies.count) * 1e6)
    }
}

/// Why nothing could be measured.
struct BenchmarkFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
