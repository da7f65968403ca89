/// The clients that may register themselves at this server.
package enum RegistrationMode: String, CaseIterable, Sendable {
    /// Every client, with redirects to the user's own machine and with those of the list of known redirects.
    case known
    /// Every client, with redirects to any https host as well.
    case open
    /// Every client that sends an initial access token of an operator.
    case token
    /// No client: the endpoint is neither served nor advertised.
    case off
}
