extension OAuthError {
    /// The refusal of a client that registered itself and whose registration was removed or has expired.
    ///
    /// At the token endpoint `invalid_client` makes a client register anew. On the page only the user can make the app do so.
    package static func forgottenRegistration(_ id: ClientID) -> OAuthError {
        OAuthError(
            .invalidClient,
            "This app's registration is no longer known here. Remove this server in the app and add it again.",
            reason: "no registration of \(id)", saysWhatToDo: true)
    }
}
