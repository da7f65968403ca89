/// A value that a statement takes in one of its places, in the types that every engine has.
enum BoundValue {
    case null
    case integer(Int64)
    case text(String)
    case bytes([UInt8])
}

/// A type whose values statements take.
protocol Bindable {
    /// The form in which the value is stored.
    var boundValue: BoundValue { get }
}

/// An argument of a statement; nil is NULL.
typealias Value = (any Bindable)?

extension String: Bindable {
    var boundValue: BoundValue { .text(self) }
}

extension Int64: Bindable {
    var boundValue: BoundValue { .integer(self) }
}

extension Int: Bindable {
    var boundValue: BoundValue { .integer(Int64(self)) }
}

extension [UInt8]: Bindable {
    var boundValue: BoundValue { .bytes(self) }
}
