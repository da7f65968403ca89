import JOSE
import OAuth
import Storage

/// What the form of a consent page brings back: the interaction, when its page was shown, and which earlier sessions the page
/// offered to replace. The MAC covers the browser login, so no other browser can make one.
struct ConsentToken: Sendable {
    let shownAt: Timestamp
    /// The earlier sessions that the page offered to replace; a form can name no others.
    let offered: [SessionID]

    /// A token for a page that is shown now.
    init(shownAt: Timestamp, offering offered: [SessionID]) {
        self.shownAt = shownAt
        self.offered = offered
    }

    /// Reads the token of a form; nil unless it was made for this interaction and its browser login.
    init?(_ text: String, of interaction: Interaction, keys: KeyRing) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, let seconds = Int64(parts[1]) else { return nil }
        self.init(
            shownAt: Timestamp(seconds: seconds),
            offering: parts[2].split(separator: "~").compactMap { SessionID(String($0)) })
        // Writing the token anew compares every part, so no second spelling of one token exists.
        guard ConstantTime.equal(Array(text.utf8), Array(self.text(for: interaction, keys: keys).utf8)) else {
            return nil
        }
    }

    /// The token as the form carries it.
    func text(for interaction: Interaction, keys: KeyRing) -> String {
        let id = interaction.id.string
        let time = "\(shownAt.seconds)"
        let offer = offered.map(\.string).joined(separator: "~")
        let proof = HMAC.sha256(
            key: keys.secret(.form).bytes, Array("consent".utf8), Array(id.utf8),
            Array(interaction.browserLoginID.string.utf8), Array(time.utf8), Array(offer.utf8))
        return [id, time, offer, Base64URL.encode(proof)].joined(separator: ".")
    }

    /// Whether a decision from this page counts: a page that is more than ten minutes old is shown again first, because what it
    /// says may have changed.
    func isCurrent(at now: Timestamp) -> Bool { (0..<InteractionSeal.lifetime).contains(now - shownAt) }
}
