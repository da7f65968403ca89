import JOSE
import OAuth
import Storage

extension PolicySetting {
    /// Every setting that is a property of `ResourcePolicy`, in the order of rows and of `--help`.
    package static let all = sessions + elicitation

    /// The settings for sessions and tokens.
    static let sessions = [
        PolicySetting(
            "longest_session", option: "longest-session", .one, .length(SessionPolicy.lengths), of: \.sessions.longest,
            help: "Maximum session lifetime that a user can choose, 1m to 365d; 'default' as configured.",
            remark: { keptLimits($2) },
            show: { longest, policy, configured in
                let most = SessionTerms(policy.sessions, configured.sessions).choices.last
                return origin(length(longest ?? most), policy.sessions.limitsChoices)
            }),
        PolicySetting(
            "session_choices", option: "session-choice", .repeated, .choices, of: \.sessions.choices,
            help: """
                Session lifetime that the consent page offers, up to the maximum (repeatable up to 8 times, replaces the list; \
                'default' for the configured ones and the maximum).
                """,
            remark: { keptLimits($2) },
            show: { _, policy, configured in
                let choices = SessionTerms(policy.sessions, configured.sessions).choices
                return origin(.strings(choices.map(Lifetime.text)), policy.sessions.limitsChoices)
            }),
        PolicySetting(
            "idle_limit", option: "idle-limit", .one, .length(SessionPolicy.lengths), of: \.sessions.idle,
            help: "Idle timeout of sessions, 1m to 365d; 'default' as configured.",
            remark: { keptLimits($2) },
            show: { idle, _, configured in origin(length(idle ?? configured.sessions.idle), idle != nil) }),
        PolicySetting(
            "token_life", option: "token-life", .one, .length(SessionPolicy.tokenLives), of: \.sessions.tokenLife,
            help:
                "Lifetime of access tokens, 1m to 60m, also for clients that cannot refresh; 'default' as configured.",
            remark: { _, _, _ in "The new lifetime applies to tokens issued from now on." },
            show: { life, _, configured in origin(length(life ?? configured.tokens.access), life != nil) }),
        PolicySetting(
            "service_session", option: "service-session", .one, .length(SessionPolicy.lengths), of: \.sessions.service,
            help: """
                Lifetime of the sessions of clients that act for themselves, 1m to 365d; 'default' for 24h, or the maximum \
                session lifetime if that is shorter.
                """,
            remark: { keptLimits($2) },
            show: { service, policy, configured in
                let terms = SessionTerms(policy.sessions, configured.sessions)
                return origin(length(terms.service), terms.service != SessionTerms.serviceLength || service != nil)
            }),
        PolicySetting(
            "client_hosts", option: "client-host", .repeated, .clientHosts, of: \.sessions.clientHosts,
            help: """
                Allow only clients with a metadata document on this host (repeatable, replaces the list; 'any' for every host). \
                Sessions of clients on other hosts are revoked. Clients registered with 'clients add' stay allowed.
                """,
            endsSessions: true, show: { hosts, _, _ in origin(.strings(hosts), !hosts.isEmpty) }),
        PolicySetting(
            "device_grant", option: "device", .flag, .yesOrNo, of: \.sessions.allowsDevice,
            help: "Whether permitted clients may begin on a device without a browser (device grant, RFC 8628).",
            remark: { old, _, _ in
                old
                    ? "Sessions that began on a device stay live. 'gatehouse sessions show ID' says how one began."
                    : nil
            },
            show: { allows, _, _ in origin(.bool(allows), !allows) }),
    ]

    /// What it may ask users for.
    static let elicitation = [
        PolicySetting(
            "elicitation", option: "elicitation", .commas, .elicitationKinds, of: \.elicitationKinds,
            help: "Kinds of elicitation that it may create, such as confirm,secret; '' for none."),
        PolicySetting(
            "external_hosts", option: "external-host", .repeated, .externalHosts, of: \.externalHosts,
            help: "Host to which it may send users for an external step (repeatable, replaces the list; '' for none)."),
        PolicySetting(
            "ends_connections", option: "revoke-connections", .yesOrNo, .yesOrNo, of: \.endsConnections,
            help: "Whether a user's connections for it are revoked with the user's last session there.",
            show: { ends, _, _ in .bool(ends) }),
    ]

    /// A value with its origin.
    static func origin(_ value: JSON, _ isPolicy: Bool) -> JSON {
        .object(["value": value, "from": isPolicy ? "policy" : "configuration"])
    }

    static func length(_ seconds: Int64?) -> JSON { JSON(seconds.map(Lifetime.text)) }

    private static func keptLimits(_ resource: Resource) -> String {
        "Live sessions keep their expiry and idle timeout. Revoke them with 'gatehouse sessions revoke --resource "
            + "\(resource.id)'."
    }
}

extension SessionPolicy {
    /// Whether the policy and not the configuration decides which lifetimes the consent page offers.
    var limitsChoices: Bool { longest != nil || !choices.isEmpty }
}
