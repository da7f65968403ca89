package import Storage

extension StoreError: CustomStringConvertible {
    /// The failure as a part of a sentence: what is wrong and what the operator can do. It begins in lower case and has no
    /// full stop, because it stands behind a colon.
    package var description: String {
        switch self {
        case .missing(let path):
            "no Gatehouse database at \(path); `gatehouse db init` creates one"
        case .locked(let directory):
            "another Gatehouse process uses \(directory); stop it, or talk to it over its admin socket"
        case .permissions(let sentence):
            sentence
        case .newerSchema(let path):
            "\(path) was written by a newer version of Gatehouse; start that version or restore an older backup"
        case .foreign(let path):
            "\(path) is not a Gatehouse database; choose another data directory"
        case .clockSteppedBack(let seconds):
            "the clock is \(seconds) seconds behind the last time in the database; correct it before starting"
        case .busy:
            "the database is busy; try again"
        case .diskFull:
            "no space is left on the data directory's disk; free some, nothing was written"
        case .constraint(let what):
            "the database refused the change: \(what)"
        case .failed(let what):
            "the database failed (\(what)); check the disk and restart, no further write is accepted"
        case .closed:
            "the database is closed"
        }
    }
}

extension SealedValue.Place: CustomStringConvertible {
    /// The row by its noun and its name.
    package var description: String {
        switch self {
        case .connection(let id): "connection \(id)"
        case .attempt: "an open attempt to connect"
        case .provider(let name): "provider \(name)"
        case .elicitation(let id, _): "elicitation \(id)"
        case .identityProvider(let name): "identity provider \(name)"
        case .signInAttempt: "a sign-in that is under way"
        case .upstreamRefreshToken: "the refresh token of an account at an identity provider"
        }
    }
}
