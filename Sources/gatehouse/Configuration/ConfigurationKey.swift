/// Every key of the configuration; any other key is an error.
enum ConfigurationKey: String, CaseIterable, Sendable {
    /// The public URL, which identifies this server in metadata and tokens (RFC 8414).
    case issuer
    /// Whether the root paths serve the metadata too, for an issuer with a path; `true` or `false`.
    case metadataAtRoot = "metadata_at_root"
    /// The address of the public listener, host:port.
    case listen
    /// The address of the listener for health and metrics, host:port; it must not be reachable from outside.
    case operationsListen = "operations.listen"
    /// Additional values of the Host header that the operations listener accepts.
    case operationsHosts = "operations.hosts"
    /// Values of the Host header under which MCP servers reach the public listener on the internal network.
    case backChannelHosts = "back_channel_hosts"
    /// The folder of the database; only the server's user may enter it.
    case data
    /// The folder of the keys; only the server's user may enter it.
    case keys
    /// The file whose first line is the passphrase that encrypts the key files.
    case keysPassphraseFile = "keys_passphrase_file"
    /// The folder of the page templates.
    case templates
    /// The path of the admin socket, at most 103 bytes long.
    case adminSocket = "admin.socket"
    /// The group whose members may use the admin socket; without one, only the server's user.
    case adminGroup = "admin.group"
    /// The MCP server for requests without `resource`, by its identifier.
    case defaultResource = "default_resource"
    /// The lifetime of access tokens, 1m to 60m.
    case accessLifetime = "tokens.access"
    /// The lifetime of authorization codes, 1s to 600s.
    case codeLifetime = "tokens.code"
    /// The time for which a superseded refresh token still returns the current one, 0s to 300s.
    case refreshGrace = "tokens.refresh_grace"
    /// The session lifetimes that a user can choose, the shortest first.
    case sessionChoices = "sessions.choices"
    /// The session lifetime that the consent page preselects.
    case sessionPreselected = "sessions.preselected"
    /// The idle timeout of sessions.
    case sessionIdle = "sessions.idle"
    /// Who may use a new MCP server until its policy says otherwise: `everyone` or `nobody`.
    case accessDefault = "access.default"
    /// The hosts whose client metadata documents are accepted.
    case documentsAllow = "clients.metadata_documents.allow"
    /// The hosts whose client metadata documents are rejected; takes precedence over `allow`.
    case documentsBlock = "clients.metadata_documents.block"
    /// The host:port entries that may have a private address and a port other than 443.
    case documentsPrivateHosts = "clients.metadata_documents.private_hosts"
    /// The maximum size of a metadata document, 1KiB to 64KiB.
    case documentsMaxSize = "clients.metadata_documents.max_size"
    /// The minimum time for which a metadata document is cached, whatever its headers say.
    case documentsCacheMin = "clients.metadata_documents.cache_min"
    /// The maximum time for which a metadata document is cached, whatever its headers say.
    case documentsCacheMax = "clients.metadata_documents.cache_max"
    /// Whether a redirect to localhost matches on any port, as on loopback addresses (RFC 8252 §7.3).
    case localhostAnyPort = "clients.localhost_any_port"
    /// Which clients may register themselves: `known`, `open`, `token` or `off` (RFC 7591).
    case registration = "clients.registration"
    /// Whether every client must push its authorization requests (RFC 9126); `true` or `false`.
    case requirePushedRequests = "clients.require_pushed_authorization_requests"
    /// Whether users sign in by name and password; `false` leaves the identity providers alone.
    case signInPassword = "sign_in.password"
    /// PEM files with CAs that outbound requests trust besides those of the system.
    case outboundTrust = "outbound.trust"
    /// The program that sends a message with a one-time link, as an absolute path, and its arguments.
    case mailCommand = "mail.command"
    /// The value of the `From` line of such a message.
    case mailFrom = "mail.from"
    /// The PEM file with the certificate chain of the public listener.
    case tlsCertificate = "tls.certificate"
    /// The PEM file with the private key of the certificate.
    case tlsKey = "tls.key"
    /// The IP addresses of proxies whose forwarding headers are trusted.
    case proxies
    /// The minimum level of the log.
    case logLevel = "log.level"
    /// Whether every request is logged, and not only a refused or failed one.
    case logRequests = "log.requests"
    /// The maximum number of connections to a listener.
    case connectionsTotal = "connections.total"
    /// The maximum number of connections from one address.
    case connectionsPerAddress = "connections.per_address"
    /// The time after which a peer that reads nothing of its response is disconnected.
    case connectionsStall = "connections.stall"

    /// The name in messages, with dots between the levels of the file.
    var path: String { rawValue }

    /// The levels of the key in the file.
    var components: [String] { rawValue.split(separator: ".").map(String.init) }

    /// The variable that sets the key, such as `GATEHOUSE_TOKENS_ACCESS`.
    var environmentVariable: String {
        "GATEHOUSE_" + rawValue.uppercased().replacing(".", with: "_")
    }

    /// The flag that sets the key, such as `--tokens-access`.
    var flag: String {
        "--" + rawValue.replacing(".", with: "-").replacing("_", with: "-")
    }

    /// Whether the value is a list; in a variable, commas separate the entries.
    var isList: Bool {
        switch self {
        case .sessionChoices, .documentsAllow, .documentsBlock, .documentsPrivateHosts, .outboundTrust, .proxies,
            .operationsHosts, .backChannelHosts, .mailCommand:
            true
        case .issuer, .metadataAtRoot, .listen, .operationsListen, .data, .keys, .keysPassphraseFile, .templates,
            .adminSocket, .adminGroup, .defaultResource, .accessLifetime, .codeLifetime, .refreshGrace,
            .sessionPreselected, .sessionIdle, .accessDefault, .documentsMaxSize, .documentsCacheMin,
            .documentsCacheMax,
            .localhostAnyPort, .registration, .requirePushedRequests, .signInPassword, .tlsCertificate, .tlsKey,
            .logLevel, .logRequests,
            .connectionsTotal,
            .connectionsPerAddress, .connectionsStall, .mailFrom:
            false
        }
    }

    /// The value if no source sets the key; empty if there is no default.
    var defaultValue: [String] {
        switch self {
        case .issuer: ["http://localhost:8080"]
        case .metadataAtRoot: ["false"]
        case .listen: ["127.0.0.1:8080"]
        case .operationsListen: ["127.0.0.1:8081"]
        case .data: ["var"]
        case .keys: ["keys"]
        case .templates: ["templates"]
        case .adminSocket: ["var/admin/gatehouse.sock"]
        case .accessLifetime: ["10m"]
        case .codeLifetime: ["60s"]
        case .refreshGrace: ["120s"]
        case .sessionChoices: ["1h", "12h", "30d"]
        case .sessionPreselected: ["12h"]
        case .sessionIdle: ["14d"]
        case .accessDefault: ["everyone"]
        case .documentsAllow: ["*"]
        case .documentsMaxSize: ["16KiB"]
        case .documentsCacheMin: ["60s"]
        case .documentsCacheMax: ["24h"]
        case .localhostAnyPort: ["true"]
        case .registration: ["known"]
        case .requirePushedRequests: ["false"]
        case .signInPassword: ["true"]
        case .logLevel: ["info"]
        case .logRequests: ["false"]
        case .connectionsTotal: ["4096"]
        case .connectionsPerAddress: ["256"]
        case .connectionsStall: ["30s"]
        case .keysPassphraseFile, .adminGroup, .defaultResource, .documentsBlock, .documentsPrivateHosts,
            .outboundTrust, .tlsCertificate, .tlsKey, .proxies, .operationsHosts, .backChannelHosts, .mailCommand,
            .mailFrom:
            []
        }
    }
}

extension ConfigurationKey {
    /// The known name with the smallest edit distance to `unknown`.
    static func nearest(to unknown: String, among names: [String]) -> String? {
        names.min { editDistance(unknown, $0) < editDistance(unknown, $1) }
    }

    /// The number of letters to insert, delete or replace (Levenshtein distance).
    static func editDistance(_ left: String, _ right: String) -> Int {
        let columns = Array(right.utf8)
        var previous = Array(0...columns.count)
        for (row, letter) in left.utf8.enumerated() {
            var current = [row + 1]
            for (column, other) in columns.enumerated() {
                let replaced = previous[column] + (letter == other ? 0 : 1)
                current.append(min(replaced, previous[column + 1] + 1, current[column] + 1))
            }
            previous = current
        }
        return previous[columns.count]
    }
}
