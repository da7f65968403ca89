import AuthorizationServer
import Web

/// Whether the addresses of people are theirs, or a proxy's.
struct ProxyCheck {
    private let configuration: ServerConfiguration
    private let visit: IssuerProbe
    private let isServed: Bool

    init(_ configuration: ServerConfiguration, _ visit: IssuerProbe, isServed: Bool) {
        self.configuration = configuration
        self.visit = visit
        self.isServed = isServed
    }

    var findings: [Finding] {
        let trusted = configuration.proxies.joined(separator: ", ")
        guard isServed, let sight = visit.sight, let trust = try? ProxyTrust(proxies: configuration.proxies) else {
            let word = trusted.isEmpty ? "No proxy is trusted." : "Trusted are \(trusted)."
            return [Finding("proxy", .ok, "\(word) What it sends is seen when a server runs and can be reached.")]
        }
        switch trust.verdict(on: sight) {
        case .direct(let peer):
            guard trusted.isEmpty else {
                return [
                    Finding(
                        "proxy", .warning,
                        "Trusted are \(trusted), but a call of the issuer came from \(peer) without one: its address leads "
                            + "past the proxy from here, or the proxy's address is another.")
                ]
            }
            return [Finding("proxy", .ok, "A call of the issuer came from \(peer), without a proxy; none is trusted.")]
        case .trusted(let proxy, let caller):
            return [Finding("proxy", .ok, "A call of the issuer came over the trusted proxy \(proxy), from \(caller).")]
        case .silent(let proxy):
            return [
                Finding(
                    "proxy", .warning,
                    "The trusted proxy \(proxy) sends no X-Forwarded-For: everybody seems to come from it; have it append "
                        + "the caller's address.")
            ]
        case .stranger(let peer):
            return [
                Finding(
                    "proxy", .warning,
                    "\(peer) forwards requests and is not in 'proxies': everybody seems to come from it; add it there.")
            ]
        }
    }
}
