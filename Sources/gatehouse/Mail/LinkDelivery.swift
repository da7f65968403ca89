import AuthorizationServer
import JOSE

/// Brings a new one-time link to its user by `mail.command`, or leaves it in the output for the administrator.
struct LinkDelivery {
    let configuration: ServerConfiguration
    /// Whether the administrator wants to see the link instead of having it sent.
    let prints: Bool

    /// The result of a delivery.
    enum Outcome {
        /// The program took the message for this address.
        case mailed(String)
        /// The administrator has to bring the link to the user; the reason, where a message was to be sent.
        case printed(because: String?)
    }

    /// Sends the link of a row, if the configuration, the account and the administrator permit.
    func deliver(_ row: JSONObject, isInvitation: Bool) -> Outcome {
        let command = MailCommand(words: configuration.mailCommand)
        guard !command.words.isEmpty, !prints, let address = row["email"]?.string else { return .printed(because: nil) }
        guard
            let message = MailMessage(
                link: row, issuer: configuration.issuer, from: configuration.mailFrom,
                isInvitation: isInvitation)
        else {
            return .printed(because: "'\(address)' is not a plain e-mail address. Nothing was sent.")
        }
        do {
            try command.send(message)
            return .mailed(address)
        } catch {
            return .printed(because: "Nothing was sent: the program \(command.words[0]) \(error).")
        }
    }

    /// The answer as the command prints it: without the link if it was sent, else with it.
    func delivered(_ answer: AdministrationAnswer, isInvitation: Bool) -> AdministrationAnswer {
        guard var row = answer.rows.first else { return answer }
        let useless = warning(about: row)
        let warnings = [answer.warning, useless]
        // No message brings a link that leads to no account.
        let outcome = useless == nil ? deliver(row, isInvitation: isInvitation) : .printed(because: nil)
        switch outcome {
        case .mailed(let address):
            row["link"] = nil
            row["mailed_to"] = .string(address)
            let note = "\(Self.sent(to: address)) \(answer.note ?? "")"
            return .one(row, note: note, warning: Self.joined(warnings))
        case .printed(let reason):
            let unsent = reason.map { "\($0) Bring the printed link to the user in another way." }
            return .one(row, note: answer.note, warning: Self.joined(warnings + [unsent]))
        }
    }

    private static func joined(_ sentences: [String?]) -> String? {
        let sentences = sentences.compactMap(\.self)
        return sentences.isEmpty ? nil : sentences.joined(separator: " ")
    }

    /// The warning about a link that leads to no account as things are.
    private func warning(about row: JSONObject) -> String? {
        guard !configuration.signInPassword, row["identity_provider"]?.string == nil else { return nil }
        return "sign_in.password is false, so this link is not valid. Repeat the command with --identity-provider."
    }

    private static func sent(to address: String) -> String { "The message to \(address) was handed over." }
}
