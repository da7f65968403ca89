import Foundation

/// The same operations on databases that hold more and more live sessions: each row should read like the first.
struct SessionCounts {
    let program: String
    let directory: String
    let counts: [Int]

    /// Connections, and how many sessions each of them goes round in.
    private static let (crowd, perConnection) = (64, 300)

    /// Which counts are asked for: `SESSIONS=1000,1000000 make bench`.
    static var asked: [Int] {
        let text = ProcessInfo.processInfo.environment["SESSIONS"] ?? "1000,100000"
        return text.split(separator: ",").compactMap { Int($0) }
    }

    func run() async throws {
        guard !counts.isEmpty else { return }
        say("\nLive sessions, each request for another one\n")
        for count in counts {
            let folder = "\(directory)/\(count)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
            try await measure(count, in: folder)
            try FileManager.default.removeItem(atPath: folder)
        }
    }

    private func measure(_ count: Int, in folder: String) async throws {
        let gatehouse = try Gatehouse(program: program, directory: folder, port: Int.random(in: 20_000..<31_000))
        let first = try await gatehouse.start().process
        defer { first.stop() }
        let registered = try gatehouse.register()
        let target = Target(port: gatehouse.port)
        var person = Person(
            http: PlainHTTP(target: target), clientID: registered.clientID, redirect: Gatehouse.redirect,
            resource: Gatehouse.resource)
        _ = try await Redemption(clientID: registered.clientID).redeem(try await person.code(), at: target)
        first.stop()

        let crowd = Crowd(directory: folder)
        try crowd.fill(count)
        let tokens = try crowd.tokens(min(count, Self.crowd * Self.perConnection))
        let (server, ready) = try await gatehouse.start()
        defer { server.stop() }
        try await Task.sleep(for: .seconds(2))
        let (idle, begun) = (try server.residentMemory(), try server.cpuSeconds())
        say(
            "\(count) sessions: ready after \(tenths(ready)) ms, start and first tidying \(tenths(begun * 1000)) ms of CPU"
        )
        try await load(server, target, registered, tokens, of: count)
        say("resident: \(tenths(idle)) MiB idle, \(tenths(try server.residentMemory())) MiB after the load")
    }

    private func load(
        _ server: MeasuredProcess, _ target: Target, _ registered: Gatehouse.Registered, _ tokens: [String],
        of count: Int
    ) async throws {
        let share = tokens.count / Self.crowd
        // Few enough that each is asked about many times: a token's signature is verified at the first.
        let basket = TokenBasket(most: min(tokens.count, 1_000))
        let load = Load(target: target, connections: Self.crowd)
        let refreshed = try await load.run(against: server) { index in
            RefreshRound(
                target: target, clientID: registered.clientID,
                tokens: Array(tokens[index * share..<(index + 1) * share]), found: basket)
        }
        say(Row("refresh", refreshed).text)
        let proof = registered.proof
        let access = basket.all
        let introspected = try await load.run(against: server) { index in
            Rotation(
                stride(from: index, to: access.count, by: Self.crowd).map {
                    target.post("/introspect", "token=\(access[$0])", authorization: proof)
                })
        }
        say(Row("introspection", introspected).text)
    }
}
