package import JOSE

/// The response to a device authorization request.
///
/// Spec: RFC 8628 §3.2
package struct DeviceAuthorizationResponse: Sendable, RedactedCredential {
    /// The path of the page on which users type codes, below the issuer.
    package static let page = "/device"

    let deviceCode: DeviceCode
    let userCode: UserCode
    let issuer: Issuer
    /// The lifetime of both codes, in seconds.
    let expiresIn: Int64
    /// The seconds that the device waits between two requests for its tokens.
    let interval: Int64

    /// A response with both codes.
    package init(
        deviceCode: DeviceCode, userCode: UserCode, issuer: Issuer, expiresIn: Int64,
        interval: Int64 = DevicePolling.firstInterval
    ) {
        self.deviceCode = deviceCode
        self.userCode = userCode
        self.issuer = issuer
        self.expiresIn = expiresIn
        self.interval = interval
    }

    /// The body as JSON. `verification_uri_complete` only fills the field of the page.
    package var json: JSON {
        let page = issuer.endpoint(Self.page)
        return [
            "device_code": .string(deviceCode.reveal()), "user_code": .string(userCode.shown),
            "verification_uri": .string(page),
            "verification_uri_complete": .string("\(page)?user_code=\(userCode.shown)"),
            "expires_in": .integer(expiresIn), "interval": .integer(interval),
        ]
    }
}
