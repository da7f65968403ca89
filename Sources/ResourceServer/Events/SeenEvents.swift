/// The identifiers of the last events that were taken, so that one that is sent again is not acted on again.
///
/// Spec: RFC 8935 §2.2
struct SeenEvents {
    private let limit: Int
    private var names: Set<String> = []
    private var order: [String] = []
    private var next = 0
    private var underWay: Set<String> = []

    init(limit: Int = 10_000) {
        self.limit = limit
    }

    /// Begins to act on one; false while somebody else does.
    mutating func begin(_ name: String) -> Bool { underWay.insert(name).inserted }

    /// Ends that; what was not done comes again.
    mutating func end(_ name: String, isDone: Bool) {
        underWay.remove(name)
        if isDone { remember(name) }
    }

    func contains(_ name: String) -> Bool { names.contains(name) }

    /// Remembers one and forgets the oldest when there are too many.
    mutating func remember(_ name: String) {
        guard names.insert(name).inserted else { return }
        guard order.count == limit else { return order.append(name) }
        names.remove(order[next])
        order[next] = name
        next = (next + 1) % limit
    }
}
