import JOSE

/// What an identifier identifies, and the prefix that tells so at sight.
package protocol IdentifierKind: Sendable {
    /// The letters before the random part, underscore included.
    static var prefix: String { get }
}

/// A random identifier of 128 bits behind a prefix: never a sequence, so that it tells nothing and cannot be guessed.
package struct Identifier<Kind: IdentifierKind>: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Prefix and 22 base64url characters.
    package let string: String

    /// Reads an identifier in its one canonical spelling.
    package init?(_ text: some StringProtocol) {
        self.init(spelled: String(text))
    }

    /// The same, for readers of rows, which have nothing but strings.
    package init?(spelled text: String) {
        let prefix = Kind.prefix
        guard text.utf8.count == prefix.utf8.count + 22, text.hasPrefix(prefix),
            Base64URL.isCanonical(text, behind: prefix.utf8.count)
        else { return nil }
        string = text
    }

    /// Makes the identifier of these 16 bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        string = Kind.prefix + Base64URL.encode(bytes)
    }

    private init(suffix: String) {
        string = Kind.prefix + suffix
    }

    /// A new one.
    package static func random() -> Self { Self(suffix: Random.token(16)) }

    /// The 16 bytes behind the prefix.
    package var bytes: [UInt8] { Base64URL.decode(string, behind: Kind.prefix.utf8.count) ?? [] }

    /// The identifier itself.
    package var description: String { string }

    /// Orders by spelling, which means nothing but is stable.
    package static func < (one: Self, other: Self) -> Bool { one.string < other.string }
}

/// Marks `Subject`.
package enum SubjectKind: IdentifierKind {
    /// `sub_`
    package static let prefix = "sub_"
}
/// Marks `UserID`.
package enum UserKind: IdentifierKind {
    /// `usr_`
    package static let prefix = "usr_"
}
/// Marks `CredentialID`.
package enum CredentialIDKind: IdentifierKind {
    /// `crd_`
    package static let prefix = "crd_"
}
/// Marks `ResourceID`.
package enum ResourceKind: IdentifierKind {
    /// `res_`
    package static let prefix = "res_"
}
/// Marks `SessionID`.
package enum SessionKind: IdentifierKind {
    /// `ses_`
    package static let prefix = "ses_"
}
/// Marks `InteractionID`.
package enum InteractionKind: IdentifierKind {
    /// `int_`
    package static let prefix = "int_"
}
/// Marks `BrowserLoginID`.
package enum BrowserLoginKind: IdentifierKind {
    /// `brs_`
    package static let prefix = "brs_"
}
/// Marks `ElicitationID`.
package enum ElicitationIDKind: IdentifierKind {
    /// `eli_`
    package static let prefix = "eli_"
}
/// Marks `ElicitationPageID`.
package enum ElicitationPageKind: IdentifierKind {
    /// `ask_`
    package static let prefix = "ask_"
}
/// Marks `EventID`.
package enum EventKind: IdentifierKind {
    /// `evt_`
    package static let prefix = "evt_"
}
/// Marks `ConnectionID`.
package enum ConnectionKind: IdentifierKind {
    /// `con_`
    package static let prefix = "con_"
}
/// Marks `JobID`.
package enum JobKind: IdentifierKind {
    /// `job_`
    package static let prefix = "job_"
}

/// A person inside tokens: `sub`, in a namespace of its own, so that no client id can look like it.
package typealias Subject = Identifier<SubjectKind>
/// A person's account.
package typealias UserID = Identifier<UserKind>
/// What an account proves itself with.
package typealias CredentialID = Identifier<CredentialIDKind>
/// A registered MCP server, and its `client_id` when it calls.
package typealias ResourceID = Identifier<ResourceKind>
/// A session: `sid` in every token, and the family of its refresh tokens.
package typealias SessionID = Identifier<SessionKind>
/// A request that waits for its person.
package typealias InteractionID = Identifier<InteractionKind>
/// A person's login in one browser.
package typealias BrowserLoginID = Identifier<BrowserLoginKind>
/// The handle by which an MCP server asks about an elicitation; never part of a URL that a person opens.
package typealias ElicitationID = Identifier<ElicitationIDKind>
/// The public name of an elicitation's page; knowing it lets nobody ask or act.
package typealias ElicitationPageID = Identifier<ElicitationPageKind>
/// A security event: its `jti`, the same in every delivery.
package typealias EventID = Identifier<EventKind>
/// A person's account at a provider, connected for one MCP server.
package typealias ConnectionID = Identifier<ConnectionKind>
/// Work that an MCP server goes on with in a person's name, as long as the session lives.
package typealias JobID = Identifier<JobKind>
