import HTTPTypes
import Hummingbird
import NIOCore

/// What the person sees at this server's own page. The words of an order come from a model, so they are escaped.
enum PaymentPage {
    case order(OrderBook.Order)
    case paid
    case declined
    /// No ticket, a used one, another person's, or an order that is over: all alike.
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
        case .declined: "<h1>Nothing was paid</h1>\n<p>Your app is told that you declined.</p>"
        case .notHere: "<h1>Nothing to pay here</h1>\n<p>Open the link again that your app showed you.</p>"
        case .later: "<h1>Not now</h1>\n<p>This did not work. Try again in a moment.</p>"
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
        // With no-referrer browsers would send no origin along with the form, and the guard of this server wants one.
        if let name = HTTPField.Name("Referrer-Policy") { fields[name] = "same-origin" }
        return Response(status: status, headers: fields, body: .init(byteBuffer: ByteBuffer(string: html)))
    }

    private static func escaped(_ text: String) -> String {
        [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;"), ("'", "&#39;")]
            .reduce(text) { $0.replacing($1.0, with: $1.1) }
    }
}
