import AuthorizationServer
import Web

/// Checks that the server sees the addresses of users and not that of a proxy.
struct ProxyCheck {
    private let configuration: ServerConfiguration
    private let probe: IssuerProbe
    private let isServed: Bool

    init(_ configuration: ServerConfiguration, _ probe: IssuerProbe, isServed: Bool) {
        self.configuration = configuration
        self.probe = probe
        self.isServed = isServed
    }

    var findings: [Finding] {
        let trusted = configuration.proxies.joined(separator: ", ")
        guard isServed, let observation = probe.observation,
            let trust = try? ProxyTrust(proxies: configuration.proxies)
        else {
            let setting = trusted.isEmpty ? "No proxy is trusted." : "Trusted proxies: \(trusted)."
            return [
                Finding(
                    "proxy", .ok,
                    "\(setting) A proxy's headers can be checked only while a server runs and is reachable.")
            ]
        }
        switch trust.verdict(on: observation) {
        case .direct(let peer):
            guard trusted.isEmpty else {
                return [
                    Finding(
                        "proxy", .warning,
                        "Trusted proxies: \(trusted). A request to the issuer came from \(peer) without one: from this machine "
                            + "the issuer's name bypasses the proxy, or the proxy has another address.")
                ]
            }
            return [
                Finding("proxy", .ok, "A request to the issuer came from \(peer) without a proxy; no proxy is trusted.")
            ]
        case .trusted(let proxy, let caller):
            return [
                Finding("proxy", .ok, "A request to the issuer came from \(caller) through the trusted proxy \(proxy).")
            ]
        case .silent(let proxy):
            return [
                Finding(
                    "proxy", .warning,
                    "The trusted proxy \(proxy) sends no X-Forwarded-For, so that every request appears to come from it. "
                        + "Configure it to append the client's address.")
            ]
        case .stranger(let peer):
            return [
                Finding(
                    "proxy", .warning,
                    "\(peer) forwards requests but is not in 'proxies', so that every request appears to come from it. Add "
                        + "it to 'proxies'.")
            ]
        }
    }
}
