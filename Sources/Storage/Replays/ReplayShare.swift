import JOSE

/// A part of the memory of one-time tokens with a limit of its own: a party that fills its share keeps no other party out.
package struct ReplayShare: Hashable, Sendable {
    /// The most tokens of one party: 750 authentications each second, day and night, with assertions that live for ten minutes.
    static let mostOfOne = 500_000
    /// The most tokens of all parties together for which nobody vouches.
    static let mostOfStrangers = 50_000

    /// The name under which the share is counted.
    let name: Digest
    /// The most tokens in the share.
    let limit: Int

    /// The share of one party that an administrator or a user accepted.
    package static func own(of party: String, for purpose: String) -> ReplayShare {
        ReplayShare(name: Replays.digest(purpose: purpose, party: party, token: ""), limit: mostOfOne)
    }

    /// The one share of all parties for which nobody vouches. Anybody can become such a party, and any number of them.
    package static func strangers(for purpose: String) -> ReplayShare {
        ReplayShare(name: Replays.digest(purpose: purpose, party: "", token: ""), limit: mostOfStrangers)
    }

    /// The same share with another limit.
    func limited(to limit: Int) -> ReplayShare { ReplayShare(name: name, limit: limit) }
}
