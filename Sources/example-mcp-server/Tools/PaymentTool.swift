import JOSE
import ResourceServer

/// A tool whose user pays on a page of this MCP server.
enum PaymentTool {
    static func pay(at desk: PaymentService) -> Tool {
        Tool(
            name: "pay", title: "Pay",
            description: "Buys something after you pay for it on this server's own page.",
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
            else {
                return .failure("Give the purpose in at most 100 characters and the price in whole euros, 1 to 1000.")
            }
            guard let order = await desk.book.order(purpose, euros: euros, for: access) else {
                return .failure("Too many orders are open. Pay or decline one of them first.")
            }
            // The order book decides, not which elicitation completed: a user could have carried its ticket to another order.
            guard await desk.book.deliver(order) else { return payment(of: order, at: desk) }
            return .text("Paid \(euros) € for \(purpose), order \(order.number).")
        }
    }

    private static func payment(of order: OrderBook.Order, at desk: PaymentService) -> Tool.Outcome {
        guard
            let request = try? ElicitationRequest.external(
                url: "\(desk.address)?order=\(order.number)", message: "Pay \(order.euros) € for \(order.purpose).")
        else { return .failure("The link to the payment page could not be created.") }
        return .asks(request)
    }
}
