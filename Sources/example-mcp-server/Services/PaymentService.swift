import HTTPTypes
import Hummingbird
import JOSE
import OAuth
import ResourceServer

/// The payment page, to which the authorization server sends users with a ticket (`external` elicitations).
struct PaymentService: Sendable {
    static let path = "/pay"
    private static let maximumBody = 4096
    /// The `__Host-` prefix binds the cookie to this host and to https.
    private static let visit = "__Host-payment"
    /// Seconds for which a redeemed ticket's cookie is valid.
    private static let lifetime: Int64 = 900

    let book: OrderBook
    /// The URL of the page.
    let address: String
    let elicitations: Elicitations
    let now: @Sendable () -> Int64
    private let key = NamedKey.generate()

    init(
        book: OrderBook, origin: String, elicitations: Elicitations, now: @escaping @Sendable () -> Int64
    ) {
        self.book = book
        address = origin + Self.path
        self.elicitations = elicitations
        self.now = now
    }

    /// Handles an arrival with a ticket, or a reload of the page.
    func show(_ request: Request) async -> Response {
        guard let query = try? OAuth.Parameters(query: request.uri.query ?? ""),
            let number = Self.value("order", of: query)
        else { return PaymentPage.notHere.response }
        if let ticket = Self.value("ticket", of: query) { return await welcome(ticket, to: number) }
        guard let visitor = visitor(request), visitor.order == number, let order = await order(of: visitor) else {
            return PaymentPage.notHere.response
        }
        return (order.isPaid ? PaymentPage.paid : .order(order)).response
    }

    /// Redeems the ticket, checks that the order is the user's, and redirects to the URL without the ticket.
    private func welcome(_ ticket: String, to number: String) async -> Response {
        let arrival: ExternalVisitor
        do throws(ElicitationError) {
            arrival = try await elicitations.redeem(ticket: ticket)
        } catch {
            return (error.kind == .notFound ? PaymentPage.notHere : .later).response
        }
        let visitor = Visitor(
            elicitation: arrival.elicitation, order: number, subject: arrival.subject, clientID: arrival.clientID,
            end: now() + Self.lifetime)
        guard await order(of: visitor) != nil else { return PaymentPage.notHere.response }
        let cookie = "\(Self.visit)=\(visitor.sealed(with: key)); Path=/; Secure; HttpOnly; SameSite=Lax"
        return Response(
            status: .seeOther,
            headers: [
                .location: "\(Self.path)?order=\(number)", .setCookie: cookie, .cacheControl: "no-store",
            ])
    }

    /// Handles the buttons of the page.
    func decide(_ request: Request) async throws -> Response {
        let body = try await request.body.collect(upTo: Self.maximumBody)
        guard let form = try? OAuth.Parameters(form: Array(body.readableBytesView)), let visitor = visitor(request),
            Self.value("order", of: form) == visitor.order, let order = await order(of: visitor)
        else { return PaymentPage.notHere.response }
        switch Self.value("decision", of: form) {
        case "approve": return await pay(order, visitor)
        case "decline" where !order.isPaid:
            guard (try? await elicitations.complete(visitor.elicitation, as: .declined)) != nil else {
                return PaymentPage.later.response
            }
            return PaymentPage.declined.response
        default: return (order.isPaid ? PaymentPage.paid : .order(order)).response
        }
    }

    /// Takes the payment if the elicitation is still open, then reports it: if the report is lost, the next call finds the
    /// order paid.
    private func pay(_ order: OrderBook.Order, _ visitor: Visitor) async -> Response {
        guard !order.isPaid else { return PaymentPage.paid.response }
        guard let asked = try? await elicitations.status(of: visitor.elicitation) else {
            return PaymentPage.later.response
        }
        guard !asked.status.isFinal, await book.pay(order) else { return PaymentPage.notHere.response }
        _ = try? await elicitations.complete(visitor.elicitation, as: .completed, reference: order.number)
        return PaymentPage.paid.response
    }

    /// The value of a parameter; nil when it is missing or repeated.
    private static func value(_ name: String, of parameters: OAuth.Parameters) -> String? {
        (try? parameters.value(name)) ?? nil
    }

    private func order(of visitor: Visitor) async -> OrderBook.Order? {
        await book.order(visitor.order, of: visitor.subject, by: visitor.clientID)
    }

    private func visitor(_ request: Request) -> Visitor? {
        guard let sealed = request.cookies[Self.visit]?.value, let visitor = Visitor(sealed, with: key),
            now() < visitor.end
        else { return nil }
        return visitor
    }
}

/// The user and order of a redeemed ticket, sealed in a cookie.
private struct Visitor {
    let elicitation: String
    let order: String
    let subject: String
    let clientID: String
    let end: Int64

    init(elicitation: String, order: String, subject: String, clientID: String, end: Int64) {
        self.elicitation = elicitation
        self.order = order
        self.subject = subject
        self.clientID = clientID
        self.end = end
    }

    init?(_ text: String, with key: NamedKey) {
        guard text.utf8.count <= 4096, let sealed = Base64URL.decode(text),
            let plain = Sealing.open(sealed, keys: { $0 == key.id ? key : nil }, context: Self.context),
            let object = try? JSONObject(parsing: plain), let elicitation = object["elicitation"]?.string,
            let order = object["order"]?.string, let subject = object["subject"]?.string,
            let clientID = object["client_id"]?.string, let end = object["exp"]?.integer
        else { return nil }
        self.init(elicitation: elicitation, order: order, subject: subject, clientID: clientID, end: end)
    }

    func sealed(with key: NamedKey) -> String {
        let plain: JSONObject = [
            "elicitation": .string(elicitation), "order": .string(order), "subject": .string(subject),
            "client_id": .string(clientID), "exp": .integer(end),
        ]
        return Base64URL.encode((try? Sealing.seal(plain.bytes, key: key, context: Self.context)) ?? [])
    }

    private static let context = "payment"
}
