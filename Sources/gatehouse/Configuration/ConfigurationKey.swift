/// Every key that the configuration knows; a key that is not here is an error.
enum ConfigurationKey: String, CaseIterable, Sendable {
    case issuer
    case metadataAtRoot = "metadata_at_root"
    case listen
    case operationsListen = "operations.listen"
    case operationsHosts = "operations.hosts"
    case backChannelHosts = "back_channel_hosts"
    case data
    case keys
    case keysPassphraseFile = "keys_passphrase_file"
    case templates
    case adminSocket = "admin.socket"
    case adminGroup = "admin.group"
    case defaultResource = "default_resource"
    case accessLifetime = "tokens.access"
    case codeLifetime = "tokens.code"
    case refreshGrace = "tokens.refresh_grace"
    case sessionChoices = "sessions.choices"
    case sessionPreselected = "sessions.preselected"
    case sessionIdle = "sessions.idle"
    case documentsAllow = "clients.metadata_documents.allow"
    case documentsBlock = "clients.metadata_documents.block"
    case documentsPrivateHosts = "clients.metadata_documents.private_hosts"
    case documentsMaxSize = "clients.metadata_documents.max_size"
    case documentsCacheMin = "clients.metadata_documents.cache_min"
    case documentsCacheMax = "clients.metadata_documents.cache_max"
    case localhostAnyPort = "clients.localhost_any_port"
    case outboundTrust = "outbound.trust"
    case tlsCertificate = "tls.certificate"
    case tlsKey = "tls.key"
    case proxies
    case logLevel = "log.level"
    case logRequests = "log.requests"
    case connectionsTotal = "connections.total"
    case connectionsPerAddress = "connections.per_address"
    case connectionsStall = "connections.stall"

    /// The name as it stands in the file, with dots between the levels.
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

    /// Whether the key holds a list; in a variable the entries stand between commas.
    var isList: Bool {
        switch self {
        case .sessionChoices, .documentsAllow, .documentsBlock, .documentsPrivateHosts, .outboundTrust, .proxies,
            .operationsHosts, .backChannelHosts:
            true
        default: false
        }
    }

    /// What holds when nobody sets the key; empty where there is no value then.
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
        case .documentsAllow: ["*"]
        case .documentsMaxSize: ["16KiB"]
        case .documentsCacheMin: ["60s"]
        case .documentsCacheMax: ["24h"]
        case .localhostAnyPort: ["true"]
        case .logLevel: ["info"]
        case .logRequests: ["false"]
        case .connectionsTotal: ["4096"]
        case .connectionsPerAddress: ["256"]
        case .connectionsStall: ["30s"]
        case .keysPassphraseFile, .adminGroup, .defaultResource, .documentsBlock, .documentsPrivateHosts,
            .outboundTrust, .tlsCertificate, .tlsKey, .proxies, .operationsHosts, .backChannelHosts:
            []
        }
    }
}

extension ConfigurationKey {
    /// The known name that somebody who wrote `unknown` most likely meant.
    static func nearest(to unknown: String, among names: [String]) -> String? {
        names.min { editDistance(unknown, $0) < editDistance(unknown, $1) }
    }

    /// How many letters must be added, dropped or replaced to turn one name into the other.
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
