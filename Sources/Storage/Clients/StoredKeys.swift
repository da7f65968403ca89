import OAuth

extension ClientKeys {
    /// The JWK set in its column; nil for keys at a URL.
    var storedSet: [UInt8]? { if case .inline(let bytes) = self { bytes } else { nil } }
    /// The URL in its column; nil for keys that were given by value.
    var storedURL: String? { if case .url(let url) = self { url } else { nil } }
}

extension StoredRow {
    /// The keys in two columns: the set and, behind it, the URL. Nil where both are NULL.
    func keysIfAny(_ index: Int) throws -> ClientKeys? {
        if let bytes = try bytesIfAny(index) { return .inline(bytes) }
        return try textIfAny(index + 1).map { .url($0) }
    }
}
