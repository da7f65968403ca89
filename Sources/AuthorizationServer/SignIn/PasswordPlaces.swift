package import OAuth

extension PasswordHasher {
    /// The party that wants a password checked. Whether the name has an account makes no difference.
    package struct Asker: Hashable, Sendable {
        private enum Kind: Hashable {
            case stranger(String?)
            case known(UserID)
            case form(UserID)
        }

        private let kind: Kind

        /// A browser in which the account has never signed in.
        package static func stranger(from network: ClientNetwork?) -> Asker {
            Asker(kind: .stranger(network?.description))
        }

        /// A browser in which this account has signed in before.
        package static func known(_ user: UserID) -> Asker { Asker(kind: .known(user)) }

        /// A signed-in user who submits a form that asks for secrets.
        package static func form(of user: UserID) -> Asker { Asker(kind: .form(user)) }

        /// Whether the asker may use the places that are reserved for known browsers.
        var isKnown: Bool { if case .known = kind { true } else { false } }

        /// How many places the asker can hold at a time. Two allow a user to press a button twice.
        func limit(perNetwork: Int) -> Int {
            switch kind {
            case .stranger: perNetwork
            case .known: 2
            case .form: 1
            }
        }
    }

    /// The queue places of the hasher. No asker can take all of them, and some are reserved for browsers in which the account
    /// has signed in before.
    package struct Places: Sendable {
        private let forAll: Int
        private let forKnown: Int
        private let perNetwork: Int
        private var taken = 0
        private var held: [Asker: Int] = [:]

        /// `forAll` places for every asker, `forKnown` more for known browsers, and at most `perNetwork` for one network.
        package init(forAll: Int, forKnown: Int, perNetwork: Int) {
            self.forAll = forAll
            self.forKnown = forKnown
            self.perNetwork = perNetwork
        }

        /// Takes a place; false when none is free for this asker.
        package mutating func take(_ asker: Asker) -> Bool {
            let own = held[asker, default: 0]
            guard taken < forAll + (asker.isKnown ? forKnown : 0), own < asker.limit(perNetwork: perNetwork) else {
                return false
            }
            held[asker] = own + 1
            taken += 1
            return true
        }

        /// Frees a place that this asker took.
        package mutating func leave(_ asker: Asker) {
            taken -= 1
            let rest = held[asker, default: 1] - 1
            held[asker] = rest > 0 ? rest : nil
        }
    }
}
