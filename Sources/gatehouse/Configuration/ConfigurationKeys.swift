import AuthorizationServer
import Logging
import OAuth
import Storage

/// Every key of the configuration; any other key is an error.
///
/// A declaration is all that a key needs: the file, the variable, the flag with its help, and the report of a reload follow from
/// it. `ServerConfiguration` has the value under the name of the declaration, and `into` also carries it to the settings of the
/// authorization server.
struct ConfigurationKeys: Sendable {
    /// The public URL, which identifies this server in metadata and tokens (RFC 8414).
    let issuer = Setting("issuer", .issuer, default: ["http://localhost:8080"], help: "Public URL of the server.")
    let metadataAtRoot = Setting(
        "metadata_at_root", .flag, default: ["false"], into: \.metadataAtRoot,
        help: "Serve the metadata at the root paths too: true or false.")
    let listen = Setting(
        "listen", .address, default: ["127.0.0.1:8080"], help: "Address of the public listener, host:port.")
    /// This listener must not be reachable from outside.
    let operationsListen = Setting(
        "operations.listen", .address, default: ["127.0.0.1:8081"],
        help: "Address of the listener for health and metrics, host:port.")
    let operationsHosts = Setting(
        "operations.hosts", .hosts(withPort: false),
        help: "Additional host name of the operations listener (repeatable).")
    let backChannelHosts = Setting(
        "back_channel_hosts", .hosts(withPort: true),
        help: "Host or host:port at which MCP servers reach Gatehouse on the internal network (repeatable).")
    /// Only the server's user may enter this folder.
    let data = Setting("data", .ownFolder, default: ["var"], help: "Folder of the database.")
    /// Only the server's user may enter this folder.
    let keys = Setting("keys", .ownFolder, default: ["keys"], help: "Folder of the keys.")
    /// The first line of the file is the passphrase.
    let keysPassphraseFile = Setting(
        "keys_passphrase_file", .optionalPath, help: "File with the passphrase of the keys.")
    /// Each file replaces the built-in one of its name.
    let templates = Setting(
        "templates", .optionalPath, help: "Folder of page templates that replace the built-in ones.")
    let adminSocket = Setting(
        "admin.socket", .socketPath, default: ["var/admin/gatehouse.sock"], help: "Path of the admin socket.")
    /// Without a group, only the server's user may use the socket.
    let adminGroup = Setting("admin.group", .text, help: "Group that may use the admin socket.")
    let defaultResource = Setting(
        "default_resource", .resource, into: \.defaultResource,
        help: "MCP server for requests without a resource parameter.")
    let accessLifetime = Setting(
        "tokens.access", .duration(60...3600, "from 1m to 60m, such as 10m"), default: ["10m"],
        into: \.tokens.access, help: "Lifetime of access tokens.")
    let codeLifetime = Setting(
        "tokens.code", .duration(1...600, "from 1s to 600s, such as 60s"), default: ["60s"], into: \.tokens.code,
        help: "Lifetime of authorization codes.")
    let refreshGrace = Setting(
        "tokens.refresh_grace", .duration(0...300, "from 0s to 300s, such as 120s"), default: ["120s"],
        into: \.tokens.refreshGrace, help: "Grace period for superseded refresh tokens.")
    let sessionChoices = Setting(
        "sessions.choices", .ascendingDurations(60...year, "durations from 1m to 365d, such as [1h, 12h, 30d]"),
        default: ["1h", "12h", "30d"], into: \.sessions.choices,
        help: "Session lifetime that a user can choose (repeatable).")
    let sessionPreselected = Setting(
        "sessions.preselected", .duration(60...year, "one of sessions.choices"), default: ["12h"],
        into: \.sessions.preselected, help: "Session lifetime that is preselected.")
    let sessionIdle = Setting(
        "sessions.idle", .duration(60...year, "from 1m to 365d, such as 14d"), default: ["14d"],
        into: \.sessions.idle, help: "Idle timeout of sessions.")
    /// Also for jobs, which end with their sessions.
    let retentionSessions = Setting(
        "retention.sessions", .duration(7 * day...10 * year, "from 7d to 3650d, such as 90d"), default: ["90d"],
        into: \.retention.sessions, help: "Time for which ended sessions can be looked up.")
    let retentionElicitations = Setting(
        "retention.elicitations", .duration(day...10 * year, "from 1d to 3650d, such as 30d"), default: ["30d"],
        into: \.retention.elicitations, help: "Time for which elicitations can be looked up.")
    /// A policy for the command that exports and drops records; the server itself deletes none.
    let retentionAudit = Setting(
        "retention.audit", .optionalDuration(30 * day...100 * year, "from 30d to 36500d, such as 400d"),
        help: "Age from which 'audit export --drop-expired' deletes exported records.")
    /// The policy of an MCP server overrides this.
    let opensNewResources = Setting(
        "access.default", .either("everyone", or: "nobody"), default: ["everyone"],
        into: \.access.opensNewResources, help: "Who may use a new MCP server: everyone or nobody.")
    let documentsAllow = Setting(
        "clients.metadata_documents.allow", .hostPatterns, default: ["*"], reload: .applied,
        help: "Host whose client metadata documents are accepted (repeatable).")
    /// Takes precedence over `documentsAllow`.
    let documentsBlock = Setting(
        "clients.metadata_documents.block", .hostPatterns, reload: .applied,
        help: "Host whose client metadata documents are rejected (repeatable).")
    /// These may also have a port other than 443.
    let documentsPrivateHosts = Setting(
        "clients.metadata_documents.private_hosts", .hostsAndPorts, reload: .applied,
        help: "host:port that may have a private address (repeatable).")
    let documentsMaxSize = Setting(
        "clients.metadata_documents.max_size", .size(1024...65_536, "from 1KiB to 64KiB, such as 16KiB"),
        default: ["16KiB"], reload: .applied, help: "Maximum size of a metadata document.")
    /// Applies whatever the headers of the document say, as does `documentsCacheMax`.
    let documentsCacheMin = Setting(
        "clients.metadata_documents.cache_min", .duration(0...86_400, "from 0s to 24h, such as 60s"),
        default: ["60s"], help: "Minimum time for which a metadata document is cached.")
    let documentsCacheMax = Setting(
        "clients.metadata_documents.cache_max", .duration(0...2_592_000, "from 0s to 30d, such as 24h"),
        default: ["24h"], help: "Maximum time for which a metadata document is cached.")
    /// On loopback addresses any port matches in any case (RFC 8252 §7.3).
    let localhostAnyPort = Setting(
        "clients.localhost_any_port", .flag, default: ["true"], into: \.clients.localhostAnyPort,
        help: "Match localhost redirect URIs on any port: true or false.")
    /// RFC 7591.
    let registration = Setting(
        "clients.registration", .word(RegistrationMode.self), default: ["known"], into: \.clients.registration,
        help: "Clients that may register themselves: known, open, token or off.")
    /// RFC 9126 §5.
    let requirePushedRequests = Setting(
        "clients.require_pushed_authorization_requests", .flag, default: ["false"],
        into: \.clients.requiresPushedRequests,
        help: "Refuse authorization requests that clients do not push: true or false.")
    /// `false` leaves the identity providers alone.
    let signInPassword = Setting(
        "sign_in.password", .flag, default: ["true"], into: \.signIn.password,
        help: "Let users sign in by name and password: true or false.")
    /// Outbound requests trust these besides the CAs of the system.
    let outboundTrust = Setting("outbound.trust", .paths, help: "Additional CA file (repeatable).")
    /// For operators' URLs; for strangers' only with `outboundProxyVets`.
    let outboundProxy = Setting(
        "outbound.proxy", .proxy, help: "HTTP proxy for outbound requests, such as http://proxy.example:3128.")
    let outboundProxyVets = Setting(
        "outbound.proxy_vets_addresses", .flag, default: ["false"],
        help: "Strangers' URLs take the proxy too, which must refuse internal addresses: true or false.")
    /// Only commands send messages, and each reads the configuration anew. Without a program, administrators bring one-time links
    /// to users themselves.
    let mailCommand = Setting(
        "mail.command", .program, reload: .applied,
        help: "Program that sends messages to users, then its arguments (repeatable).")
    let mailFrom = Setting(
        "mail.from", .line("such as Gatehouse <gatehouse@example.org>"), reload: .applied,
        help: "Sender of messages to users.")
    let tlsCertificate = Setting(
        "tls.certificate", .optionalPath, reload: .renewed, help: "PEM file with the certificate chain.")
    let tlsKey = Setting(
        "tls.key", .optionalPath, reload: .renewed, help: "PEM file with the private key of the certificate.")
    let proxies = Setting(
        "proxies", .ipAddresses, help: "IP address of a proxy whose forwarding headers are trusted (repeatable).")
    let logLevel = Setting(
        "log.level", .word(Logger.Level.self), default: ["info"], reload: .applied, help: "Minimum level of the log.")
    /// A refused or failed request is logged in any case.
    let logRequests = Setting(
        "log.requests", .flag, default: ["false"], help: "Log every request: true or false.")
    let connectionsTotal = Setting(
        "connections.total", .count(16...1_000_000), default: ["4096"],
        help: "Maximum number of connections to a listener.")
    let connectionsPerAddress = Setting(
        "connections.per_address", .count(1...1_000_000), default: ["256"],
        help: "Maximum number of connections from one address.")
    let connectionsStall = Setting(
        "connections.stall", .duration(1...3600, "from 1s to 1h, such as 30s"), default: ["30s"],
        help: "Time after which a peer that reads nothing of its response is disconnected.")

    /// The declarations.
    static let all = ConfigurationKeys()
    /// The same, in their order.
    static let settings = Mirror(reflecting: all).children.compactMap { $0.value as? any DeclaredSetting }
}

private let day: Int64 = 86_400
private let year: Int64 = 365 * day
