import JOSE
import OAuth
import Storage

/// The consequences of ending every key of a purpose at once, for the confirmation before it.
struct KeyReplacementImpact {
    /// The consequences, in a few sentences.
    let sentence: String

    init(of purpose: KeyRing.Purpose, in transaction: Transaction, at now: Timestamp) throws {
        switch purpose {
        case .signing(.tokens):
            let live = try transaction.sessionReports.liveCounts(SessionFilter(), now: now)
            sentence = """
                Every access token is rejected from now on. \(Self.count(live.sessions, "live session continues", "live sessions continue")): \
                clients refresh, and clients without a refresh token ask their users again. MCP servers that verify tokens \
                themselves accept old tokens until they fetch the keys again; the Swift library does so within five minutes.
                """
        case .signing(.events):
            let waiting = try transaction.events.waitingCount()
            sentence = """
                A new key signs events, approvals and audit checkpoints. \
                \(Self.count(waiting, "waiting event is", "waiting events are")) sent with the same jti and a new signature. \
                Receivers reject signatures of the old key once they fetch the keys again, and may reject the new key until then.
                """
        case .signing(.assertions):
            let names = try transaction.identityProviders.list().filter { $0.assertionAudience != nil }.map(
                \.name.string)
            sentence =
                names.isEmpty
                ? "No identity provider was added with --jwks-key, so nothing depends on these keys."
                : """
                Gatehouse authenticates with a new key at \(names.joined(separator: ", ")). Sign-ins there fail until the \
                identity provider has the new key: some fetch it, at others you replace it. 'gatehouse identity-providers \
                show NAME' prints it.
                """
        case .secret(.refresh):
            let keys = try transaction.refreshKeysInUse()
            let live =
                try keys.isEmpty
                ? nil : transaction.sessionReports.liveCounts(SessionFilter(refreshKeys: keys), now: now)
            sentence = """
                Every session of a user is revoked: \(Self.count(live?.sessions ?? 0, "live session", "live sessions")) of \
                \(Self.count(live?.people ?? 0, "user", "users")), who have to approve their clients again.
                """
        case .secret(.code):
            let open = try transaction.codes.openCount(now: now)
            sentence = """
                \(Self.count(open, "unredeemed authorization code becomes invalid", "unredeemed authorization codes become invalid")); \
                their users approve again.
                """
        case .secret(.form):
            sentence = """
                Every open page becomes invalid: users who are signing in, approving or answering have to start again.
                """
        case .secret(.sealing):
            let sealed = try transaction.sealedValues.count()
            sentence = """
                \(Self.count(sealed, "sealed value is", "sealed values are")) sealed with a new key, and the old keys are erased. \
                No key opens the sealed values in older backups any more. The old key and a copy of the database together still \
                reveal the secrets: replace client secrets at the providers, and revoke connections.
                """
        }
    }

    /// A number with its noun.
    static func count(_ number: Int64, _ one: String, _ many: String) -> String {
        "\(number) \(number == 1 ? one : many)"
    }
}
