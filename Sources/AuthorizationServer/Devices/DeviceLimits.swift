import OAuth

/// The limits of the device grant that are kept in memory. Those of open requests are in the database.
struct DeviceLimits: Sendable {
    /// The requests of each network for new codes.
    let requests = SourceLimit(burst: 60, perMinute: 30)
    /// The wrong codes that each user types. At most 30 pass in a day.
    ///
    /// Only signed-in users can try codes, so an attacker needs an account for each further 30.
    private let wrongCodesOfUsers = RateLimit<UserID>(burst: 6, every: 3600)
    /// The wrong codes that all users of a network type, whatever accounts they have.
    private let wrongCodesOfNetworks = NetworkLimit(burst: 60, every: 600)

    /// Counts the code that a user types, before anything is looked up. Returns nil, or the seconds to wait.
    func admit(_ user: UserID, from source: RequestSource, now: Timestamp) -> Int64? {
        if let wait = wrongCodesOfUsers.admit(user, now: now) { return wait }
        guard let wait = wrongCodesOfNetworks.admit(source.network, now: now) else { return nil }
        wrongCodesOfUsers.giveBack(user)
        return wait
    }

    /// Takes the count of a code back that was right. Earlier wrong codes still count.
    func giveBack(_ user: UserID, from source: RequestSource) {
        wrongCodesOfUsers.giveBack(user)
        wrongCodesOfNetworks.giveBack(source.network)
    }
}
