package import JOSE

/// A part of an audit record that names or describes a person. The chain covers its salted digest, so that it can be
/// erased without a break and cannot be guessed back from what remains.
package struct PersonalField: Hashable, Sendable {
    /// Which part; in this order they are sealed.
    package enum Name: String, CaseIterable, Hashable, Sendable {
        case address, claimed, explanation
    }

    /// What is left of it.
    package enum Content: Hashable, Sendable {
        case kept(String, salt: [UInt8])
        /// Gone, by the record of this number in the main chain.
        case erased(by: Int64)
    }

    package let name: Name
    package let digest: Digest
    package let content: Content

    /// A field as it was stored.
    package init(_ name: Name, digest: Digest, content: Content) {
        self.name = name
        self.digest = digest
        self.content = content
    }

    /// A new field under a new salt.
    init(_ name: Name, _ text: String) {
        let salt = Random.bytes(16)
        self.init(name, digest: Self.digest(name, text, salt), content: .kept(text, salt: salt))
    }

    /// The text, if it was not erased.
    package var text: String? { if case .kept(let text, _) = content { text } else { nil } }

    /// The record that erased it.
    package var erasedBy: Int64? { if case .erased(let by) = content { by } else { nil } }

    /// Whether the text is the one that the digest was made of; what is erased cannot be told.
    var isIntact: Bool {
        guard case .kept(let text, let salt) = content else { return true }
        return salt.count == 16 && digest == Self.digest(name, text, salt)
    }

    /// What the chain covers: all fields' digests in one; nil without fields.
    static func seal(_ fields: [PersonalField]) -> Digest? {
        guard !fields.isEmpty else { return nil }
        var bytes = CanonicalBytes(label: "gatehouse audit personal 1")
        for field in fields {
            bytes.add(field.name.rawValue)
            bytes.add(field.digest.bytes)
        }
        return .sha256(bytes.bytes)
    }

    private static func digest(_ name: Name, _ text: String, _ salt: [UInt8]) -> Digest {
        var bytes = CanonicalBytes(label: "gatehouse audit field 1")
        bytes.add(salt)
        bytes.add(name.rawValue)
        bytes.add(text)
        return .sha256(bytes.bytes)
    }
}

extension AuditEntry {
    /// What goes beside the chain.
    var personalFields: [PersonalField] {
        var claimed: String?
        if case .admin(_, let name) = actor { claimed = name }
        let texts: [(PersonalField.Name, String?)] = [
            (.address, address), (.claimed, claimed), (.explanation, explanation),
        ]
        return texts.compactMap { name, text in text.map { PersonalField(name, $0) } }
    }
}
