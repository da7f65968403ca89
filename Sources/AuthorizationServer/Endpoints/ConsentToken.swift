import JOSE
import OAuth
import Storage

/// What the form of a consent page brings back: whose decision it is and when its page was shown. Only the browser login
/// that was shown the page can know it.
struct ConsentToken: Sendable {
    /// When the page was shown.
    let shownAt: Timestamp

    /// A token for a page that is shown now.
    init(shownAt: Timestamp) { self.shownAt = shownAt }

    /// Reads the token of a form; nil when it is not one that was made for this interaction and its browser login.
    init?(_ text: String, of interaction: Interaction, keys: KeyRing) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let seconds = Int64(parts[1]) else { return nil }
        self.init(shownAt: Timestamp(seconds: seconds))
        guard ConstantTime.equal(Array(text.utf8), Array(self.text(for: interaction, keys: keys).utf8)) else {
            return nil
        }
    }

    /// The token as the form carries it.
    func text(for interaction: Interaction, keys: KeyRing) -> String {
        let id = interaction.id.string
        let time = "\(shownAt.seconds)"
        let proof = HMAC.sha256(
            key: keys.secret(.form).bytes, Array("consent".utf8), Array(id.utf8),
            Array(interaction.browserSessionID.string.utf8), Array(time.utf8))
        return [id, time, Base64URL.encode(proof)].joined(separator: ".")
    }

    /// Whether a decision from this page counts: what a page said more than ten minutes ago is shown again first.
    func isCurrent(at now: Timestamp) -> Bool { (0..<InteractionSeal.lifetime).contains(now - shownAt) }
}
