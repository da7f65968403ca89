import Metrics
import OAuth

/// Counts what proves nothing about anybody and therefore leaves no row: refusals, by error code.
package struct Counters: Sendable {
    /// Counts one refusal.
    func refused(_ error: OAuthError) {
        Counter(label: "gatehouse_refusals_total", dimensions: [("error", error.code.rawValue)]).increment()
    }

    /// The refusal, after it was counted.
    func counted(_ error: OAuthError) -> OAuthError {
        refused(error)
        return error
    }

    /// Runs `body`, and counts the refusal that it ends in.
    func counting<T>(_ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch let error as OAuthError {
            refused(error)
            throw error
        }
    }

    /// Counts one request that redeemed a code and came again within a second.
    func codeRepeated() {
        Counter(label: "gatehouse_code_repeats_total").increment()
    }

    /// Counts one value that was typed for an MCP server and was the person's own password.
    func ownPassword() {
        Counter(label: "gatehouse_elicitation_own_password_total").increment()
    }

    /// Counts one try to open or answer an elicitation with another account than the one that was asked.
    func wrongPerson() {
        Counter(label: "gatehouse_elicitation_wrong_person_total").increment()
    }
}
