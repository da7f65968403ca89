import OAuth

/// A column of `resource_policies`, and the property of a policy that it holds. The statements that read and write policies follow
/// from the list.
struct PolicyColumn: Sendable {
    let name: String
    let read: @Sendable (StoredRow, Int, inout ResourcePolicy) throws -> Void
    let value: @Sendable (ResourcePolicy) -> Value

    private init<Property: StoredPolicyValue>(
        _ name: String, _ property: any WritableKeyPath<ResourcePolicy, Property> & Sendable
    ) {
        self.name = name
        read = { row, index, policy in policy[keyPath: property] = try Property(row, index) }
        value = { $0[keyPath: property].policyColumn }
    }

    /// Every column but those of the access rule, which `AccessRules` owns.
    static let all = [
        PolicyColumn("elicitation_kinds", \.elicitationKinds), PolicyColumn("external_hosts", \.externalHosts),
        PolicyColumn("ends_connections", \.endsConnections), PolicyColumn("longest_session", \.sessions.longest),
        PolicyColumn("idle_limit", \.sessions.idle), PolicyColumn("session_choices", \.sessions.choices),
        PolicyColumn("token_life", \.sessions.tokenLife), PolicyColumn("client_hosts", \.sessions.clientHosts),
        PolicyColumn("service_session", \.sessions.service), PolicyColumn("allows_device", \.sessions.allowsDevice),
    ]

    /// The names for a statement, in the order of the list.
    static let names = all.map(\.name).joined(separator: ", ")
    /// A place for each value behind `?1`.
    static let places = (2...all.count + 1).map { "?\($0)" }.joined(separator: ", ")
    /// The assignments of an update in place of an insert.
    static let assignments = all.map { "\($0.name) = excluded.\($0.name)" }.joined(separator: ", ")
}

/// A value of a policy, as a column holds it.
protocol StoredPolicyValue: SendableMetatype {
    init(_ row: StoredRow, _ index: Int) throws
    var policyColumn: Value { get }
}

extension Bool: StoredPolicyValue {
    init(_ row: StoredRow, _ index: Int) throws { self = try row.flag(index) }
    var policyColumn: Value { self ? 1 : 0 }
}

extension Optional: StoredPolicyValue where Wrapped == Int64 {
    init(_ row: StoredRow, _ index: Int) throws { self = try row.integerIfAny(index) }
    var policyColumn: Value { self }
}

// Words are separated by blanks, which queries rely on.
extension Array: StoredPolicyValue where Element: PolicyWord {
    init(_ row: StoredRow, _ index: Int) throws {
        self = try row.text(index).split(separator: " ").map { try row.parsed(Element(policyWord: String($0))) }
    }
    var policyColumn: Value { map(\.policyWord).joined(separator: " ") }
}

extension Set: StoredPolicyValue where Element == ElicitationKind {
    init(_ row: StoredRow, _ index: Int) throws {
        self = Set(
            try row.text(index).split(separator: " ").map { try row.parsed(ElicitationKind(rawValue: String($0))) })
    }
    var policyColumn: Value { sorted().map(\.rawValue).joined(separator: " ") }
}

/// An entry of a list in a policy.
protocol PolicyWord {
    init?(policyWord: String)
    var policyWord: String { get }
}

extension String: PolicyWord {
    init?(policyWord: String) { self = policyWord }
    var policyWord: String { self }
}

extension Int64: PolicyWord {
    init?(policyWord: String) { self.init(policyWord) }
    var policyWord: String { String(self) }
}
