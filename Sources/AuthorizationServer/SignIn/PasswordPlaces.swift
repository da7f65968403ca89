package import OAuth

extension PasswordHasher {
    /// Who wants a password checked. Nobody is told apart by whether a name has an account.
    package struct Asker: Hashable, Sendable {
        private enum Kind: Hashable {
            case stranger(String?)
            case known(UserID)
            case form(UserID)
        }

        private let kind: Kind

        /// Somebody at the sign-in page, in a browser that the account does not know.
        package static func stranger(from network: ClientNetwork?) -> Asker {
            Asker(kind: .stranger(network?.description))
        }

        /// Somebody in a browser in which this account has signed in before.
        package static func known(_ user: UserID) -> Asker { Asker(kind: .known(user)) }

        /// Somebody who is signed in and fills in a form that asks for secrets.
        package static func form(of user: UserID) -> Asker { Asker(kind: .form(user)) }

        /// Whether the places that are kept for people's own browsers are meant for this one.
        var isKnown: Bool { if case .known = kind { true } else { false } }

        /// How many places it can have at a time; a person presses a button twice at the most.
        func limit(perNetwork: Int) -> Int {
            switch kind {
            case .stranger: perNetwork
            case .known: 2
            case .form: 1
            }
        }
    }

    /// The places in front of the hasher: nobody takes all of them, and some are kept for browsers that people have used before.
    package struct Places: Sendable {
        private let forAll: Int
        private let forKnown: Int
        private let perNetwork: Int
        private var taken = 0
        private var held: [Asker: Int] = [:]

        /// So many places for everybody, so many more for known browsers, and so many at most for one network.
        package init(forAll: Int, forKnown: Int, perNetwork: Int) {
            self.forAll = forAll
            self.forKnown = forKnown
            self.perNetwork = perNetwork
        }

        /// Takes a place; false when there is none for this asker.
        package mutating func take(_ asker: Asker) -> Bool {
            let own = held[asker, default: 0]
            guard taken < forAll + (asker.isKnown ? forKnown : 0), own < asker.limit(perNetwork: perNetwork) else {
                return false
            }
            held[asker] = own + 1
            taken += 1
            return true
        }

        /// Gives the place back that this asker took.
        package mutating func leave(_ asker: Asker) {
            taken -= 1
            let rest = held[asker, default: 1] - 1
            held[asker] = rest > 0 ? rest : nil
        }
    }
}
