package import JOSE

/// A part of an audit record that identifies or describes a human. The chain covers only its salted digest, so the text can
/// be erased without breaking the chain, and the remaining digest does not let anybody guess it.
package struct PersonalField: Hashable, Sendable {
    /// The part of the record. The seal covers the fields in the order of these names.
    package enum Name: String, CaseIterable, Hashable, Sendable {
        case address, changes, claimed, explanation
    }

    /// The text, or the record of its erasure.
    package enum Content: Hashable, Sendable {
        case kept(String, salt: [UInt8])
        /// Erased, as the record of this number in the main chain states.
        case erased(by: Int64)
    }

    package let name: Name
    /// SHA-256 over salt, name and text; it stays after an erasure.
    package let digest: Digest
    package let content: Content

    /// A field in its stored form.
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

    /// The text; nil after its erasure.
    package var text: String? { if case .kept(let text, _) = content { text } else { nil } }

    /// The number of the record of its erasure; nil before.
    package var erasedBy: Int64? { if case .erased(let by) = content { by } else { nil } }

    /// Whether the text matches the digest; an erased field always does.
    var isIntact: Bool {
        guard case .kept(let text, let salt) = content else { return true }
        return salt.count == 16 && digest == Self.digest(name, text, salt)
    }

    /// One digest over the digests of all fields, which the chain covers; nil without fields.
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
    /// The personal fields of the entry, each with a new salt.
    var personalFields: [PersonalField] {
        var claimed: String?
        if case .admin(_, let name) = actor { claimed = name }
        let texts: [(PersonalField.Name, String?)] = [
            (.address, address), (.changes, changes.isEmpty ? nil : AuditChange.json(changes).text),
            (.claimed, claimed), (.explanation, explanation),
        ]
        return texts.compactMap { name, text in text.map { PersonalField(name, $0) } }
    }
}
