import Foundation
import JOSE
import OAuth
import Storage
import Synchronization
import TestSupport
import Testing

/// Kills the server between sending an event and writing down that it arrived, again and again.
@Suite("Durability: no event is lost or changes its id")
struct EventSoakTests {
    private static let rounds = ProcessInfo.processInfo.environment["SOAK"].flatMap { Int($0) } ?? 3
    private static let eventsPerRound = 12

    @Test func `kill -9 at each step of delivery: every event arrives with the same id`()
        async throws
    {
        try await Stage.play { stage in
            let receiver = try await KillingReceiver()
            var gatehouse = try await RunningGatehouse.start(on: stage)
            let added = try await gatehouse.object([
                "resources", "add", "https://files.example/mcp", "--name", "Files", "--owner", "Team",
                "--events-endpoint", receiver.endpoint,
            ])
            let id = added["id"]?.string ?? ""
            let resource = try #require(ResourceID(id))
            let proof = LoopbackHTTP.basic(id, added["client_secret"]?.string ?? "")
            try await receiver.hears { $0.state != nil }
            // Killed before the value came back: it is asked for again, and the same value is still good.
            let first = receiver.state
            gatehouse = try await gatehouse.restarted()
            let verified = try await gatehouse.http.post(
                "/events/verify", json: #"{"state":"\#(first ?? "")"}"#, headers: [proof])
            #expect(verified.status == 204)
            var sent: Set<String> = []
            for round in 0..<Self.rounds {
                gatehouse.process.kill()
                _ = try await gatehouse.process.end()
                sent.formUnion(try await queue(for: resource, in: stage.path("var/gatehouse.sqlite")))
                receiver.behaves(round % 3 == 0 ? .silent : .unable)
                let heard = receiver.requests
                gatehouse = try await gatehouse.restarted()
                if round % 3 == 0 {
                    // In the middle of several attempts.
                    try await receiver.hears { $0.requests >= heard + 4 }
                    gatehouse.process.kill()
                } else {
                    // Around the moment in which an answer arrives and is written down.
                    receiver.behaves(.killing(gatehouse.process, after: 1 + round % 5, isLate: round % 3 == 1))
                }
                _ = try await gatehouse.process.end()
                receiver.behaves(.accepting)
                gatehouse = try await gatehouse.restarted()
                let expected = sent
                try await receiver.hears { $0.accepted.isSuperset(of: expected) }
            }
            #expect(receiver.accepted == sent)
            #expect(receiver.contradictions == 0)
            try await settled(gatehouse, sent)
        }
    }

    /// Puts events where a completion would have put them, while no server runs.
    private func queue(for resource: ResourceID, in path: String) async throws -> [String] {
        let store = try Store(path: path)
        let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))
        let events = (0..<Self.eventsPerRound).map { number in
            SecurityEvent(
                type: .elicitationCompleted, issuedAt: now, about: .stream(resource),
                payload: ["number": .integer(Int64(number))])
        }
        try await store.write { transaction in
            for event in events { try transaction.events.enqueue(event, resource: resource) }
        }
        try store.close()
        return events.map(\.id.string)
    }

    private func settled(_ gatehouse: RunningGatehouse, _ sent: Set<String>) async throws {
        for _ in 0..<400 {
            let listed = try await gatehouse.json(["events", "list", "--state", "delivered"]).array ?? []
            if Set(listed.compactMap { $0.object?["id"]?.string }) == sent { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        let waiting = try await gatehouse.json(["events", "list", "--state", "waiting"])
        #expect(waiting == [])
        #expect(try await gatehouse.command(["db", "check"]).status == 0)
    }
}

/// An events endpoint that kills the transmitter when the test says so.
private final class KillingReceiver: Sendable {
    enum Mode: Sendable {
        case accepting
        /// Takes everything and answers nothing.
        case silent
        /// Says that it cannot take anything now.
        case unable
        /// Accepts so many events and kills the sender at the last, before or after its answer left.
        case killing(ChildProcess, after: Int, isLate: Bool)
    }

    private struct State {
        var mode = Mode.accepting
        var requests = 0
        var accepted: [String: String] = [:]
        var contradictions = 0
        var state: String?
    }

    private final class Memory: Sendable {
        let state = Mutex(State())
    }

    private let memory: Memory
    private let server: LoopbackServer

    init() async throws {
        let memory = Memory()
        self.memory = memory
        server = try await LoopbackServer.start { request in
            memory.state.withLock { Self.take(request, &$0) }
        }
    }

    var endpoint: String { "http://127.0.0.1:\(server.port)/events" }
    /// How often something came.
    var requests: Int { memory.state.withLock { $0.requests } }
    /// The ids that were accepted.
    var accepted: Set<String> { memory.state.withLock { Set($0.accepted.keys) } }
    /// How often an id came with other claims than before.
    var contradictions: Int { memory.state.withLock { $0.contradictions } }
    /// The value of the last verification event.
    var state: String? { memory.state.withLock { $0.state } }

    func behaves(_ mode: Mode) { memory.state.withLock { $0.mode = mode } }

    private static func take(_ request: String, _ state: inout State) -> LoopbackServer.Reply {
        state.requests += 1
        let parts = request.split(separator: "\r\n\r\n", maxSplits: 1).last?.split(separator: ".") ?? []
        guard parts.count == 3, let bytes = Base64URL.decode(parts[1]), let claims = try? JSONObject(parsing: bytes),
            let id = claims["jti"]?.string, let events = claims["events"]?.object?.members, events.count == 1
        else { return LoopbackServer.http("400 Bad Request", body: #"{"err":"invalid_request"}"#) }
        if let value = events[0].value.object?["state"]?.string {
            state.state = value
            return LoopbackServer.http("202 Accepted", body: "")
        }
        let said = String(decoding: bytes, as: UTF8.self)
        switch state.mode {
        case .silent: return .silence
        case .unable: return LoopbackServer.http("503 Service Unavailable", body: "")
        case .accepting: break
        case .killing(let victim, let after, let isLate):
            if after == 1 {
                if isLate { Task { victim.kill() } } else { victim.kill() }
                state.mode = .unable
            } else {
                state.mode = .killing(victim, after: after - 1, isLate: isLate)
            }
        }
        if let before = state.accepted[id], before != said { state.contradictions += 1 }
        state.accepted[id] = said
        return LoopbackServer.http("202 Accepted", body: "")
    }

    /// Waits until something has come.
    func hears(_ condition: (KillingReceiver) -> Bool) async throws {
        for _ in 0..<2400 {
            if condition(self) { return }
            try await Task.sleep(for: .milliseconds(25))
        }
        throw StageFailure("the receiver did not hear in a minute what it should have")
    }
}
