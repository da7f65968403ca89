import OAuth
import Outbound

/// What is told about a metadata document that cannot be used, and which of both sides has to act.
///
/// Only what a vetted address answered is described. Whether a name exists, where it leads and which ports are open stays
/// one sentence, so that nobody can look around in this server's network.
///
/// Spec: Client ID Metadata Document §5.1
extension OutboundFailure {
    /// What is wrong with the document itself; nil where its host failed or could not be asked, so that trying again may help.
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
        // The host is down, or asks for patience.
        case 408, 425, 429, 500...: nil
        case 300..<400: "is redirected to another address, which is not followed"
        case 401, 403: "may not be read: its host turns this server away (\(status))"
        case 404, 410: "was not found (\(status))"
        default: "is answered with status \(status) instead of 200"
        }
    }
}

extension FetchError {
    /// The refusal for a document that could not be had; `code` is for one that is at fault itself.
    func refusal(_ code: OAuthError.Code) -> OAuthError {
        guard let fault = reason.documentFault else {
            return OAuthError(
                .temporarilyUnavailable,
                "The client's metadata document cannot be had from its host now; go back to the app, cancel there and "
                    + "try again later.", reason: "\(reason)")
        }
        return OAuthError(
            code, "The client's metadata document \(fault). Its maker has to correct that.", reason: "\(reason)")
    }
}
