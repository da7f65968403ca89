import Foundation
import NIOCore
import NIOPosix

/// Elicitations of other people that nobody answers, each with a long poll that is held for it.
struct OtherWaits {
    private let running: [(channel: any Channel, done: EventLoopFuture<Tally>)]

    /// Copies the one elicitation that waits, while the server is down; gives the handles of the copies.
    static func fill(_ count: Int, in directory: String) throws -> [String] {
        let database = try Database(path: "\(directory)/var/gatehouse.sqlite")
        defer { database.close() }
        // Another person's, because few may wait for one.
        try database.run(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(count))
            INSERT INTO elicitations (
                id, page_id, resource_id, user_id, subject, client_id, session_id, kind, message, ask, digest, status,
                version, created_at, expires_at)
            SELECT 'eli_' || substr(hex(randomblob(11)), 1, 21) || 'A', 'ask_' || substr(hex(randomblob(11)), 1, 21)
                || 'A', t.resource_id, (SELECT id FROM users WHERE id <> t.user_id), t.subject, t.client_id,
                t.session_id, t.kind, t.message, t.ask, t.digest, t.status, t.version, t.created_at, t.expires_at
            FROM n, (SELECT * FROM elicitations WHERE status = 'pending' LIMIT 1) t;
            """)
        return try database.texts(
            "SELECT id FROM elicitations WHERE user_id <> (SELECT user_id FROM elicitations ORDER BY rowid LIMIT 1)")
    }

    /// Waits at all of them.
    init(for handles: [String], at target: Target, proof: String, on loop: any EventLoop) async throws {
        var running: [(channel: any Channel, done: EventLoopFuture<Tally>)] = []
        let window = NIODeadline.now()...(.now() + .hours(1))
        for handle in handles {
            let done = loop.makePromise(of: Tally.self)
            let channel = try await ClientBootstrap(group: loop)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let polls = LongPolls(of: handle, at: target, proof: proof)
                        try channel.pipeline.syncOperations.addHandler(
                            LoadConnection(source: polls, window: window, done: done))
                    }
                }
                .connect(host: "127.0.0.1", port: target.port).get()
            running.append((channel, done.futureResult))
        }
        self.running = running
    }

    /// Ends the waits; where they were refused, or answered rather than held, nothing was measured.
    func end() async throws {
        for (channel, _) in running { channel.close(promise: nil) }
        for (_, done) in running {
            let tally = try await done.get()
            if let failure = tally.firstFailure { throw BenchmarkFailure(failure) }
            guard tally.latencies.count <= 5 else { throw BenchmarkFailure("the waits were not held") }
        }
    }
}

/// Asks again whenever a wait is over.
private final class LongPolls: RequestSource {
    private let handle: String
    private let target: Target
    private let proof: String
    /// Some come back early at first, so that they do not all come back at once ever after.
    private var seconds = Int.random(in: 1...25)

    init(of handle: String, at target: Target, proof: String) {
        self.handle = handle
        self.target = target
        self.proof = proof
    }

    func next(after body: ByteBufferView?) -> ByteBuffer? {
        defer { seconds = 25 }
        return target.get("/elicitations/\(handle)?wait=\(seconds)", authorization: proof)
    }
}
