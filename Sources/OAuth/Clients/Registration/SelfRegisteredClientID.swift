package import JOSE

/// The identifiers of clients that registered themselves.
extension ClientID {
    private static let publicPrefix = "dyn_"
    private static let confidentialPrefix = "dyc_"

    /// Whether the id has the form of a client that registered itself: `dyn_` and 43 characters for a public client, `dyc_` and
    /// 22 for a client of one registrant. Such a client has a name and redirects that no operator vouches for.
    package var isSelfRegistered: Bool {
        switch string.utf8.count {
        case 47: string.hasPrefix(Self.publicPrefix) && Base64URL.isCanonical(string, behind: 4)
        case 26: string.hasPrefix(Self.confidentialPrefix) && Base64URL.isCanonical(string, behind: 4)
        default: false
        }
    }

    /// Whether an operator may not choose the id, because it begins like those of clients that registered themselves.
    package var isReservedForRegistration: Bool {
        string.hasPrefix(Self.publicPrefix) || string.hasPrefix(Self.confidentialPrefix)
    }

    /// The id of a public client, which derives from its metadata: the same registration always gives the same client.
    package static func ofPublicClient(_ metadata: Digest) throws(OAuthValueError) -> ClientID {
        try ClientID(publicPrefix + metadata.base64URL)
    }

    /// A random id for a client of one registrant.
    package static func ofOneRegistrant() throws(OAuthValueError) -> ClientID {
        try ClientID(confidentialPrefix + Random.token(16))
    }
}
