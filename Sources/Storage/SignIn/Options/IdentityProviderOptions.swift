package import OAuth

/// Every option of an identity provider.
///
/// A declaration is all that an option needs: its flags of `identity-providers`, its check, its place in the database, in the record of a
/// change and in `show` follow from it. `IdentityProviderSettings` has the value under the name of the declaration.
package struct IdentityProviderOptions: Sendable {
    /// Which accounts here belong to accounts at the provider.
    package let accounts = IdentityProviderOption(
        "accounts", .word(AccountRule.create),
        help: "What an unknown account of the provider becomes: create, link or invited; create if omitted.",
        discussion:
            "create makes a new user, never an existing one. link lets users link the account on their account page. "
            + "invited admits only accounts with an invitation.")
    /// The domains that may sign in, in lower case; empty for any.
    package let domains = IdentityProviderOption(
        "domains", flag: "allow-domain", .domains,
        help: "Domain whose accounts may sign in (repeatable); any if omitted.",
        discussion:
            "Compared with the claim hd, or else with the domain of an e-mail address that the provider verified."
    )
    /// The claim with the user's groups that the operator named; `IdentityProvider.groupClaim` is the one that is read.
    package let groupClaim = IdentityProviderOption(
        "group_claim", .line("The claim", atMost: 100),
        help: "Claim of the ID token with the user's groups; groups if --require-group or --group-refresh is given.")
    /// The groups of which the user must be in one; empty for anybody.
    package let requiredGroups = IdentityProviderOption(
        "required_groups", flag: "require-group", .lines("The group", atMost: 255),
        help: "Group whose members may sign in (repeatable); anybody if omitted.")
    /// Whether the provider is asked for groups again while the user has live sessions.
    package let refreshesGroups = IdentityProviderOption(
        "group_refresh", .flag,
        help: "Ask the provider for the user's groups again, at most once an hour while the user has live sessions.",
        discussion: "Requests the scope offline_access. The provider's refresh token is stored sealed.")
    /// What a logout at the provider ends here.
    package let logout = IdentityProviderOption(
        "logout", .word(LogoutReach.logins),
        help: "What a logout at the provider ends here: logins or sessions; logins if omitted.",
        discussion:
            "The provider reports logouts to /sign-in/NAME/logout. logins ends the user's browser logins; sessions also "
            + "revokes the access of all the user's apps.")
    /// The contexts that the operator named; `IdentityProvider.contexts` has those of the metadata as well.
    package let contexts = IdentityProviderOption(
        "acr", .contexts,
        help: "Authentication context (acr) that the provider can be asked for (repeatable).",
        discussion: "Those that its metadata lists in acr_values_supported are known without this option.")
    /// The scopes that a sign-in requests besides `openid`.
    package let scope = IdentityProviderOption(
        "scope", .scope([.profile, .email]),
        help: "Scope to request besides openid (repeatable); profile and email if omitted.")

    /// The declarations.
    static let all = IdentityProviderOptions()
    /// The same, in their order.
    package static let declared = Mirror(reflecting: all).children.compactMap {
        $0.value as? any DeclaredIdentityProviderOption
    }

    /// The name of the option that this member declares.
    package static func key<Value>(of option: KeyPath<Self, IdentityProviderOption<Value>>) -> IdentityProviderOptionKey
    {
        all[keyPath: option].key
    }
}

extension IdentityProviderOptions {
    /// Which accounts here belong to accounts at the provider.
    package enum AccountRule: String, Hashable, Sendable, CaseIterable {
        /// An unknown account becomes a new account here, never an existing one.
        case create
        /// A user who is signed in here links the account; an unknown account is refused.
        case link
        /// Only an invitation that names the provider adds an account; an unknown account is refused.
        case invited
    }

    /// What a logout at the provider ends here.
    package enum LogoutReach: String, Hashable, Sendable, CaseIterable {
        /// The browser logins of the user or of the session.
        case logins
        /// The browser logins, and the access of all the user's apps.
        case sessions
    }
}
