import JOSE
import OAuth
import Storage

/// What it costs to put the keys of a purpose out of use at once, in words for the operator who is asked.
struct KeyReplacementImpact {
    /// The words.
    let sentence: String

    init(of purpose: KeyRing.Purpose, in transaction: Transaction, at now: Timestamp) throws {
        switch purpose {
        case .signing(.tokens):
            let live = try transaction.sessions.liveCounts(SessionFilter(), now: now)
            sentence = """
                Every access token is refused from now on. \(Self.count(live.sessions, "live session goes on", "live sessions go on")): \
                clients refresh, and those without a refresh token ask their people again. MCP servers that verify locally take \
                old tokens until they fetch the keys again, which the Swift library does within five minutes.
                """
        case .signing(.events):
            let waiting = try transaction.events.waitingCount()
            sentence = """
                Events, approvals and audit checkpoints are signed with a new key. \
                \(Self.count(waiting, "waiting event is", "waiting events are")) sent under the same jti with a new signature. \
                Receivers refuse what the old key signed as soon as they fetch the keys again, and may refuse the new key until then.
                """
        case .secret(.refresh):
            let live = try transaction.sessions.liveCounts(SessionFilter(), now: now)
            sentence = """
                Every session ends: \(Self.count(live.sessions, "live session", "live sessions")) of \
                \(Self.count(live.people, "person", "people")), who have to approve their clients again.
                """
        case .secret(.code):
            let open = try transaction.codes.openCount(now: now)
            sentence = """
                \(Self.count(open, "authorization code that waits to be redeemed is void", "authorization codes that wait to be redeemed are void")); \
                their people approve again.
                """
        case .secret(.form):
            sentence = """
                Every page that is open in a browser is void: who is signing in, approving or answering has to start again.
                """
        case .secret(.sealing):
            let sealed = try transaction.sealedValues.list()
            sentence = """
                \(Self.count(sealed, "sealed value is", "sealed values are")) sealed with a new key, and the old keys are erased. \
                Nothing opens the sealed values of an older backup any more. Whoever has the old key and a copy of the database \
                can read what was sealed: replace client secrets at the providers, and revoke connections.
                """
        }
    }

    /// A number with what it counts.
    static func count(_ number: Int64, _ one: String, _ many: String) -> String {
        "\(number) \(number == 1 ? one : many)"
    }
}
