import OAuth

extension ClientID {
    /// The client as the sign-in page names it: the host of its document, or the name that an administrator registered.
    ///
    /// The sign-in page has no room for doubts. It never shows the name that a client chose when it registered itself, because that
    /// name can be another product's.
    func signInName(host: String?, registeredName: String) -> String {
        host ?? (isSelfRegistered ? "An app that registered itself" : registeredName)
    }
}

extension Client {
    /// The client as the sign-in page names it.
    var signInName: String { id.signInName(host: shownHost, registeredName: metadata.name) }
}
