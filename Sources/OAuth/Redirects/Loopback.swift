/// The three spellings of this very machine. Every other one (`127.1`, `LOCALHOST`, `localhost.example`) is somebody else.
///
/// Spec: RFC 8252 §7.3
package enum Loopback {
    static let hosts: Set<String> = ["localhost", "127.0.0.1", "[::1]"]

    /// Whether `host`, without a port, is one of them.
    package static func contains(_ host: String) -> Bool { hosts.contains(host) }
}
