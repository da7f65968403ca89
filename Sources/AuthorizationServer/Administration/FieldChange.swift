import JOSE
import Storage

/// One property that a change gives another value, as a preview shows it.
struct FieldChange: Hashable, Sendable {
    /// The property, such as `owner`.
    let field: String
    /// The value before; nil for what is new.
    let before: String?
    /// The value after; nil for what is removed.
    let after: String?

    /// A change from one value to another; nil if both are the same.
    init?(_ field: String, from before: String?, to after: String?) {
        guard before != after else { return nil }
        self.field = field
        self.before = before
        self.after = after
    }

    /// The change as an audit record keeps it.
    var recorded: AuditChange { AuditChange(field, from: before, to: after) }

    /// The change as a member of a list.
    var row: JSON { .object(["field": .string(field), "from": JSON(before), "to": JSON(after)]) }
}
