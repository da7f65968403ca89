import Foundation
import NIOCore

/// Gatehouse under load, one operation after another.
struct Benchmark {
    let program: String
    let directory: String
    let floors: FloorReport

    func run() async throws {
        let gatehouse = try Gatehouse(
            program: program, directory: directory, port: Int.random(in: 20_000..<31_000))
        try await gatehouse.start().process.stop()
        var starts: [Double] = []
        for _ in 0..<5 {
            let (process, milliseconds) = try await gatehouse.start()
            starts.append(milliseconds)
            process.stop()
        }
        let server = try await gatehouse.start().process
        defer { server.stop() }
        let registered = try gatehouse.register()
        try await Task.sleep(for: .seconds(1))
        let idle = try server.residentMemory()
        say("Gatehouse\n")
        try await operations(of: gatehouse, registered, on: server)
        say(
            "\nready after \(tenths(starts.sorted()[starts.count / 2])) ms (median of \(starts.count), existing database)"
        )
        say("resident: \(tenths(idle)) MiB idle, \(tenths(try server.residentMemory())) MiB after the load")
    }

    private func operations(
        of gatehouse: Gatehouse, _ registered: Gatehouse.Registered, on server: MeasuredProcess
    ) async throws {
        let target = Target(port: gatehouse.port)
        var person = Person(
            http: PlainHTTP(target: target), clientID: registered.clientID, redirect: Gatehouse.redirect,
            resource: Gatehouse.resource)
        let redemption = Redemption(clientID: registered.clientID)
        try await still("metadata", "/.well-known/oauth-authorization-server", target, server)
        try await still("JWKS", "/jwks", target, server)
        try await uses(&person, redemption, registered.proof, target, server)
        if isAsked("introspection, rule") || isAsked("refresh, rule") {
            let ruled = try gatehouse.registerRuledResource()
            var member = Person(
                http: PlainHTTP(target: target), clientID: registered.clientID, redirect: Gatehouse.redirect,
                resource: Gatehouse.ruledResource)
            try await uses(&member, redemption, ruled, target, server, suffix: ", rule")
        }
        if isAsked("refresh, DPoP") { try await boundRefreshes(&person, redemption, target, server) }
        if isAsked("client token") || isAsked("client token, key") { try await services(gatehouse, target, server) }
        try await registrations(target, server)
        for crowd in FloorReport.crowds where isAsked("code exchange") {
            var requests = [[ByteBuffer]](repeating: [], count: crowd)
            for index in 0..<Self.codes {
                requests[index % crowd].append(target.post("/token", redemption.form(try await person.code())))
            }
            let ready = requests
            try await measure("code exchange", crowd, target, server, warmUp: 0) { Once(ready[$0]) }
        }
        compose()
    }

    /// Tokens of clients that act for themselves, by secret and by key.
    private func services(_ gatehouse: Gatehouse, _ target: Target, _ server: MeasuredProcess) async throws {
        let service = try gatehouse.registerService()
        for crowd in FloorReport.crowds {
            try await measure("client token", crowd, target, server) { _ in
                Repeated(target.post("/token", "grant_type=client_credentials", authorization: service))
            }
        }
        for crowd in FloorReport.crowds {
            let client = try gatehouse.registerKeyedService(run: crowd)
            try await measure("client token, key", crowd, target, server) {
                Assertions(target: target, client: client, connection: $0)
            }
        }
    }

    /// Codes are made by a person one by one, so there are only so many.
    private static let codes = 2_000

    private func still(_ name: String, _ path: String, _ target: Target, _ server: MeasuredProcess) async throws {
        for crowd in FloorReport.crowds {
            try await measure(name, crowd, target, server) { _ in Repeated(target.get(path)) }
        }
    }

    /// Introspections and refreshes at one MCP server, each connection with a session of its own.
    private func uses(
        _ person: inout Person, _ redemption: Redemption, _ proof: String, _ target: Target, _ server: MeasuredProcess,
        suffix: String = ""
    ) async throws {
        for crowd in FloorReport.crowds {
            var tokens: [Redemption.Tokens] = []
            for _ in 0..<crowd { tokens.append(try await redemption.redeem(try await person.code(), at: target)) }
            let held = tokens
            try await measure("introspection" + suffix, crowd, target, server) {
                Repeated(target.post("/introspect", "token=\(held[$0].access)", authorization: proof))
            }
            try await measure("refresh" + suffix, crowd, target, server) {
                RefreshChain(target: target, clientID: redemption.clientID, token: held[$0].refresh)
            }
        }
    }

    /// Refreshes with DPoP: each verifies a proof and remembers it.
    private func boundRefreshes(
        _ person: inout Person, _ redemption: Redemption, _ target: Target, _ server: MeasuredProcess
    ) async throws {
        for crowd in FloorReport.crowds {
            var held: [(ProofKey, String)] = []
            let nonce = try await ProofKey().nonce(from: target)
            for _ in 0..<crowd {
                let key = try ProofKey()
                let proof = try key.proof(port: target.port, nonce: nonce)
                let tokens = try await redemption.redeem(
                    try await person.code(), at: target, fields: "DPoP: \(proof)\r\n")
                held.append((key, tokens.refresh))
            }
            let chains = held
            try await measure("refresh, DPoP", crowd, target, server) {
                BoundRefreshChain(
                    target: target, clientID: redemption.clientID, token: chains[$0].1, key: chains[$0].0,
                    nonce: nonce)
            }
        }
    }

    /// All crowds together stay below the 10,000 new clients, beyond which the server refuses more for a while.
    private static let newClients = 4_000

    private func registrations(_ target: Target, _ server: MeasuredProcess) async throws {
        for crowd in FloorReport.crowds {
            try await measure("registration", crowd, target, server) {
                Registrations(target: target, isNew: false, connection: $0, limit: .max)
            }
            try await measure("registration, new", crowd, target, server, warmUp: 0) {
                // Clients of another crowd would not be new.
                Registrations(
                    target: target, isNew: true, connection: 100 * crowd + $0, limit: Self.newClients / crowd)
            }
        }
    }

    private func measure(
        _ name: String, _ crowd: Int, _ target: Target, _ server: MeasuredProcess, warmUp: Int = 1,
        _ source: @escaping @Sendable (Int) -> any RequestSource
    ) async throws {
        guard isAsked(name) else { return }
        let load = Load(target: target, connections: crowd, warmUp: warmUp)
        say(Row(name, try await load.run(against: server, source), floor: floors.empty[crowd]).text)
    }

    /// Whether a row is measured: each one, unless `ROWS` names some.
    private func isAsked(_ row: String) -> Bool {
        guard let rows = ProcessInfo.processInfo.environment["ROWS"] else { return true }
        return rows.split(separator: "/").contains { $0 == row }
    }

    /// What a refresh, or a token of a client that acts for itself, would cost if it were nothing but its parts.
    private func compose() {
        for crowd in FloorReport.crowds {
            guard let empty = floors.empty[crowd], let commit = floors.commits[crowd] else { continue }
            let sum = empty.cpu + floors.signature + commit / Double(crowd)
            say("a refresh or a client token of nothing but its parts, \(crowd) grouped: \(tenths(sum)) µs")
            // One more row is left out: beside the commit it costs a microsecond or two.
            say(
                "a refresh with DPoP, or a client token by key, of nothing but its parts, \(crowd) grouped: \(tenths(sum + floors.verification)) µs"
            )
        }
    }
}

/// Turns a code into tokens.
struct Redemption: Sendable {
    struct Tokens: Sendable {
        let access: String
        let refresh: String
    }

    let clientID: String

    /// The form that redeems a code.
    func form(_ code: String) -> String {
        "grant_type=authorization_code&code=\(code)&client_id=\(Target.encode(clientID))"
            + "&redirect_uri=\(Target.encode(Gatehouse.redirect))&code_verifier=\(Person.verifier)"
    }

    func redeem(_ code: String, at target: Target, fields header: String = "") async throws -> Tokens {
        let fields = form(code).split(separator: "&").map { field in
            let parts = field.split(separator: "=", maxSplits: 1).map { $0.removingPercentEncoding ?? "" }
            return (parts[0], parts[1])
        }
        let answer = try await PlainHTTP(target: target).post("/token", fields, fields: header)
        let json = try JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: Any]
        guard let access = json?["access_token"] as? String, let refresh = json?["refresh_token"] as? String else {
            throw BenchmarkFailure("no tokens for a code: \(answer.status) \(answer.body)")
        }
        return Tokens(access: access, refresh: refresh)
    }
}
