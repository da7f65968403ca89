import Foundation
import NIOCore

/// An MCP server that asks and waits, and the person who decides.
struct WaitingCall {
    /// From the moment in which the decision is sent.
    struct Times {
        /// Until the MCP server knows.
        let arrival: TimeAmount
        /// Until the person's browser has the answer.
        let page: TimeAmount
    }

    private let target: Target
    private let proof: String
    private let token: String
    private let loop: any EventLoop
    private var person: Person
    private var connections: (browser: KeptConnection, server: KeptConnection)?

    /// Signs the person in, in a session at the MCP server.
    init(_ gatehouse: Gatehouse, _ registered: Gatehouse.Registered, on loop: any EventLoop) async throws {
        target = Target(port: gatehouse.port)
        proof = registered.proof
        self.loop = loop
        person = Person(
            http: PlainHTTP(target: target), clientID: registered.clientID, redirect: Gatehouse.redirect,
            resource: Gatehouse.resource)
        token = try await Redemption(clientID: registered.clientID).redeem(try await person.code(), at: target).access
    }

    /// Opens the connections that are kept while it is measured.
    mutating func connect() async throws {
        connections = (
            try await KeptConnection.open(to: target, on: loop), try await KeptConnection.open(to: target, on: loop)
        )
    }

    func close() {
        connections?.browser.close()
        connections?.server.close()
    }

    /// Asks for another approval; the handle, and the link for the person.
    func ask(_ number: Int) async throws -> (handle: String, link: String) {
        let body = """
            {"subject_token":"\(token)","kind":"confirm","message":"Approve that it runs.",
            "action":{"name":"run","summary":"Run it","arguments":{"number":\(number)}}}
            """
        let answer = try await PlainHTTP(target: target).post("/elicitations", json: body, authorization: proof)
        let json = try JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: Any]
        guard let handle = json?["id"] as? String, let link = json?["url"] as? String else {
            throw BenchmarkFailure("no elicitation: \(answer.status) \(answer.body)")
        }
        return (handle, link)
    }

    /// Brings back what the verification event says, so that events are pushed from now on.
    func verify(_ arrivals: inout AsyncStream<EventEndpoint.Arrival>.Iterator) async throws {
        while let arrival = await arrivals.next() {
            guard let state = arrival.state else { continue }
            let answer = try await PlainHTTP(target: target).post(
                "/events/verify", json: #"{"state":"\#(state)"}"#, authorization: proof)
            guard answer.status == 204 else { throw BenchmarkFailure("not verified: \(answer.status) \(answer.body)") }
            return
        }
    }

    /// A decision while a long poll is held for it.
    mutating func polled(_ number: Int) async throws -> Times {
        let (handle, link) = try await ask(number)
        guard let connections else { throw BenchmarkFailure("nothing is connected") }
        // Held by the time in which the page is opened.
        let held = connections.server.send(target.get("/elicitations/\(handle)?wait=25", authorization: proof))
        let approval = try await person.approval(at: link)
        let sent = NIODeadline.now()
        let page = connections.browser.send(approval)
        let answer = try await held.get()
        guard answer.body.contains(#""status":"completed""#) else {
            throw BenchmarkFailure("the long poll brought \(answer.status) \(answer.body)")
        }
        return Times(arrival: answer.at - sent, page: try await Self.shown(page) - sent)
    }

    /// A decision whose event is pushed.
    mutating func pushed(
        _ number: Int, _ arrivals: inout AsyncStream<EventEndpoint.Arrival>.Iterator
    ) async throws -> Times {
        let (handle, link) = try await ask(number)
        guard let connections else { throw BenchmarkFailure("nothing is connected") }
        let approval = try await person.approval(at: link)
        let sent = NIODeadline.now()
        let page = connections.browser.send(approval)
        while let arrival = await arrivals.next() {
            guard arrival.elicitation == handle else { continue }
            return Times(arrival: arrival.at - sent, page: try await Self.shown(page) - sent)
        }
        throw BenchmarkFailure("no event came")
    }

    private static func shown(_ page: EventLoopFuture<KeptConnection.Answer>) async throws -> NIODeadline {
        let answer = try await page.get()
        guard answer.status == 200 else { throw BenchmarkFailure("the page said \(answer.status)") }
        return answer.at
    }
}
