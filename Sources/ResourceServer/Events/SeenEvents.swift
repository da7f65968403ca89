/// The identifiers of recent events, so that a repeated event is not handled twice.
///
/// Spec: RFC 8935 §2.2
struct SeenEvents {
    private let limit: Int
    /// Handled events; `order` is a ring that names the oldest one.
    private var names: Set<String> = []
    private var order: [String] = []
    private var next = 0
    /// Events whose handler is running.
    private var underWay: Set<String> = []

    init(limit: Int = 10_000) {
        self.limit = limit
    }

    /// Marks an event as being handled; false if it already is.
    mutating func begin(_ name: String) -> Bool { underWay.insert(name).inserted }

    /// Ends the handling; an event that was not handled may arrive again.
    mutating func end(_ name: String, isDone: Bool) {
        underWay.remove(name)
        if isDone { remember(name) }
    }

    func contains(_ name: String) -> Bool { names.contains(name) }

    /// Remembers an event and forgets the oldest one beyond the limit.
    mutating func remember(_ name: String) {
        guard names.insert(name).inserted else { return }
        guard order.count == limit else { return order.append(name) }
        names.remove(order[next])
        order[next] = name
        next = (next + 1) % limit
    }
}
