import JOSE

/// The kind of an identifier, which its prefix shows.
package protocol IdentifierKind: Sendable {
    /// The letters before the random part, including the underscore.
    static var prefix: String { get }
}

/// A random identifier of 128 bits behind a prefix. It is never sequential, so that it reveals nothing and cannot be guessed.
package struct Identifier<Kind: IdentifierKind>: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Prefix and 22 base64url characters.
    package let string: String

    /// Parses an identifier in its canonical spelling; nil for any other.
    package init?(_ text: some StringProtocol) {
        self.init(spelled: String(text))
    }

    /// Parses a `String` without the generic overhead, for database rows.
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

    /// A new random identifier.
    package static func random() -> Self { Self(suffix: Random.token(16)) }

    /// The 16 bytes behind the prefix.
    package var bytes: [UInt8] { Base64URL.decode(string, behind: Kind.prefix.utf8.count) ?? [] }

    /// The identifier itself.
    package var description: String { string }

    /// Orders by spelling: an arbitrary but stable order.
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
/// Marks `InvitationID`.
package enum InvitationKind: IdentifierKind {
    /// `inv_`
    package static let prefix = "inv_"
}

/// Marks `GroupID`.
package enum GroupKind: IdentifierKind {
    /// `grp_`
    package static let prefix = "grp_"
}

/// A user inside tokens (`sub`), with a prefix of its own so that no client id can look like one.
package typealias Subject = Identifier<SubjectKind>
/// A user's account.
package typealias UserID = Identifier<UserKind>
/// A credential of an account.
package typealias CredentialID = Identifier<CredentialIDKind>
/// A registered MCP server; also its `client_id` at Gatehouse.
package typealias ResourceID = Identifier<ResourceKind>
/// A session: the `sid` of its tokens and the family of its refresh tokens.
package typealias SessionID = Identifier<SessionKind>
/// A request that waits for its user.
package typealias InteractionID = Identifier<InteractionKind>
/// A user's login in one browser.
package typealias BrowserLoginID = Identifier<BrowserLoginKind>
/// An MCP server's handle of an elicitation; never part of a URL for users.
package typealias ElicitationID = Identifier<ElicitationIDKind>
/// The public id of an elicitation's page; it grants nothing by itself.
package typealias ElicitationPageID = Identifier<ElicitationPageKind>
/// A security event: its `jti`, the same in every delivery.
package typealias EventID = Identifier<EventKind>
/// A user's account at a provider, connected for one MCP server.
package typealias ConnectionID = Identifier<ConnectionKind>
/// Background work of an MCP server for a user, within a session.
package typealias JobID = Identifier<JobKind>
/// An initial access token, with which clients register themselves.
package typealias InvitationID = Identifier<InvitationKind>
/// A group of users, which access rules name.
package typealias GroupID = Identifier<GroupKind>
