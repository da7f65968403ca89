import Metrics
import OAuth

/// Counts what proves nothing about anybody and therefore leaves no row: refusals, by error code.
package struct Counters: Sendable {
    /// Counts one refusal.
    func refused(_ error: OAuthError) {
        Counter(label: "gatehouse_refusals_total", dimensions: [("error", error.code.rawValue)]).increment()
    }
}
