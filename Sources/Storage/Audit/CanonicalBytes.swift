/// A byte string of fields, each behind its length, so that no two lists of fields give the same bytes.
struct CanonicalBytes {
    private(set) var bytes: [UInt8]

    init(label: String) {
        bytes = []
        bytes.reserveCapacity(640)
        add(label)
    }

    mutating func add(_ field: [UInt8]?) {
        guard let field else { return addLength(-1) }
        addLength(field.count)
        bytes.append(contentsOf: field)
    }

    mutating func add(_ text: String?) {
        guard let text else { return addLength(-1) }
        addLength(text.utf8.count)
        bytes.append(contentsOf: text.utf8)
    }

    mutating func add(_ number: Int64?) {
        guard let number else { return addLength(-1) }
        addLength(8)
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    // Nil has the length -1, so that it differs from an empty text.
    private mutating func addLength(_ length: Int) {
        withUnsafeBytes(of: Int32(length).bigEndian) { bytes.append(contentsOf: $0) }
    }
}
