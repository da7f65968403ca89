import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import Outbound

@Suite("What an operator configured")
struct OperatorClientTests {
    private static func good(_ request: String) -> LoopbackServer.Reply {
        LoopbackServer.http("200 OK", body: #"{"active":true}"#)
    }

    private static func client(_ connections: Int = 8, deadline: TimeAmount = .seconds(30)) throws -> OperatorClient {
        OperatorClient(roots: try TestAuthority.roots(), deadline: deadline, connections: connections)
    }

    @Test func `one question after another uses one connection`() async throws {
        let server = try await LoopbackServer.start(tls: TestAuthority.server("localhost"), answer: Self.good)
        let client = try Self.client()
        let url = try RemoteURL(operator: "https://localhost:\(server.port)/introspect")
        for _ in 0..<20 {
            let response = try await client.post(
                url, body: Array("token=x".utf8), contentType: "application/x-www-form-urlencoded",
                fields: [("Authorization", "Basic eDp5")], repeatable: true)
            #expect(response.status == 200 && response.isJSON)
            #expect(response.body == Array(#"{"active":true}"#.utf8))
        }
        #expect(server.connections == 1)
        #expect(server.requests.count == 20)
        let request = try #require(server.requests.last)
        #expect(request.hasPrefix("POST /introspect HTTP/1.1\r\nHost: localhost:\(server.port)\r\n"))
        #expect(request.contains("\r\nAuthorization: Basic eDp5\r\n") && request.hasSuffix("\r\n\r\ntoken=x"))
        client.close()
    }

    @Test func `a thousand questions at once share a few connections`() async throws {
        let server = try await LoopbackServer.start(answer: Self.good)
        let client = try Self.client(4)
        let url = try RemoteURL(operator: "http://localhost:\(server.port)/x")
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<1000 { group.addTask { try await client.get(url).status } }
            return try await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(statuses == Array(repeating: 200, count: 1000))
        #expect(server.connections <= 4)
    }

    @Test func `a kept connection that the server ended is replaced without a failure`() async throws {
        let server = try await LoopbackServer.start { _ in
            .bytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", thenClose: true)
        }
        let client = try Self.client(1)
        let url = try RemoteURL(operator: "http://localhost:\(server.port)/x")
        for _ in 0..<50 { #expect(try await client.get(url).status == 200) }
        #expect(server.requests.count == 50)
    }

    @Test func `what may not be repeated never rides a kept connection`() async throws {
        let server = try await LoopbackServer.start(answer: Self.good)
        let client = try Self.client()
        let url = try RemoteURL(operator: "http://127.0.0.1:\(server.port)/events")
        for _ in 0..<3 {
            _ = try await client.post(url, body: [1, 2, 3], contentType: "application/secevent+jwt")
        }
        #expect(server.connections == 3)
        #expect(server.requests.count == 3)
    }

    @Test func `a redirect is handed back, and the credential goes nowhere else`() async throws {
        let other = try await LoopbackServer.start(answer: Self.good)
        let server = try await LoopbackServer.start { _ in
            LoopbackServer.http("307 Temporary Redirect", "Location: http://localhost:\(other.port)/", body: "")
        }
        let response = try await Self.client().get(
            try RemoteURL(operator: "http://localhost:\(server.port)/x"), fields: [("Authorization", "Basic eDp5")])
        #expect(response.status == 307)
        #expect(server.requests.count == 1)
        #expect(other.connections == 0)
    }

    @Test(
        "a name that later leads to a metadata service or a group is not dialled",
        arguments: ["169.254.169.254", "168.63.129.16", "0.0.0.0", "fe80::1", "fd00:ec2::254", "224.0.0.1"])
    func metadataService(address: String) async throws {
        let client = OperatorClient(resolver: .fixed("10.0.0.1", address))
        await #expect(throws: OutboundFailure.refusedAddress(host: "events.example", address: address)) {
            try await client.get(try RemoteURL(operator: "https://events.example/x"))
        }
        if let url = try? RemoteURL(operator: "https://\(address.contains(":") ? "[\(address)]" : address)/x") {
            await #expect(throws: OutboundFailure.refusedAddress(host: address, address: address)) {
                try await client.get(url)
            }
        }
    }

    @Test func `plain http stays on this machine even when its name leads elsewhere`() async throws {
        let client = OperatorClient(resolver: .fixed("10.0.0.1"))
        await #expect(throws: OutboundFailure.refusedAddress(host: "localhost", address: "10.0.0.1")) {
            try await client.get(try RemoteURL(operator: "http://localhost/x"))
        }
    }

    @Test func `an IP literal has to stand in the certificate`() async throws {
        let named = try await LoopbackServer.start(tls: TestAuthority.server("localhost"), answer: Self.good)
        let other = try await LoopbackServer.start(tls: TestAuthority.server("client.example"), answer: Self.good)
        let client = try Self.client()
        #expect(try await client.get(try RemoteURL(operator: "https://127.0.0.1:\(named.port)/x")).status == 200)
        let error = await #expect(throws: OutboundFailure.self) {
            try await client.get(try RemoteURL(operator: "https://127.0.0.1:\(other.port)/x"))
        }
        guard case .untrusted = error else {
            Issue.record("expected the certificate to be refused, got \(String(describing: error))")
            return
        }
        #expect(other.requests.isEmpty)
    }

    @Test func `a failure gives its turn back`() async throws {
        let closed = try await LoopbackServer.start(answer: Self.good)
        try await closed.stop()
        let client = try Self.client(1)
        let url = try RemoteURL(operator: "http://127.0.0.1:\(closed.port)/x")
        for _ in 0..<3 {
            let error = await #expect(throws: OutboundFailure.self) { try await client.get(url) }
            guard case .unreachable = error else {
                Issue.record("expected no connection, got \(String(describing: error))")
                return
            }
        }
    }

    @Test func `a server that never answers meets the deadline, and so does whoever waits for its turn`() async throws {
        let server = try await LoopbackServer.start { _ in .silence }
        let client = try Self.client(1, deadline: .milliseconds(300))
        let url = try RemoteURL(operator: "http://127.0.0.1:\(server.port)/x")
        let failures = await withTaskGroup(of: OutboundFailure?.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    do throws(OutboundFailure) {
                        _ = try await client.get(url)
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            return await group.reduce(into: [OutboundFailure?]()) { $0.append($1) }
        }
        #expect(failures == [.deadline, .deadline, .deadline])
    }

    @Test func `an answer beyond the cap is refused`() async throws {
        let server = try await LoopbackServer.start { _ in
            LoopbackServer.http("200 OK", body: String(repeating: "x", count: 300_000))
        }
        await #expect(throws: OutboundFailure.oversized) {
            try await Self.client().get(try RemoteURL(operator: "http://127.0.0.1:\(server.port)/x"))
        }
    }

    @Test func `a caller to whom the status is what counts gets the beginning of a long answer and no more`()
        async throws
    {
        let server = try await LoopbackServer.start { _ in
            LoopbackServer.http("202 Accepted", body: String(repeating: "x", count: 300_000))
        }
        let client = OperatorClient(deadline: .seconds(30), maximumBody: 1024, cutsAnswers: true)
        let url = try RemoteURL(operator: "http://127.0.0.1:\(server.port)/x")
        for _ in 0..<3 {
            let response = try await client.post(url, body: [1], contentType: "text/plain", repeatable: true)
            #expect(response.status == 202 && response.body == Array(repeating: UInt8(ascii: "x"), count: 1024))
        }
        // The rest of an answer must not be taken for the next one: such a connection is not kept.
        #expect(server.connections == 3)
    }

    @Test(
        "a header field that would break the line is not sent",
        arguments: ["a\r\nX: y", "a\nb", "a\u{0}b"])
    func injection(value: String) async throws {
        let server = try await LoopbackServer.start(answer: Self.good)
        await #expect(throws: OutboundFailure.self) {
            try await Self.client().get(
                try RemoteURL(operator: "http://127.0.0.1:\(server.port)/x"), fields: [("Authorization", value)])
        }
        #expect(server.requests.isEmpty)
    }
}
