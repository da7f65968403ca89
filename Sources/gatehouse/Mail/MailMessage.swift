import AuthorizationServer
import JOSE
import OAuth

/// A message with a one-time link, as a program such as `sendmail -t` reads it: header lines, an empty line, and the text.
///
/// Spec: RFC 5322 §2.1
struct MailMessage {
    let text: String

    /// The message to the user of a new link; nil where the row names no usable address.
    init?(link row: JSONObject, issuer: String, from sender: String?, isInvitation: Bool) {
        guard let address = row["email"]?.string, Self.isPlain(address), let name = row["name"]?.string,
            let link = row["link"]?.string,
            let expiry = row["expires_at"]?.string
        else { return nil }
        let occasion =
            isInvitation
            ? "an administrator created an account for you at \(issuer). Your username is: \(name)"
            : "an administrator reset your account '\(name)' at \(issuer)."
        let provider = row["identity_provider"]?.string
        let header = [
            sender.map { "From: \($0)" }, "To: \(address)",
            "Subject: \(isInvitation ? "Your new account" : provider == nil ? "Your new password" : "Your account")",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit",
            // Keeps vacation programs from answering (RFC 3834 §5).
            "Auto-Submitted: auto-generated",
        ].compactMap(\.self)
        text =
            (header + [
                "", "Hello,", "", occasion, "",
                provider.map { "Sign in with your account at \($0) here:" } ?? "Set your password here:", "", link, "",
                "The link works once and expires at \(expiry).",
                "If you did not expect this message, ignore it and tell your administrator.", "",
            ]).joined(separator: "\n")
    }

    /// Whether the text is one address and nothing else. A comma would add a second recipient, who would get the link too.
    static func isPlain(_ address: String) -> Bool {
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), address.first != "-" else { return false }
        return address.unicodeScalars.allSatisfy { scalar in
            !scalar.properties.isWhitespace && scalar.value >= 0x20 && !"<>()[],;:\\\"".unicodeScalars.contains(scalar)
        }
    }
}
