/// The reason that an administrator states for an act (`--reason`). It is set around a request, so that every record that the
/// request writes in the administrator's name carries it, whichever verb writes the record.
package enum StatedReason {
    /// The reason of the present request; nil if none was stated.
    @TaskLocal package static var current: String?
}

extension AuditEntry {
    /// The entry with the reason that its administrator stated. An entry of another actor stays as it is, as does one that has
    /// the reason already.
    func stating(_ reason: String?) -> AuditEntry {
        guard let reason, case .admin = actor, explanation != reason else { return self }
        var entry = self
        entry.explanation = explanation.map { "\($0); \(reason)" } ?? reason
        return entry
    }
}
