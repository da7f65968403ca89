import OAuth
import Storage

/// Whether a client may begin on a device at an MCP server.
///
/// An operator permits each such client, because the browser in which its user approves shows nothing of the device.
enum DevicePermission {
    /// Why a client may not; nil if it may. Asked when the device starts, when the page is shown, at the approval and when the device
    /// collects its tokens.
    static func refusal(of client: ClientID, at resource: Resource, in transaction: Transaction) throws -> OAuthError? {
        if let refusal = try refusal(of: client, in: transaction) { return refusal }
        guard try !transaction.resources.policy(of: resource.id).sessions.allowsDevice else { return nil }
        return OAuthError(
            .invalidTarget,
            "This MCP server admits no clients that begin on a device. Ask the MCP server's operator to admit them.",
            reason: "the policy of \(resource.identifier) has --no-device; 'gatehouse resources policy \(resource.id) "
                + "--device' admits them")
    }

    /// The part of the rule about the client. What a client says about itself permits nothing.
    static func refusal(of client: ClientID, in transaction: Transaction) throws -> OAuthError? {
        if try transaction.clients.find(client)?.grantTypes.contains(.deviceCode) ?? false { return nil }
        guard try !transaction.clientRules.allowsDevice(client: client) else { return nil }
        let command = "gatehouse clients allow \(ShellWord.quoted(client.string)) --device"
        return OAuthError(
            .unauthorizedClient,
            "This client may not use the device grant. Ask the operator of this server to run '\(command)'.")
    }
}
