import OAuth
import Storage

extension PendingAuthorization {
    /// Stores the approved session with what its client redeems: a code, or the device code that it has already.
    func begin(
        _ session: Session, with code: AuthorizationCode, until end: Timestamp, of interaction: InteractionID,
        in browser: Browser, _ transaction: Transaction
    ) throws {
        switch delivery {
        case .redirect(let redirect, _, let challenge):
            try transaction.sessions.approve(
                session,
                code: AuthorizationCodeRecord(
                    digest: code.digest, sessionID: session.id, interactionID: interaction,
                    clientID: session.clientID, redirectURI: redirect.uri.string, challenge: challenge,
                    proofDemand: proofDemand, expiresAt: end))
        case .device(let device):
            let isPending = try transaction.devices.approve(
                device.digest, in: interaction, beginning: session, device.approved(from: browser.address),
                demanding: proofDemand, refreshing: allowsRefreshTokens, until: end)
            guard isPending else { throw Self.deviceGone }
        }
    }

    /// What the record of an approval gives as its reason: that a device began it, and the part of the access rule that let the user in.
    func reason(of ground: (reason: String, text: String?)?) -> String? {
        Self.joined(device?.remark, ground?.reason)
    }

    /// What the record of an approval explains, in a field that can be erased.
    func explanation(of ground: (reason: String, text: String?)?) -> String? {
        Self.joined(device?.origin, ground?.text)
    }

    /// Several parts of one reason.
    static func joined(_ texts: String?...) -> String? {
        let texts = texts.compactMap(\.self)
        return texts.isEmpty ? nil : texts.joined(separator: "; ")
    }

    private static let deviceGone = OAuthError(
        .invalidRequest, "The device no longer waits for this request. Start again on the device.",
        saysWhatToDo: true)
}

extension Session {
    /// Whether the session came from this browser and leads back to the same program, whatever port the program uses now. A device
    /// has no redirect, so nothing is at its place.
    func isSamePlace(as redirect: RedirectURI?, _ browser: Browser) -> Bool {
        // Today's rule may refuse a redirect that an earlier version took; no program can use such a redirect now.
        guard let redirect, let place = redirectURI.flatMap({ try? RedirectURI($0) }) else { return false }
        return binding == browser.binding && place.withoutLoopbackPort == redirect.withoutLoopbackPort
    }
}
