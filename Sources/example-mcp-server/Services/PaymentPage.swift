import HTTPTypes
import Hummingbird
import NIOCore

/// The payment page. The text of an order comes from a model, so it is escaped.
enum PaymentPage {
    case order(OrderBook.Order)
    case paid
    case declined
    /// No ticket, a used one, another user's, or an order that has ended: indistinguishable.
    case notHere
    case later

    private var status: HTTPResponse.Status {
        switch self {
        case .order, .paid, .declined: .ok
        case .notHere: .forbidden
        case .later: .serviceUnavailable
        }
    }

    private var body: String {
        switch self {
        case .order(let order):
            """
            <h1>Pay \(order.euros) €</h1>
            <p>For: <bdi>\(Self.escaped(order.purpose))</bdi></p>
            <p>This is an example: no money moves.</p>
            <form method="post" action="\(PaymentService.path)">
            <input type="hidden" name="order" value="\(order.number)">
            <button name="decision" value="approve">Pay</button>
            <button name="decision" value="decline">Do not pay</button>
            </form>
            """
        case .paid: "<h1>Paid</h1>\n<p>Close this window and go back to your app.</p>"
        case .declined: "<h1>Nothing was paid</h1>\n<p>Your app learns that you declined.</p>"
        case .notHere: "<h1>Nothing to pay here</h1>\n<p>Open the link from your app again.</p>"
        case .later: "<h1>Payment unavailable</h1>\n<p>Try again in a moment.</p>"
        }
    }

    var response: Response {
        let html = """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>Payment</title></head><body>
            \(body)
            </body></html>

            """
        var fields: HTTPFields = [
            .contentType: "text/html; charset=utf-8", .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
            .contentSecurityPolicy:
                "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ]
        // With no-referrer a browser would send no Origin with the form, and RebindingGuard needs one.
        if let name = HTTPField.Name("Referrer-Policy") { fields[name] = "same-origin" }
        return Response(status: status, headers: fields, body: .init(byteBuffer: ByteBuffer(string: html)))
    }

    /// Escapes text for HTML, because an order's purpose comes from a model.
    private static func escaped(_ text: String) -> String {
        [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;"), ("'", "&#39;")]
            .reduce(text) { $0.replacing($1.0, with: $1.1) }
    }
}
