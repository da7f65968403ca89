import JOSE
import ResourceServer

/// Users' orders, in memory and bounded.
actor OrderBook {
    /// One order of a user through a client.
    struct Order: Sendable, Equatable {
        let number: String
        let subject: String
        let clientID: String
        let purpose: String
        let euros: Int64
        var isPaid = false
    }

    /// Bounds memory: this example persists nothing.
    static let maximumUsers = 1000
    static let maximumOrders = 20

    private var orders: [String: [Order]] = [:]

    /// The order for a call: repeated calls get the same order until it is delivered; nil when the book is full.
    func order(_ purpose: String, euros: Int64, for access: Access) -> Order? {
        var own = orders[access.subject] ?? []
        if let known = own.first(where: {
            $0.clientID == access.clientID && $0.purpose == purpose && $0.euros == euros
        }) {
            return known
        }
        guard orders[access.subject] != nil || orders.count < Self.maximumUsers else { return nil }
        if own.count >= Self.maximumOrders {
            // The oldest unpaid order is dropped; a paid one is owed.
            guard let oldest = own.firstIndex(where: { !$0.isPaid }) else { return nil }
            own.remove(at: oldest)
        }
        let made = Order(
            number: Random.token(12), subject: access.subject, clientID: access.clientID, purpose: purpose, euros: euros
        )
        orders[access.subject] = own + [made]
        return made
    }

    /// The order with this number, if it belongs to this user and client.
    func order(_ number: String, of subject: String, by client: String) -> Order? {
        orders[subject]?.first { $0.number == number && $0.clientID == client }
    }

    /// Marks an order as paid; returns whether it exists.
    func pay(_ order: Order) -> Bool {
        guard let place = place(of: order) else { return false }
        orders[order.subject]?[place].isPaid = true
        return true
    }

    /// Removes a paid order; returns true to exactly one of concurrent callers.
    func deliver(_ order: Order) -> Bool {
        guard let place = place(of: order), orders[order.subject]?[place].isPaid == true else { return false }
        orders[order.subject]?.remove(at: place)
        return true
    }

    private func place(of order: Order) -> Int? {
        orders[order.subject]?.firstIndex { $0.number == order.number }
    }
}
