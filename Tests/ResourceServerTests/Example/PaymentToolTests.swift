import JOSE
import Testing

@testable import ResourceServer
@testable import example_mcp_server

@Suite("The example's payment tool and page")
struct PaymentToolTests {
    private static let links: JSON = ["elicitation": ["url": [:]]]

    private func call(
        _ client: ExampleClient, state: JSON? = nil, action: String? = nil, euros: JSON = 3,
        purpose: String = "tea & <b>cake</b>", token: String = "t"
    ) async throws -> JSONObject? {
        var parameters: JSONObject = [
            "name": "pay", "arguments": ["purpose": .string(purpose), "euros": euros],
        ]
        parameters["requestState"] = state
        if let action { parameters["inputResponses"] = ["link": ["action": .string(action)]] }
        return try await client.stateless("tools/call", parameters, capabilities: Self.links, token: token).json
    }

    /// What a browser sends to the server's own page.
    private func visit(
        _ client: ExampleClient, _ query: String, cookie: String? = nil, form: String? = nil,
        origin: String = "https://127.0.0.1:9"
    ) async throws -> RawHTTP.Answer {
        var request = RawHTTP(method: form == nil ? "GET" : "POST", path: "/pay\(query)")
        request.fields = [("Host", ExampleClient.host)]
        if let cookie { request.fields.append(("Cookie", cookie)) }
        if let form {
            request.fields += [("Content-Type", "application/x-www-form-urlencoded"), ("Origin", origin)]
            request.body = Array(form.utf8)
        }
        return try await request.send(to: client.port)
    }

    /// The address that the newest elicitation leads to, from its query on.
    private func query(_ client: ExampleClient) throws -> String {
        let url = try #require(client.elicitations.read { $0.entries.last?.body["url"]?.string })
        #expect(url.hasPrefix("https://127.0.0.1:9/pay?order="))
        return String(url.dropFirst("https://127.0.0.1:9/pay".count))
    }

    /// Comes with a ticket of an elicitation; the cookie that the page sets.
    private func arrive(_ client: ExampleClient, _ query: String, of id: String, ticket: String = "T") async throws
        -> (status: Int, cookie: String?)
    {
        client.elicitations.change { $0.tickets[ticket] = id }
        let answer = try await visit(client, "\(query)&ticket=\(ticket)")
        return (answer.status, answer.field("Set-Cookie")?.split(separator: ";").first.map(String.init))
    }

    private func press(_ client: ExampleClient, _ decision: String, _ query: String, _ cookie: String?) async throws
        -> RawHTTP.Answer
    {
        try await visit(client, "", cookie: cookie, form: "\(query.dropFirst())&decision=\(decision)")
    }

    @Test func `the user arrives with a ticket, pays, and the call continues once`() async throws {
        try await ExampleClient.run(isSecure: true) { client in
            client.grant("")
            let state = try #require(try await call(client)?["result"]?.object?["requestState"])
            let query = try query(client)
            client.elicitations.change { $0.tickets["T"] = "eli_1" }
            let arrived = try await visit(client, query + "&ticket=T")
            #expect(arrived.status == 303 && arrived.field("Location") == "/pay\(query)")
            let set = try #require(arrived.field("Set-Cookie"))
            #expect(set.hasPrefix("__Host-payment=") && set.contains("Secure") && set.contains("HttpOnly"))
            let cookie = set.split(separator: ";").first.map(String.init)
            let page = try await visit(client, query, cookie: cookie)
            #expect(page.status == 200 && page.body.contains("Pay 3 €"))
            #expect(page.body.contains("tea &amp; &lt;b&gt;cake&lt;/b&gt;") && !page.body.contains("<b>"))
            #expect(page.field("Content-Security-Policy")?.contains("frame-ancestors 'none'") == true)
            #expect(page.field("Referrer-Policy") == "same-origin")
            let end = try await press(client, "approve", query, cookie)
            #expect(end.body.contains("Paid"))
            #expect(client.elicitations.read { $0.entries.map(\.status) } == ["completed"])
            let done = try await call(client, state: state, action: "accept")
            #expect(done?.toolText?.hasPrefix("Paid 3 € for tea & <b>cake</b>, order ") == true)
            // A delivered order is removed: the same call makes a new one.
            _ = try await call(client)
            let next = try self.query(client)
            #expect(next != query)
            let late = try await press(client, "approve", query, cookie)
            #expect(late.status == 403)
        }
    }

    @Test func `a ticket opens its own user's order only, and once`() async throws {
        try await ExampleClient.run(isSecure: true) { client in
            client.grant("")
            client.grant("", to: "u", subject: "sub_2")
            _ = try await call(client)
            let mine = try query(client)
            _ = try await call(client, token: "u")
            let theirs = try query(client)
            // Another user's order with the own ticket, and vice versa.
            for (query, id, status) in [(theirs, "eli_1", 403), (mine, "eli_2", 403), (mine, "eli_1", 303)] {
                let arrived = try await arrive(client, query, of: id)
                #expect(arrived.status == status)
            }
            // A redeemed ticket, an unknown one, and a request without a cookie.
            for query in [mine + "&ticket=T", mine + "&ticket=unknown", mine, "?order=1"] {
                let refused = try await visit(client, query)
                #expect(refused.status == 403)
            }
            #expect(client.elicitations.read { $0.entries.allSatisfy(\.isOpen) })
        }
    }

    @Test func `a ticket moved to a cheaper order pays for the cheaper one only`() async throws {
        try await ExampleClient.run(isSecure: true) { client in
            client.grant("")
            let state = try #require(try await call(client, euros: 900)?["result"]?.object?["requestState"])
            _ = try await call(client, euros: 1)
            let cheap = try query(client)
            let cookie = try await arrive(client, cheap, of: "eli_1").cookie
            let end = try await press(client, "approve", cheap, cookie)
            #expect(end.body.contains("Paid"))
            let refused = try await call(client, state: state, action: "accept", euros: 900)
            #expect(refused?["result"]?.object?["isError"] == true)
            let paid = try await call(client, euros: 1)
            #expect(paid?.toolText?.hasPrefix("Paid 1 €") == true)
        }
    }

    @Test func `a user who declines to pay ends the call`() async throws {
        try await ExampleClient.run(isSecure: true) { client in
            client.grant("")
            let state = try await call(client)?["result"]?.object?["requestState"]
            let query = try query(client)
            let cookie = try await arrive(client, query, of: "eli_1").cookie
            let end = try await press(client, "decline", query, cookie)
            #expect(end.body.contains("Nothing was paid"))
            let refused = try await call(client, state: state, action: "accept")
            #expect(refused?.toolText?.contains("declined") == true)
        }
    }

    @Test func `a payment whose report was lost is found by the next call`() async throws {
        try await ExampleClient.run(isSecure: true) { client in
            client.grant("")
            _ = try await call(client)
            let query = try query(client)
            let cookie = try await arrive(client, query, of: "eli_1").cookie
            client.elicitations.change { $0.isDeaf = true }
            let end = try await press(client, "approve", query, cookie)
            #expect(end.body.contains("Paid"))
            #expect(client.elicitations.read { $0.entries.allSatisfy(\.isOpen) })
            let paid = try await call(client)
            #expect(paid?.toolText?.hasPrefix("Paid 3 €") == true)
        }
    }

    @Test func `no payment is taken for an elicitation that has ended or whose status is unknown`() async throws {
        try await ExampleClient.run(isSecure: true) { client in
            client.grant("")
            _ = try await call(client)
            let query = try query(client)
            let cookie = try await arrive(client, query, of: "eli_1").cookie
            client.elicitations.change { $0.failure = (503, "{}") }
            let unclear = try await press(client, "approve", query, cookie)
            #expect(unclear.status == 503)
            client.elicitations.change { $0.failure = nil }
            client.elicitations.act("cancelled")
            let over = try await press(client, "approve", query, cookie)
            #expect(over.status == 403)
            let again = try await call(client)?["result"]?.object
            #expect(again?["resultType"] == "input_required", "the order is not paid")
        }
    }

    @Test func `a changed cookie, an old one and another page's form change nothing`() async throws {
        try await ExampleClient.run(isSecure: true) { client in
            client.grant("")
            _ = try await call(client)
            let query = try query(client)
            let cookie = try #require(try await arrive(client, query, of: "eli_1").cookie)
            for other in [cookie + "AAAA", "__Host-payment=", String(cookie.dropLast(2)) + "__"] {
                let refused = try await press(client, "approve", query, other)
                #expect(refused.status == 403)
            }
            let form = "\(query.dropFirst())&decision=approve"
            let foreign = try await visit(client, "", cookie: cookie, form: form, origin: "https://evil.example")
            #expect(foreign.status == 403)
            client.elicitations.clock.advance(900)
            client.grant("")
            let late = try await press(client, "approve", query, cookie)
            #expect(late.status == 403)
            #expect(client.elicitations.read { $0.entries.map(\.ticket) } == ["T"])
            #expect(client.elicitations.read { $0.entries.first?.status } != "completed")
        }
    }

    @Test(arguments: [0, 1001, "3", 2.5] as [JSON])
    func `an invalid amount creates no elicitation`(euros: JSON) async throws {
        try await ExampleClient.run(isSecure: true) { client in
            client.grant("")
            let refused = try await call(client, euros: euros)?["result"]?.object
            #expect(refused?["isError"] == true)
            #expect(client.elicitations.read { $0.entries.isEmpty })
        }
    }

    @Test func `tool and page exist with https only`() async throws {
        try await ExampleClient.run { client in
            client.grant("")
            let unknown = try await call(client)
            #expect(unknown?.errorCode == -32602)
            let absent = try await visit(client, "?order=1")
            #expect(absent.status == 404)
        }
    }

    @Test func `a full order book drops the oldest unpaid order, never a paid one`() async throws {
        let book = OrderBook()
        let access = Access(
            subject: "sub_1", clientID: "c", sessionID: nil, scopes: [], expiresAt: ManualClock.start)
        var orders: [OrderBook.Order] = []
        for euros in 1...OrderBook.maximumOrders {
            let made = await book.order("tea", euros: Int64(euros), for: access)
            orders.append(try #require(made))
        }
        #expect(await book.pay(orders[0]))
        let another = await book.order("tea", euros: 999, for: access)
        let more = try #require(another)
        #expect(await book.order(orders[1].number, of: "sub_1", by: "c") == nil)
        #expect(await book.order("tea", euros: 999, for: access) == more)
        #expect(await book.deliver(orders[0]))
        for undelivered in [orders[0], more] { #expect(await !book.deliver(undelivered)) }
    }
}
