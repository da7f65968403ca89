import OAuth

/// The command that registers a client by hand with what its document says, ready to be copied into a shell.
struct ManualRegistration: CustomStringConvertible {
    let id: ClientID
    let redirects: [RedirectURI]

    var description: String {
        let places = redirects.map { " --redirect-uri \(ShellWord.quoted($0.string))" }.joined()
        let schemes = redirects.compactMap(\.ownScheme).filter { !$0.isFamiliar }
        let named = Set(schemes.map(\.string)).sorted().map { " --own-scheme \($0)" }.joined()
        return "gatehouse clients add --id \(ShellWord.quoted(id.string)) --name NAME\(places)\(named)"
    }
}
