import OAuth
import Outbound

/// Describes why a metadata document cannot be used, and which side has to act.
///
/// Only responses of vetted addresses are described. Whether a name exists, where it leads and which ports are open stays
/// hidden behind one sentence, so that no stranger can explore this server's network.
///
/// Spec: Client ID Metadata Document §5.1
extension OutboundFailure {
    /// The fault of the document itself; nil where its host failed or was not reached, so that trying again may help.
    var documentFault: String? {
        switch self {
        case .status(let status): Self.fault(status)
        case .mediaType: "is not served as application/json"
        case .oversized: "is too large"
        case .unacceptableURL, .hostNotAllowed, .rulesUnavailable, .overBudget, .busy, .unresolvable, .refusedAddress,
            .unreachable, .untrusted, .interrupted, .deadline, .unwritable, .malformed:
            nil
        }
    }

    private static func fault(_ status: Int) -> String? {
        switch status {
        // The host is down or limits requests.
        case 408, 425, 429, 500...: nil
        case 300..<400: "redirects to another address, and redirects are not followed"
        case 401, 403: "cannot be read: its host refuses access (\(status))"
        case 404, 410: "was not found (\(status))"
        default: "is answered with status \(status) instead of 200"
        }
    }
}

extension FetchError {
    /// The refusal for a document that could not be fetched; `code` is for a document that is faulty itself.
    func refusal(_ code: OAuthError.Code) -> OAuthError {
        guard let fault = reason.documentFault else {
            return OAuthError(
                .temporarilyUnavailable,
                "The client's metadata document cannot be fetched from its host at the moment. Go back to the app, cancel there "
                    + "and try again later.", reason: "\(reason)")
        }
        return OAuthError(
            code, "The client's metadata document \(fault). The client's developer must correct that.",
            reason: "\(reason)")
    }
}
