import JOSE
import ResourceServer

/// A tool whose person does their part at a page of this server's own.
extension Tool {
    static func pay(at desk: PaymentService) -> Tool {
        Tool(
            name: "pay", title: "Pay",
            description: "Pays for something, after you have paid at this server's own page.",
            inputSchema: [
                "type": "object", "required": ["purpose", "euros"],
                "properties": [
                    "purpose": ["type": "string", "maxLength": 100],
                    "euros": ["type": "integer", "minimum": 1, "maximum": 1000],
                ],
            ],
            scopes: []
        ) { arguments, access, _ in
            guard let purpose = arguments["purpose"]?.string, (1...100).contains(purpose.unicodeScalars.count),
                let euros = arguments["euros"]?.integer, (1...1000).contains(euros)
            else { return .failure("Say what for, in at most 100 characters, and how many whole euros, 1 to 1000.") }
            guard let order = await desk.book.order(purpose, euros: euros, for: access) else {
                return .failure("Too many orders are open.")
            }
            // The own book counts, not which elicitation ended: its ticket could have been carried to another order.
            guard await desk.book.deliver(order) else { return payment(of: order, at: desk) }
            return .text("Paid \(euros) € for \(purpose), order \(order.number).")
        }
    }

    private static func payment(of order: OrderBook.Order, at desk: PaymentService) -> Outcome {
        guard
            let request = try? ElicitationRequest.external(
                url: "\(desk.address)?order=\(order.number)", message: "Pay \(order.euros) € for \(order.purpose).")
        else { return .failure("Nobody can be sent to the page of this server.") }
        return .asks(request)
    }
}
