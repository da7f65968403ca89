/// The three accepted spellings of the loopback host. Any other (`127.1`, `LOCALHOST`, `localhost.example`) may be another host.
///
/// Spec: RFC 8252 §7.3
package enum Loopback {
    static let hosts: Set<String> = ["localhost", "127.0.0.1", "[::1]"]

    /// Whether `host`, without a port, is one of them.
    package static func contains(_ host: String) -> Bool { hosts.contains(host) }
}
